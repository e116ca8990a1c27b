package hostfacts

import (
	"encoding/hex"
	"fmt"
	"math"
	"net"
	"path/filepath"
	"strconv"
	"strings"
)

// attributes reads the files of one interface and keeps the first error, so
// that a whole interface is read in one expression. After an error it reads
// no further and returns zero values.
type attributes struct {
	host   *Host
	folder string
	err    error
}

func (a *attributes) text(name string) string {
	if a.err != nil {
		return ""
	}
	text, err := a.host.read(filepath.Join(a.folder, name))
	a.err = err
	return text
}

// optional returns absent where the driver does not support the attribute:
// the file is then missing, or reading it fails (EINVAL of "speed" while the
// link is down).
func (a *attributes) optional(name, absent string) string {
	if a.err != nil {
		return ""
	}
	text, err := a.host.read(filepath.Join(a.folder, name))
	if err != nil || text == "" {
		return absent
	}
	return text
}

// number reads a decimal number, or a hexadecimal one that begins with 0x.
func (a *attributes) number(name string, bits int) uint64 {
	text := a.text(name)
	if a.err != nil {
		return 0
	}
	n, err := strconv.ParseUint(text, 0, bits)
	if err != nil {
		a.fail(name, "%q is not a number of %d bits", text, bits)
	}
	return n
}

// speed reads Mbit/s. Drivers tell an unknown speed as -1, as 0, or as -1
// taken for an unsigned number.
func (a *attributes) speed(name string) int64 {
	text := a.optional(name, "-1")
	if a.err != nil {
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 64)
	switch {
	case err != nil:
		a.fail(name, "%q is not a speed in Mbit/s", text)
		return 0
	case n <= 0 || n > math.MaxInt32:
		return -1
	default:
		return n
	}
}

func (a *attributes) hardwareAddr(name string) net.HardwareAddr {
	text := a.text(name)
	b, err := hex.DecodeString(strings.ReplaceAll(text, ":", ""))
	switch {
	case err != nil:
		a.fail(name, "%q is not a hardware address", text)
		return nil
	case len(b) == net.IPv4len || len(b) == net.IPv6len:
		return nil
	case strings.Trim(string(b), "\x00") == "":
		return nil
	default:
		return b
	}
}

// counters reads what both directions have in common.
func (a *attributes) counters(direction string) Counters {
	count := func(what string) uint64 {
		return a.number("statistics/"+direction+"_"+what, 64)
	}
	return Counters{
		Bytes:   count("bytes"),
		Packets: count("packets"),
		Errors:  count("errors"),
		Drops:   count("dropped"),
	}
}

func (a *attributes) fail(name, format string, args ...any) {
	a.err = a.host.fault(filepath.Join(a.folder, name), fmt.Errorf(format, args...))
}
