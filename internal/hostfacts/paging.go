package hostfacts

import (
	"errors"
	"strings"
)

// Paging is what went between memory and disks since boot. Source:
// /proc/vmstat.
type Paging struct {
	InKiB, OutKiB   uint64 // all block devices together; Out is to disk
	SwapIn, SwapOut uint64 // pages
}

// Paging reads what went between memory and disks.
func (h *Host) Paging() (Paging, error) {
	const name = "proc/vmstat"
	text, err := h.table(name)
	if err != nil {
		return Paging{}, err
	}
	var p Paging
	found := 0
	for line := range strings.Lines(text) {
		label, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		var to *uint64
		switch label {
		case "pgpgin":
			to = &p.InKiB
		case "pgpgout":
			to = &p.OutKiB
		case "pswpin": // the two are missing from a kernel without swap
			to = &p.SwapIn
		case "pswpout":
			to = &p.SwapOut
		default:
			continue
		}
		if *to, err = firstNumber(rest); err != nil {
			return Paging{}, h.fault(name, err)
		}
		found++
	}
	if found < 2 {
		return Paging{}, h.fault(name, errors.New("it lacks pgpgin or pgpgout"))
	}
	return p, nil
}
