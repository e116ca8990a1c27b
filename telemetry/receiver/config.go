package receiver

import (
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// Limits of [Config].
const (
	maxListen       = 16
	maxSockets      = 64
	MaxReadBuffer   = 1 << 30
	maxQueue        = 1 << 20
	maxBatch        = 1 << 16
	MaxBatchDelay   = 10 * time.Second
	maxAckDelay     = 5 * time.Second // of Config.BatchDelay with Config.Acks
	maxStateSync    = time.Hour
	MaxDevicesLimit = 100_000_000
)

// Config is what an operator sets. Numbers and durations that are zero take
// their default.
type Config struct {
	// Enabled switches the receiver on. Default and zero: off.
	Enabled bool `yaml:"enabled" json:"enabled"`
	// Listen are the UDP addresses to receive on, such as "192.0.2.1:5150",
	// "[::1]:5150" or ":5150" for all addresses of IPv4 and IPv6; port 0
	// takes any free one. At most 16. Default and zero: none; at least one
	// is required while enabled.
	Listen []string `yaml:"listen" json:"listen"`
	// AllowBare takes messages without MAC, of devices for which there is no
	// key. Anyone can forge them. A device that has sealed its messages must
	// go on to, also when its key is taken away, until Forget. Default and zero: only sealed ones.
	AllowBare bool `yaml:"allow_bare" json:"allow_bare"`
	// Sockets is how many sockets share each address (SO_REUSEPORT), each
	// read and verified by a goroutine of its own: 1 to 64. More keep up with more
	// messages where there are processors for them, but may take the
	// messages of one device out of order. Default 1.
	Sockets int `yaml:"sockets" json:"sockets"`
	// ReadBuffer is the receive buffer of each socket in bytes, 4 KiB to
	// 1 GiB. The kernel may grant less (Linux: sysctl net.core.rmem_max),
	// see Status. Default 4 MiB.
	ReadBuffer int `yaml:"read_buffer" json:"read_buffer"`
	// Queue is how many messages may wait for the sink, 1 to 1,048,576, at
	// about 2 KiB each. When it is full, arriving ones are dropped and
	// counted. Default 16,384.
	Queue int `yaml:"queue" json:"queue"`
	// Batch is the most messages that the sink gets at once, 1 to 65,536.
	// Default 512.
	Batch int `yaml:"batch" json:"batch"`
	// BatchDelay is how long a message may wait for a batch to fill, up to
	// 10 s, with Acks up to 5 s: a device that has no ack after 10 s sends
	// again. Default 20 ms.
	BatchDelay Duration `yaml:"batch_delay" json:"batch_delay"`
	// Acks answers each sealed message that the sink has taken, from the
	// address that it was sent to; elsewhere than on Linux the kernel chooses
	// one where Listen names none. Default and zero: nothing is ever sent.
	Acks bool `yaml:"acks" json:"acks"`
	// StateFile is where the window and the counters of each device are
	// kept, so that what was received before a restart is refused after it.
	// Its folder must exist; a second file, with ".journal" appended to the
	// name, lies beside it. Default and zero: kept in memory only.
	StateFile string `yaml:"state_file" json:"state_file"`
	// StateSync is the time from one sync of the state to the disk to the
	// next, up to 1 h: what a power cut may undo. The end of the process
	// undoes nothing. Default 1 s.
	StateSync Duration `yaml:"state_sync" json:"state_sync"`
	// MaxDevices is for how many devices state is held, at about 200 bytes
	// each: 1 to 100,000,000. Messages of further ones are refused and
	// counted. Where devices have keys, those that AllowBare lets in get no
	// more than half of the room, as anyone can invent them. Default 1,000,000.
	MaxDevices int `yaml:"max_devices" json:"max_devices"`
}

// DefaultConfig is disabled, and shows the defaults that stand for zero.
func DefaultConfig() Config {
	return Config{
		Sockets:    1,
		ReadBuffer: 4 << 20,
		Queue:      1 << 14,
		Batch:      512,
		BatchDelay: Duration(20 * time.Millisecond),
		StateSync:  Duration(time.Second),
		MaxDevices: 1_000_000,
	}
}

// Validate returns every fault as a [ConfigError], or nil.
func (c Config) Validate() error {
	var faults ConfigError
	if c.Enabled && len(c.Listen) == 0 {
		faults.Addf("listen", "at least one address is required while enabled")
	}
	if n := len(c.Listen); n > maxListen {
		faults.Addf("listen", "%d are too many, allowed are %d", n, maxListen)
	}
	first := make(map[string]int)
	for i, addr := range c.Listen {
		path := fmt.Sprintf("listen[%d]", i)
		before := len(faults)
		faults.CheckListen(path, addr)
		if _, port, _ := net.SplitHostPort(addr); len(faults) > before || port == "0" {
			continue
		}
		if j, twice := first[addr]; twice {
			faults.Addf(path, "%s is listen[%d] already", addr, j)
		} else {
			first[addr] = i
		}
	}
	checkRange(&faults, "sockets", c.Sockets, 1, maxSockets)
	checkRange(&faults, "read_buffer", c.ReadBuffer, 4096, MaxReadBuffer)
	checkRange(&faults, "queue", c.Queue, 1, maxQueue)
	checkRange(&faults, "batch", c.Batch, 1, maxBatch)
	checkDuration(&faults, "batch_delay", c.BatchDelay, MaxBatchDelay)
	if c.Acks && c.BatchDelay.Std() > maxAckDelay && c.BatchDelay.Std() <= MaxBatchDelay {
		faults.Addf("batch_delay", "%s is too long with acks, allowed is up to %s", c.BatchDelay, Duration(maxAckDelay))
	}
	checkDuration(&faults, "state_sync", c.StateSync, maxStateSync)
	checkRange(&faults, "max_devices", c.MaxDevices, 1, MaxDevicesLimit)
	return faults.Err()
}

// checkRange lets 0 through, which stands for the default.
func checkRange(faults *ConfigError, path string, n, least, most int) {
	if n != 0 && (n < least || n > most) {
		faults.Addf(path, "%d is out of range, allowed is %d to %d, or 0 for the default", n, least, most)
	}
}

func checkDuration(faults *ConfigError, path string, d Duration, most time.Duration) {
	if d < 0 || d.Std() > most {
		faults.Addf(path, "%s is out of range, allowed is up to %s", d, Duration(most))
	}
}

// Warnings returns what is allowed but weak.
func (c Config) Warnings() []Warning {
	var list []Warning
	for i, addr := range c.Listen {
		if host, _, err := net.SplitHostPort(addr); c.AllowBare && err == nil && !isLoopback(host) {
			list = append(list, Warning{
				Path: fmt.Sprintf("listen[%d]", i),
				Text: "with allow_bare, whoever reaches this address can report in the name of any device that has no key",
			})
		}
	}
	if c.Enabled && c.StateFile == "" {
		list = append(list, Warning{
			Path: "state_file",
			Text: "not set: after a restart, messages that were received before it can be replayed, and the counters begin again",
		})
	}
	return list
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// withDefaults returns c with the defaults in place of zeros.
func (c Config) withDefaults() Config {
	d := DefaultConfig()
	c.Sockets = cmp.Or(c.Sockets, d.Sockets)
	c.ReadBuffer = cmp.Or(c.ReadBuffer, d.ReadBuffer)
	c.Queue = cmp.Or(c.Queue, d.Queue)
	c.Batch = cmp.Or(c.Batch, d.Batch)
	c.BatchDelay = cmp.Or(c.BatchDelay, d.BatchDelay)
	c.StateSync = cmp.Or(c.StateSync, d.StateSync)
	c.MaxDevices = cmp.Or(c.MaxDevices, d.MaxDevices)
	return c
}
