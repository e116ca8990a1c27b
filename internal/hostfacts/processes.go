package hostfacts

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"strings"
)

// Processes counts the processes.
func (h *Host) Processes() (int, error) {
	f, err := os.Open(h.path("proc"))
	if err != nil {
		return 0, h.fault("proc", err)
	}
	defer func() { _ = f.Close() }() // nothing was written
	names, err := f.Readdirnames(-1)
	if err != nil {
		return 0, h.fault("proc", err)
	}
	n := 0
	for _, name := range names {
		if name[0] >= '1' && name[0] <= '9' {
			n++
		}
	}
	return n, nil
}

// Users counts the sessions of users. Source: /var/run/utmp, utmp(5), which
// gateways mostly lack: then there are none.
func (h *Host) Users() (int, error) {
	const (
		name        = "var/run/utmp"
		userProcess = 7
		short, long = 384, 400 // a record; the long one is that of 64-bit ports without compatibility to 32 bits
	)
	text, err := h.table(name)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	size := short
	if len(text)%short != 0 && len(text)%long == 0 {
		size = long
	}
	n := 0
	for ; len(text) >= size; text = text[size:] {
		if binary.NativeEndian.Uint16([]byte(text[:2])) == userProcess {
			n++
		}
	}
	return n, nil
}

// ProcessorNames returns maker and model of the processors, in the order of
// the kernel; a text may be empty. Source: /proc/cpuinfo, whose labels differ
// from port to port.
func (h *Host) ProcessorNames() ([]string, error) {
	text, err := h.table("proc/cpuinfo")
	if err != nil {
		return nil, err
	}
	var names []string
	vendor, common := "", ""
	for line := range strings.Lines(text) {
		label, value, _ := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		switch strings.TrimSpace(label) {
		case "processor":
			names, vendor = append(names, ""), ""
		case "vendor_id":
			vendor = value
		case "model name", "cpu model", "cpu": // x86 and ARM, MIPS, PowerPC
			if vendor != "" {
				value = vendor + ": " + value
			}
			if len(names) > 0 {
				names[len(names)-1] = value
			}
		case "Hardware", "Processor", "machine": // once, for all of them
			common = first(common, value)
		}
	}
	for i, name := range names {
		names[i] = first(name, common)
	}
	return names, nil
}
