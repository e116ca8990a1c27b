package sim

import (
	"fmt"
	"strings"
)

// serialDigits follow the prefix of a serial.
const serialDigits = 8

// strangerMark begins the serial of a device that an attacker made up, before
// the prefix.
const strangerMark = "X"

// names makes the texts that a device carries in each report.
func (f *Fleet) names() {
	for i := range f.devices {
		f.serials[i] = fmt.Sprintf("%s%0*d", f.config.Prefix, serialDigits, i)
		f.hosts[i] = fmt.Sprintf("gateway-%04d", i)
		f.imeis[i] = fmt.Sprintf("3569380%08d", i)
	}
}

// Owns reports whether serial is that of a device of such a fleet, or of a
// [Stranger] next to it.
func (c *Config) Owns(serial string) bool {
	return c.isOurs(serial) || c.isStranger(serial)
}

func (c *Config) isOurs(serial string) bool {
	return len(serial) == len(c.Prefix)+serialDigits && strings.HasPrefix(serial, c.Prefix)
}

func (c *Config) isStranger(serial string) bool {
	rest, marked := strings.CutPrefix(serial, strangerMark)
	return marked && c.isOurs(rest)
}

// Owns is that of the fleet's Config.
func (f *Fleet) Owns(serial string) bool { return f.config.Owns(serial) }

// Stranger reports whether an attacker made that serial up.
func (f *Fleet) Stranger(serial string) bool { return f.config.isStranger(serial) }
