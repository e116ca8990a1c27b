package hostfacts_test

import (
	"errors"
	"math"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/hostfacts"
)

// The live tests compare the host that runs them with what other interfaces
// of the kernel say of it.

func sysinfo(t *testing.T) syscall.Sysinfo_t {
	t.Helper()
	var s syscall.Sysinfo_t
	require.NoError(t, syscall.Sysinfo(&s))
	return s
}

func TestLiveMemory(t *testing.T) {
	memory, err := hostfacts.New(hostfacts.Options{}).Memory()
	require.NoError(t, err)
	s := sysinfo(t)
	if unsafe.Sizeof(s.Totalram) == 4 && s.Unit == 1 && memory.Total >= 4<<20 {
		t.Skip("sysinfo cannot hold the RAM of this host: this is a user-mode emulator, a kernel would raise the unit")
	}
	kib := func(n uint64) float64 { return float64(n * uint64(s.Unit) / 1024) }
	tolerance := 0.05 * float64(memory.Total) // other programs go on meanwhile
	assert.InDelta(t, kib(uint64(s.Totalram)), float64(memory.Total), 1)
	assert.InDelta(t, kib(uint64(s.Freeram)), float64(memory.Free), tolerance)
	assert.InDelta(t, kib(uint64(s.Bufferram)), float64(memory.Buffers), tolerance)
	assert.InDelta(t, kib(uint64(s.Sharedram)), float64(memory.Shared), tolerance)
	assert.InDelta(t, kib(uint64(s.Totalswap)), float64(memory.SwapTotal), 1)
	assert.LessOrEqual(t, memory.Available, memory.Total)
}

func TestLiveUptime(t *testing.T) {
	uptime, err := hostfacts.New(hostfacts.Options{}).Uptime()
	require.NoError(t, err)
	assert.InDelta(t, float64(sysinfo(t).Uptime), uptime.Seconds(), 3)
}

func TestLiveLoad(t *testing.T) {
	before := sysinfo(t).Loads
	load, err := hostfacts.New(hostfacts.Options{}).Load()
	require.NoError(t, err)
	after := sysinfo(t).Loads
	for i, hundredths := range []uint64{load.One, load.Five, load.Fifteen} {
		a, b := float64(before[i])/65536, float64(after[i])/65536
		got := float64(hundredths) / 100
		assert.GreaterOrEqual(t, got, min(a, b)-0.01)
		assert.LessOrEqual(t, got, max(a, b)+0.01)
	}
}

func TestLiveCPU(t *testing.T) {
	h := hostfacts.New(hostfacts.Options{})
	before, err := h.CPU()
	require.NoError(t, err)
	assert.GreaterOrEqual(t, before.Count, 1)

	var used, now syscall.Rusage
	require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	busy := func() time.Duration {
		require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &now))
		return time.Duration(now.Utime.Nano() - used.Utime.Nano())
	}
	for deadline := time.Now().Add(10 * time.Second); busy() < 300*time.Millisecond && time.Now().Before(deadline); {
		spin()
	}
	after, err := h.CPU()
	require.NoError(t, err)
	ticks := after.User + after.Nice - before.User - before.Nice
	assert.GreaterOrEqual(t, ticks, uint64(busy()/(10*time.Millisecond))/2, "the host counts at least what this process used")
}

func spin() {
	x := 1.5
	for range 100_000 {
		x = math.Sqrt(x) + 1
	}
	runtime.KeepAlive(x)
}

func TestLiveNames(t *testing.T) {
	h := hostfacts.New(hostfacts.Options{})
	want, err := os.Hostname()
	require.NoError(t, err)
	got, err := h.Hostname()
	require.NoError(t, err)
	assert.Equal(t, want, got)

	var u syscall.Utsname
	require.NoError(t, syscall.Uname(&u))
	var release []byte
	for _, c := range u.Release {
		if c == 0 {
			break
		}
		release = append(release, byte(c))
	}
	got, err = h.Kernel()
	require.NoError(t, err)
	assert.Equal(t, string(release), got)

	_, err = h.Model()
	require.NoError(t, err)
	_, err = h.Serial()
	require.NoError(t, err)
}

func TestLiveInterfaces(t *testing.T) {
	want, err := net.Interfaces()
	if errors.Is(err, syscall.EINVAL) {
		t.Skip("net.Interfaces: invalid argument: this is a user-mode emulator without netlink for another byte order")
	}
	require.NoError(t, err)
	h := hostfacts.New(hostfacts.Options{})
	got, err := h.Interfaces()
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("this host (a sandbox or container) has no /sys/class/net:", err)
	}
	require.NoError(t, err)
	for range 20 { // others may plug interfaces in and out meanwhile
		again, err := net.Interfaces()
		require.NoError(t, err)
		if assert.ObjectsAreEqual(want, again) {
			break
		}
		want = again
		got, err = h.Interfaces()
		require.NoError(t, err)
	}
	slices.SortFunc(want, func(a, b net.Interface) int { return a.Index - b.Index })
	require.Len(t, got, len(want))
	for n, w := range want {
		assert.Equal(t, w.Index, got[n].Index)
		assert.Equal(t, w.Name, got[n].Name)
		assert.EqualValues(t, w.MTU, got[n].MTU)
		assert.Equal(t, w.HardwareAddr, got[n].HardwareAddr)
		assert.Equal(t, w.Flags&net.FlagUp != 0, got[n].AdminUp)
	}
}

func TestLiveSpace(t *testing.T) {
	df, err := exec.LookPath("df")
	if err != nil {
		t.Skip("df, the independent reading, is not installed")
	}
	out, err := exec.Command(df, "-kP", "/").Output()
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	fields := strings.Fields(lines[len(lines)-1])
	require.GreaterOrEqual(t, len(fields), 4)

	space, err := hostfacts.New(hostfacts.Options{}).Space("/")
	require.NoError(t, err)
	f := hostfacts.Filesystem{Space: space}
	tolerance := 0.01*float64(space.TotalKiB) + 1
	for i, got := range []uint64{space.TotalKiB, f.UsedKiB(), space.AvailableKiB} {
		want, err := strconv.ParseFloat(fields[1+i], 64)
		require.NoError(t, err)
		assert.InDelta(t, want, float64(got), tolerance, "df column %d", 1+i)
	}
}

func TestLiveFilesystems(t *testing.T) {
	list, err := hostfacts.New(hostfacts.Options{}).Filesystems()
	require.NoError(t, err)
	for _, f := range list {
		assert.NotContains(t, []string{"proc", "sysfs", "devtmpfs", "cgroup2", "nfs", "9p"}, f.Type)
		_, err := os.Lstat(f.Mount)
		assert.NoError(t, err)
	}
}
