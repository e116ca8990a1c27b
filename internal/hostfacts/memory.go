package hostfacts

import "errors"

// Memory holds the state of RAM and swap in KiB. Source: /proc/meminfo,
// proc_meminfo(5).
type Memory struct {
	Total     uint64 // RAM that the kernel can use
	Free      uint64 // RAM that nothing uses; small on a healthy host
	Available uint64 // RAM that programs could still get without swapping
	Shared    uint64 // tmpfs and shared memory
	Buffers   uint64 // buffers of block devices
	Cached    uint64 // page cache and reclaimable slab, as free(1) counts it
	SwapTotal uint64
	SwapFree  uint64
}

// Memory reads the state of RAM and swap. Where the kernel is older than 3.14
// and does not tell what is available, Available is the sum of free, buffers
// and cached, which is somewhat too much.
func (h *Host) Memory() (Memory, error) {
	const name = "proc/meminfo"
	proc, err := h.proc()
	if err != nil {
		return Memory{}, err
	}
	info, err := proc.Meminfo()
	if err != nil {
		return Memory{}, h.fault(name, err)
	}
	if info.MemTotal == nil || info.MemFree == nil {
		return Memory{}, h.fault(name, errors.New("it lacks MemTotal or MemFree"))
	}
	m := Memory{
		Total:     *info.MemTotal,
		Free:      *info.MemFree,
		Shared:    orZero(info.Shmem),
		Buffers:   orZero(info.Buffers),
		Cached:    orZero(info.Cached) + orZero(info.SReclaimable),
		SwapTotal: orZero(info.SwapTotal),
		SwapFree:  orZero(info.SwapFree),
	}
	if info.MemAvailable != nil {
		m.Available = *info.MemAvailable
	} else {
		m.Available = min(m.Free+m.Buffers+m.Cached, m.Total)
	}
	return m, nil
}

func orZero(n *uint64) uint64 {
	if n == nil {
		return 0
	}
	return *n
}
