package hostfacts

// MountPoint is a place where a filesystem is mounted.
type MountPoint struct {
	// Number counts the mount points in the order in which they were first
	// mounted, from 1.
	Number              int
	Device, Mount, Type string
	ReadOnly            bool
	// Local tells that it keeps files on a block device, on flash or in
	// memory: it is no view of the kernel, and no server is needed to measure
	// it.
	Local bool
}

// MountPoints lists every mount point, of filesystems of all kinds, without
// touching any. Where several are mounted on one point, it tells of the last,
// which covers the others. Source: /proc/self/mountinfo.
func (h *Host) MountPoints() ([]MountPoint, error) {
	proc, err := h.proc()
	if err != nil {
		return nil, err
	}
	mounts, err := proc.GetMounts()
	if err != nil {
		return nil, h.fault("proc/self/mountinfo", err)
	}
	numbers := make(map[string]int)
	for _, m := range mounts {
		if _, known := numbers[m.MountPoint]; !known {
			numbers[m.MountPoint] = len(numbers) + 1
		}
	}
	mounts = visible(mounts)
	list := make([]MountPoint, 0, len(mounts))
	for _, m := range mounts {
		_, here := m.Options["ro"]
		_, whole := m.SuperOptions["ro"]
		list = append(list, MountPoint{
			Number: numbers[m.MountPoint], Device: unescape(m.Source), Mount: unescape(m.MountPoint), Type: m.FSType,
			ReadOnly: here || whole, Local: isReal(m) || m.FSType == "tmpfs" || m.FSType == "ramfs",
		})
	}
	return list, nil
}
