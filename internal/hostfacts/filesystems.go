package hostfacts

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/procfs"

	"github.com/fieldgate/fieldgate/internal/order"
)

// Filesystem is a mounted filesystem that holds data of the host.
type Filesystem struct {
	Device string // as mounted, such as "/dev/mtdblock3" or "overlayfs:/overlay"
	Mount  string // mount point
	Type   string // such as "squashfs"
	Space
}

// Filesystems lists the filesystems that hold data of this host, in the
// order of their mount points. Source: /proc/self/mountinfo,
// proc_pid_mountinfo(5), and statfs(2).
//
// Listed is what lies on a block device, the local filesystems that do
// without one (overlay, ubifs, btrfs and their like), and tmpfs on /tmp. A
// device that is mounted several times is listed once: at the mount of its
// own root, else at the shortest path. What cannot be measured is left out.
//
// Network filesystems (nfs, cifs, smb3, fuse.sshfs and every other one) and
// those of a virtual machine's host (9p, virtiofs) are never touched: with
// their server gone, statfs would not come back.
func (h *Host) Filesystems() ([]Filesystem, error) {
	proc, err := h.proc()
	if err != nil {
		return nil, err
	}
	mounts, err := proc.GetMounts()
	if err != nil {
		return nil, h.fault("proc/self/mountinfo", err)
	}
	var list []Filesystem
	for _, m := range onePerDevice(visible(mounts)) {
		f := Filesystem{Device: unescape(m.Source), Mount: unescape(m.MountPoint), Type: m.FSType}
		if f.Space, err = h.statfs(f.Mount); err == nil {
			list = append(list, f)
		}
	}
	order.Sort(list, func(a, b Filesystem) int { return cmp.Compare(a.Mount, b.Mount) })
	return list, nil
}

// visible drops the mounts that a later one on the same point covers.
func visible(mounts []*procfs.MountInfo) []*procfs.MountInfo {
	last := make(map[string]*procfs.MountInfo, len(mounts))
	for _, m := range mounts {
		last[m.MountPoint] = m
	}
	return slices.DeleteFunc(mounts, func(m *procfs.MountInfo) bool { return last[m.MountPoint] != m })
}

// onePerDevice returns the one best mount of each real filesystem.
func onePerDevice(mounts []*procfs.MountInfo) map[string]*procfs.MountInfo {
	best := make(map[string]*procfs.MountInfo)
	for _, m := range mounts {
		if !isReal(m) {
			continue
		}
		if old, ok := best[m.MajorMinorVer]; !ok || better(m, old) {
			best[m.MajorMinorVer] = m
		}
	}
	return best
}

// better reports whether m shows its filesystem better than old does.
func better(m, old *procfs.MountInfo) bool {
	if whole, was := m.Root == "/", old.Root == "/"; whole != was {
		return whole
	}
	return len(m.MountPoint) < len(old.MountPoint)
}

// isReal tells data from the kernel's own views and from the network. The
// kernel gives the major number 0 to whatever has no block device.
func isReal(m *procfs.MountInfo) bool {
	if major, _, _ := strings.Cut(m.MajorMinorVer, ":"); major != "0" {
		return true
	}
	switch m.FSType {
	case "aufs", "bcachefs", "btrfs", "overlay", "overlayfs", "ubifs", "zfs":
		return true
	case "tmpfs":
		return m.MountPoint == "/tmp"
	default:
		return false
	}
}

// unescape undoes the octal escapes (\040 is a blank) of the mount tables.
func unescape(s string) string {
	var b strings.Builder
	for {
		plain, rest, found := strings.Cut(s, `\`)
		b.WriteString(plain)
		if !found {
			return b.String()
		}
		code, err := strconv.ParseUint(rest[:min(3, len(rest))], 8, 8)
		if err != nil || len(rest) < 3 {
			b.WriteByte('\\')
			s = rest
			continue
		}
		b.WriteByte(byte(code))
		s = rest[3:]
	}
}
