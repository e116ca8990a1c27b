package hostmib

import (
	"log/slog"
	"time"

	"github.com/fieldgate/fieldgate/internal/hostfacts"
	"github.com/fieldgate/fieldgate/snmp"
)

// Options say which host and what of it. The zero value serves this host.
type Options struct {
	// Logger gets what can no longer be read, and what can be read again; nil
	// discards it.
	Logger *slog.Logger
	// Root is the folder that stands for "/", with proc and sys below it.
	// Empty: "/".
	Root string
	// Statfs measures a filesystem; nil: the system call. It may hang: the
	// filesystem is then absent, and measured again once the call is back.
	Statfs func(path string) (Space, error)

	// TTL is how old an answer may be, at least 100ms; 0: 1s. Filesystems,
	// processes and users are counted every five TTL, names and models of
	// processors every sixty.
	TTL time.Duration

	// Disks are mount points with limits of their own. They are served
	// whatever is mounted there, as long as something is. Their order is that
	// of dskTable and hrFSTable, which number them from 1.
	Disks []Disk
	// OtherDisks is the limit, in percent of free space (1..100), for the
	// filesystems that Disks does not name, which are then in dskTable too.
	// 0: they are not, unless Disks is empty; then it is 10. Network
	// filesystems are left out, and those that are read-only by nature, such
	// as squashfs, have no limit.
	OtherDisks int
	// MaxLoad are the load averages above which laErrorFlag is 1, for 1, 5
	// and 15 minutes; 0: 12.
	MaxLoad [3]float64
	// MinSwapKiB is memMinimumSwap, the free swap below which memSwapError is
	// 1 on a host that has swap at all; 0: 16000.
	MinSwapKiB int32

	// CommandLine serves hrSystemInitialLoadParameters, the command line of
	// the kernel, which may hold secrets. Off by default.
	CommandLine bool

	// QuietLinks keeps linkUp and linkDown from being told.
	QuietLinks bool
	// DiskTrap is the notification for a disk above its limit, with dskPath,
	// dskPercent and dskErrorMsg; nil: none.
	DiskTrap snmp.OID
}

// Space is what a filesystem holds and has left.
type Space struct {
	TotalKiB     uint64
	FreeKiB      uint64 // with what is kept for the superuser
	AvailableKiB uint64 // without
	Inodes       uint64
	InodesFree   uint64
	// BlockBytes is the unit in which the filesystem counts; 0: not known.
	BlockBytes uint64
}

// statfs returns Statfs as hostfacts takes it.
func (o Options) statfs() func(path string) (hostfacts.Space, error) {
	if o.Statfs == nil {
		return nil
	}
	return func(path string) (hostfacts.Space, error) {
		space, err := o.Statfs(path)
		return hostfacts.Space(space), err
	}
}

// Disk is a mount point with a limit.
type Disk struct {
	Mount string // such as "/data"
	// MinKiB is how much space must be free; 0: MinPercent counts.
	MinKiB int32
	// MinPercent is how much must be free in percent, 0..100; 0 with MinKiB 0:
	// there is no limit.
	MinPercent int
}

// What the zero value of an option means.
const (
	defaultTTL     = time.Second
	minTTL         = 100 * time.Millisecond
	defaultPercent = 10
	defaultLoad    = 12
	defaultSwap    = 16000
)

// slow is by how much readings that cost more are kept longer, and still by
// how much those are that hardly ever change.
const (
	slow  = 5
	still = 60
)

func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.TTL == 0 {
		o.TTL = defaultTTL
	}
	o.TTL = max(o.TTL, minTTL)
	if len(o.Disks) == 0 && o.OtherDisks == 0 {
		o.OtherDisks = defaultPercent
	}
	for i := range o.MaxLoad {
		if o.MaxLoad[i] == 0 {
			o.MaxLoad[i] = defaultLoad
		}
	}
	if o.MinSwapKiB == 0 {
		o.MinSwapKiB = defaultSwap
	}
	return o
}
