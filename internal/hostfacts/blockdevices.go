package hostfacts

import (
	"fmt"
	"strconv"
	"strings"
)

// BlockDevice is a disk, a partition, or what the kernel treats like one.
// Source: /proc/diskstats, described in the kernel's
// Documentation/admin-guide/iostats.rst. A kernel of 32 bits lets all counts
// begin again at 2^32.
type BlockDevice struct {
	Name                        string // such as "mmcblk0p1"
	Reads, Writes               uint64 // completed requests
	ReadSectors, WrittenSectors uint64 // of 512 bytes each, whatever the device has
	BusyMS                      uint64 // time in which requests were open, milliseconds
}

// BlockDevices lists the block devices in the order of the kernel.
func (h *Host) BlockDevices() ([]BlockDevice, error) {
	const name = "proc/diskstats"
	text, err := h.table(name)
	if err != nil {
		return nil, err
	}
	var list []BlockDevice
	for line := range strings.Lines(text) {
		d, err := blockDeviceOf(strings.Fields(line))
		if err != nil {
			return nil, h.fault(name, err)
		}
		list = append(list, d)
	}
	return list, nil
}

// blockDeviceOf reads the fields of a line: two numbers of the device, its
// name, then the counts.
func blockDeviceOf(fields []string) (BlockDevice, error) {
	if len(fields) < 14 {
		return BlockDevice{}, fmt.Errorf("%q has fewer than 14 fields", strings.Join(fields, " "))
	}
	d := BlockDevice{Name: fields[2]}
	for i, to := range map[int]*uint64{
		3: &d.Reads, 5: &d.ReadSectors, 7: &d.Writes, 9: &d.WrittenSectors, 12: &d.BusyMS,
	} {
		n, err := strconv.ParseUint(fields[i], 10, 64)
		if err != nil {
			return BlockDevice{}, fmt.Errorf("%s: %q is not a count", d.Name, fields[i])
		}
		*to = n
	}
	return d, nil
}
