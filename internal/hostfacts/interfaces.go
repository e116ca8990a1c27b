package hostfacts

import (
	"cmp"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"

	"github.com/fieldgate/fieldgate/internal/order"
)

// Interface is a network interface. Source: /sys/class/net, described in the
// kernel's Documentation/ABI/testing/sysfs-class-net.
type Interface struct {
	Name  string
	Index int    // as the kernel counts, from 1 with gaps
	MTU   uint64 // bytes
	// SpeedMbit is the link's speed in Mbit/s, -1 where it has none or the
	// link is down.
	SpeedMbit int64
	// HardwareAddr is nil where there is none, as for net.Interfaces: the
	// loopback's zeros and the IP address of a tunnel are no hardware address.
	HardwareAddr net.HardwareAddr
	// OperState is the state of RFC 2863 in the kernel's words: "up", "down",
	// "testing", "dormant", "notpresent", "lowerlayerdown" or "unknown",
	// which is normal for the loopback and for tunnels.
	OperState string
	AdminUp   bool   // switched on (IFF_UP)
	Duplex    string // "full", "half" or "unknown"
	Type      uint16 // ARPHRD_ number: 1 Ethernet, 772 loopback, 512 PPP
	Rx, Tx    Counters
}

// Counters count one direction of an interface since the interface appeared.
type Counters struct {
	Bytes, Packets, Errors uint64
	// Drops of Rx contain the packets that the device missed, as the drop
	// column of /proc/net/dev does.
	Drops uint64
	// Multicast is a part of Packets; Linux does not tell it for Tx.
	Multicast uint64
}

const (
	netFolder = "sys/class/net"
	iffUp     = 0x1 // netdevice(7)
)

// Interfaces lists all network interfaces in the order of their index. One
// that disappears while it is read is left out. One that cannot be read is
// left out too, and the error that comes with the others names its file.
func (h *Host) Interfaces() ([]Interface, error) {
	entries, err := os.ReadDir(h.path(netFolder))
	if err != nil {
		return nil, h.fault(netFolder, err)
	}
	var list []Interface
	var errs []error
	for _, entry := range entries {
		if entry.Type().IsRegular() {
			continue // bonding_masters is no interface
		}
		i, err := h.readInterface(entry.Name())
		switch {
		case err == nil:
			list = append(list, i)
		case !h.disappeared(entry.Name(), err):
			errs = append(errs, err)
		}
	}
	order.Sort(list, func(a, b Interface) int { return cmp.Compare(a.Index, b.Index) })
	return list, errors.Join(errs...)
}

// disappeared reports whether err came from the end of the interface. ENODEV
// is the kernel's answer for a file that was opened before that end.
func (h *Host) disappeared(name string, err error) bool {
	if errors.Is(err, syscall.ENODEV) {
		return true
	}
	_, err = os.Stat(h.path(filepath.Join(netFolder, name)))
	return errors.Is(err, fs.ErrNotExist)
}

// readInterface reads the attributes one by one. The reader of procfs would
// read thirty where these are needed, and takes 0 for what it cannot parse.
func (h *Host) readInterface(name string) (Interface, error) {
	a := attributes{host: h, folder: filepath.Join(netFolder, name)}
	i := Interface{
		Name:         name,
		Index:        int(a.number("ifindex", 31)),
		MTU:          a.number("mtu", 32),
		SpeedMbit:    a.speed("speed"),
		HardwareAddr: a.hardwareAddr("address"),
		OperState:    a.text("operstate"),
		AdminUp:      a.number("flags", 32)&iffUp != 0,
		Duplex:       a.optional("duplex", "unknown"),
		Type:         uint16(a.number("type", 16)),
		Rx:           a.counters("rx"),
		Tx:           a.counters("tx"),
	}
	i.Rx.Drops += a.number("statistics/rx_missed_errors", 64)
	i.Rx.Multicast = a.number("statistics/multicast", 64)
	return i, a.err
}
