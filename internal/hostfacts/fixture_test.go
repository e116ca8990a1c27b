package hostfacts_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/hostfacts"
)

// router is the host of testdata/root: an OpenWrt device with an SD card.
func router(spaces map[string]hostfacts.Space) *hostfacts.Host {
	return hostfacts.New(hostfacts.Options{
		Root: "testdata/root",
		Statfs: func(path string) (hostfacts.Space, error) {
			if s, ok := spaces[path]; ok {
				return s, nil
			}
			return hostfacts.Space{}, syscall.EIO
		},
	})
}

func TestFixtureCPU(t *testing.T) {
	cpu, err := router(nil).CPU()
	require.NoError(t, err)
	assert.Equal(t, hostfacts.CPU{
		User: 184467, Nice: 1203, System: 90871, Idle: 8123456, IOWait: 4410, IRQ: 12, SoftIRQ: 30333, Count: 1,
	}, cpu)
}

func TestFixtureLoad(t *testing.T) {
	load, err := router(nil).Load()
	require.NoError(t, err)
	assert.Equal(t, hostfacts.Load{One: 7, Five: 152, Fifteen: 1200}, load)
}

func TestFixtureMemory(t *testing.T) {
	memory, err := router(nil).Memory()
	require.NoError(t, err)
	assert.Equal(t, hostfacts.Memory{
		Total: 59656, Free: 12024, Available: 21500, Shared: 932, Buffers: 2108, Cached: 13184 + 3216,
		SwapTotal: 16380, SwapFree: 16124,
	}, memory)
}

func TestFixtureFilesystems(t *testing.T) {
	rom := hostfacts.Space{TotalKiB: 4096}
	flash := hostfacts.Space{TotalKiB: 8448, FreeKiB: 6100, AvailableKiB: 6100}
	ram := hostfacts.Space{TotalKiB: 29828, FreeKiB: 29300, AvailableKiB: 29300, Inodes: 7457, InodesFree: 7400}
	card := hostfacts.Space{TotalKiB: 7600000, FreeKiB: 5000000, AvailableKiB: 4600000, Inodes: 488640, InodesFree: 488000}
	all := map[string]hostfacts.Space{"/rom": rom, "/overlay": flash, "/": flash, "/tmp": ram, "/mnt/sd": card}

	list, err := router(all).Filesystems()
	require.NoError(t, err)
	assert.Equal(t, []hostfacts.Filesystem{
		{Device: "overlayfs:/overlay", Mount: "/", Type: "overlay", Space: flash},
		{Device: "/dev/mmcblk0p1", Mount: "/mnt/sd", Type: "ext4", Space: card},
		{Device: "/dev/mtdblock4", Mount: "/overlay", Type: "jffs2", Space: flash},
		{Device: "/dev/root", Mount: "/rom", Type: "squashfs", Space: rom},
		{Device: "tmpfs", Mount: "/tmp", Type: "tmpfs", Space: ram},
	}, list)

	t.Run("unmeasurable_is_left_out", func(t *testing.T) {
		list, err := router(map[string]hostfacts.Space{"/": flash, "/tmp": ram}).Filesystems()
		require.NoError(t, err)
		require.Len(t, list, 2)
		assert.Equal(t, "/", list[0].Mount)
		assert.Equal(t, "/tmp", list[1].Mount)
	})
}

func TestFixtureInterfaces(t *testing.T) {
	list, err := router(nil).Interfaces()
	require.NoError(t, err)
	assert.Equal(t, []hostfacts.Interface{
		{
			Name: "lo", Index: 1, MTU: 65536, SpeedMbit: -1, OperState: "unknown", AdminUp: true,
			Duplex: "unknown", Type: 772,
			Rx: hostfacts.Counters{Bytes: 3193, Packets: 29}, Tx: hostfacts.Counters{Bytes: 3193, Packets: 29},
		},
		{
			Name: "eth0", Index: 2, MTU: 1500, SpeedMbit: 100, HardwareAddr: net.HardwareAddr{0x00, 0x15, 0x5e, 0xaa, 0x01, 0x02},
			OperState: "up", AdminUp: true, Duplex: "full", Type: 1,
			Rx: hostfacts.Counters{Bytes: 9663676416, Packets: 7340032, Errors: 3, Drops: 17 + 5, Multicast: 4321},
			Tx: hostfacts.Counters{Bytes: 1234567890, Packets: 4567890, Errors: 1, Drops: 2},
		},
		{
			Name: "eth1", Index: 3, MTU: 1500, SpeedMbit: -1, HardwareAddr: net.HardwareAddr{0x00, 0x15, 0x5e, 0xaa, 0x01, 0x03},
			OperState: "down", Duplex: "unknown", Type: 1,
		},
		{
			Name: "br-lan", Index: 4, MTU: 1500, SpeedMbit: 100, HardwareAddr: net.HardwareAddr{0x00, 0x15, 0x5e, 0xaa, 0x01, 0x02},
			OperState: "up", AdminUp: true, Duplex: "unknown", Type: 1,
			Rx: hostfacts.Counters{Bytes: 9561000000, Packets: 7339000, Drops: 11, Multicast: 4300},
			Tx: hostfacts.Counters{Bytes: 1230000000, Packets: 4560000},
		},
		{
			Name: "wwan0", Index: 5, MTU: 1428, SpeedMbit: -1, OperState: "unknown", AdminUp: true,
			Duplex: "unknown", Type: 65534,
			Rx: hostfacts.Counters{Bytes: 52428800, Packets: 65536}, Tx: hostfacts.Counters{Bytes: 10485760, Packets: 32768, Drops: 4},
		},
	}, list)
}

