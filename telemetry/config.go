package telemetry

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/internal/config"
)

// Limits of [Config].
const (
	MinPeriod       = time.Second
	MaxPeriod       = 24 * time.Hour
	MaxDestinations = 8
)

// Duration is a length of time, written as "60s", "1m30s" or bare seconds.
type Duration = config.Duration

// Config is what an operator sets.
type Config struct {
	// Enabled switches the agent on. Default and zero: off, nothing runs.
	Enabled bool `yaml:"enabled" json:"enabled"`
	// Destinations are the servers that each get every message, at most 8.
	// Default and zero: none; at least one is required when enabled.
	Destinations []Destination `yaml:"destinations" json:"destinations"`
	// Period is the time from one message to the next, in whole seconds from
	// 1 s to 24 h. Default 60 s. Zero is refused, also while disabled.
	Period Duration `yaml:"period" json:"period"`
}

// Destination is one server.
type Destination struct {
	// Host is a host name or an IP address. Required.
	Host string `yaml:"host" json:"host"`
	// Port is the UDP port, 1 to 65535. Required, there is no default.
	Port int `yaml:"port" json:"port"`
}

// String returns "host:port", with brackets around an IPv6 address.
func (d Destination) String() string {
	return net.JoinHostPort(d.Host, strconv.Itoa(d.Port))
}

// DefaultConfig is disabled, has no destination and a period of 60 s.
func DefaultConfig() Config {
	return Config{Period: Duration(time.Minute)}
}

// Validate returns every fault as a [ConfigError], or nil.
func (c Config) Validate() error {
	var faults ConfigError
	if c.Enabled && len(c.Destinations) == 0 {
		faults.Addf("destinations", "at least one is required while enabled")
	}
	if n := len(c.Destinations); n > MaxDestinations {
		faults.Addf("destinations", "%d are too many, allowed are %d", n, MaxDestinations)
	}
	first := make(map[string]int)
	for i, d := range c.Destinations {
		path := fmt.Sprintf("destinations[%d]", i)
		before := len(faults)
		faults.CheckHost(path+".host", d.Host)
		faults.CheckPort(path+".port", d.Port)
		if len(faults) > before {
			continue
		}
		if j, twice := first[d.identity()]; twice {
			faults.Addf(path, "%s is destinations[%d] already", d, j)
		} else {
			first[d.identity()] = i
		}
	}
	switch p := c.Period.Std(); {
	case p < MinPeriod || p > MaxPeriod:
		faults.Addf("period", "%s is out of range, allowed is 1s to 24h", c.Period)
	case p%time.Second != 0:
		faults.Addf("period", "%s is not a whole number of seconds", c.Period)
	}
	return faults.Err()
}

// identity is equal for two spellings of one destination.
func (d Destination) identity() string {
	host := strings.ToLower(strings.TrimSuffix(d.Host, "."))
	if addr, err := netip.ParseAddr(host); err == nil {
		host = addr.Unmap().String()
	}
	return net.JoinHostPort(host, strconv.Itoa(d.Port))
}
