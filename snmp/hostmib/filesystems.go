package hostmib

import (
	"cmp"
	"context"
	"time"

	"github.com/fieldgate/fieldgate/internal/hostfacts"
	"github.com/fieldgate/fieldgate/internal/order"
)

// filesystem is a row of dskTable, hrFSTable and hrStorageTable.
type filesystem struct {
	hostfacts.MountPoint
	hostfacts.Space
	index   int32
	limit   Disk
	limited bool // it is in dskTable
}

// maxMounts is how many mount points are remembered, so that each has the
// same index when it comes back.
const maxMounts = 4096

// filesystemReader returns the reading of the filesystems. As snmpd does, it
// numbers the mount points of Options.Disks in their order, and then the
// others in the order in which they come; it keeps the number of those that
// go. It is called by one at a time.
func (h *Host) filesystemReader() func() ([]filesystem, error) {
	numbers := make(map[string]int32)
	number := func(mount string) int32 {
		n, known := numbers[mount]
		if !known {
			n = int32(len(numbers) + 1)
			numbers[mount] = n
		}
		return n
	}
	meter := meter{facts: h.facts, pending: make(map[string]chan measured)}
	limits := make(map[string]Disk, len(h.options.Disks))
	for _, d := range h.options.Disks {
		limits[d.Mount] = d
	}
	return func() ([]filesystem, error) {
		mounts, err := h.facts.MountPoints()
		if err != nil {
			return nil, err
		}
		if len(numbers) > maxMounts {
			clear(numbers)
		}
		for _, d := range h.options.Disks {
			number(d.Mount)
		}
		order.Sort(mounts, func(a, b hostfacts.MountPoint) int { return cmp.Compare(a.Number, b.Number) })
		var list []filesystem
		var paths []string
		for _, m := range mounts {
			index := number(m.Mount)
			limit, named := limits[m.Mount]
			if !named && !full(m.Type) {
				limit = Disk{Mount: m.Mount, MinPercent: h.options.OtherDisks}
			}
			if !m.Local && !named {
				continue
			}
			list = append(list, filesystem{MountPoint: m, index: index, limit: limit, limited: named || h.options.OtherDisks > 0})
			paths = append(paths, m.Mount)
		}
		spaces := meter.measure(paths)
		measured := list[:0]
		for _, f := range list {
			if space, there := spaces[f.Mount]; there {
				f.Space = space
				measured = append(measured, f)
			}
		}
		return measured, nil
	}
}

// full tells that a filesystem is made once, and has nothing free ever.
func full(kind string) bool {
	switch kind {
	case "squashfs", "erofs", "cramfs", "romfs", "iso9660":
		return true
	}
	return false
}

// patience is how long the filesystems have, all together, to tell their
// space.
const patience = 200 * time.Millisecond

// meter measures filesystems without waiting for one that hangs, as that of a
// dead server or a failing disk may. At most one call for each is under way.
type meter struct {
	facts   *hostfacts.Host
	pending map[string]chan measured
}

type measured struct {
	space hostfacts.Space
	err   error
}

// measure returns the space of those that answer in time. One that hung the
// last time is asked again once its old call is back.
func (m *meter) measure(paths []string) map[string]hostfacts.Space {
	asked := make(map[string]chan measured, len(paths))
	for _, path := range paths {
		if old, hangs := m.pending[path]; hangs {
			select {
			case <-old: // out of date
				delete(m.pending, path)
			default:
				continue
			}
		}
		answer := make(chan measured, 1)
		asked[path] = answer
		go func() {
			space, err := m.facts.Space(path)
			answer <- measured{space, err}
		}()
	}
	late, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	spaces := make(map[string]hostfacts.Space, len(asked))
	for path, answer := range asked {
		r, there := wait(late, answer)
		switch {
		case !there:
			m.pending[path] = answer
		case r.err == nil:
			spaces[path] = r.space
		}
	}
	return spaces
}

// wait takes an answer that is there, or comes in time.
func wait(late context.Context, answer chan measured) (measured, bool) {
	select {
	case r := <-answer:
		return r, true
	default:
	}
	select {
	case r := <-answer:
		return r, true
	case <-late.Done():
		return measured{}, false
	}
}