func TestFixtureSystem(t *testing.T) {
	h := router(nil)
	uptime, err := h.Uptime()
	require.NoError(t, err)
	assert.Equal(t, 84312*time.Second+570*time.Millisecond, uptime)

	release, err := h.Release()
	require.NoError(t, err)
	assert.Equal(t, hostfacts.Release{ID: "openwrt", Name: "OpenWrt", Version: "23.05.5", PrettyName: "OpenWrt 23.05.5"}, release)

	for name, c := range map[string]struct {
		read func() (string, error)
		want string
	}{
		"hostname": {h.Hostname, "fieldgate-7"},
		"kernel":   {h.Kernel, "5.15.167"},
		"model":    {h.Model, "Example IG-100 (MIPS)"},
		"serial":   {h.Serial, "00155eaa0102"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := c.read()
			require.NoError(t, err)
			assert.Equal(t, c.want, got)
		})
	}
}

func TestSpace(t *testing.T) {
	want := hostfacts.Space{TotalKiB: 10, FreeKiB: 4, AvailableKiB: 3, Inodes: 2, InodesFree: 1}
	h := router(map[string]hostfacts.Space{"/mnt/sd": want})
	got, err := h.Space("/mnt/sd")
	require.NoError(t, err)
	assert.Equal(t, want, got)

	_, err = h.Space("/gone")
	require.EqualError(t, err, "hostfacts: space of /gone: "+syscall.EIO.Error())
	require.ErrorIs(t, err, syscall.EIO)
}

func TestUsage(t *testing.T) {
	for name, c := range map[string]struct {
		space   hostfacts.Space
		used    uint64
		percent uint64
		known   bool
	}{
		"none_known":        {hostfacts.Space{TotalKiB: 100, FreeKiB: 42}, 58, 0, false},
		"reserved_not_used": {hostfacts.Space{TotalKiB: 100, FreeKiB: 42, AvailableKiB: 30}, 58, 0, false},
		"rounds_down":       {hostfacts.Space{Inodes: 1000, InodesFree: 946}, 0, 5, true},
		"rounds_up":         {hostfacts.Space{Inodes: 1000, InodesFree: 945}, 0, 6, true},
		"full":              {hostfacts.Space{TotalKiB: 5, Inodes: 7}, 5, 100, true},
		"racing_reading":    {hostfacts.Space{TotalKiB: 5, FreeKiB: 6, Inodes: 7, InodesFree: 8}, 0, 0, true},
		"huge":              {hostfacts.Space{Inodes: 1<<64 - 1, InodesFree: 1}, 0, 100, true},
	} {
		t.Run(name, func(t *testing.T) {
			f := hostfacts.Filesystem{Space: c.space}
			percent, known := f.InodesUsedPercent()
			assert.Equal(t, c.used, f.UsedKiB())
			assert.Equal(t, c.percent, percent)
			assert.Equal(t, c.known, known)
		})
	}
}

// tree writes the files below a new root and returns it.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	return root
}

// fixtureWith copies testdata/root and replaces the files; a file with the
// text "-" is left out.
func fixtureWith(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	require.NoError(t, os.CopyFS(root, os.DirFS("testdata/root")))
	for name, text := range files {
		path := filepath.Join(root, name)
		if text == "-" {
			require.NoError(t, os.Remove(path))
			continue
		}
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	return root
}

// errOf drops the value of a reading.
func errOf[T any](_ T, err error) error { return err }

var errTest = errors.New("of the test")
