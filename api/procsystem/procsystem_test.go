package procsystem // the tests measure a disk that they bring themselves

import (
	"context"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/apitest/suite"
	"github.com/fieldgate/fieldgate/internal/hostfacts"
)

const fixture = "../../internal/hostfacts/testdata/root"

// router returns the provider of the fixture, whose data is on path.
func router(root, path string, o Options) *System {
	return newSystem(hostfacts.New(hostfacts.Options{
		Root: root,
		Statfs: func(asked string) (hostfacts.Space, error) {
			if asked != path {
				return hostfacts.Space{}, syscall.ENOENT
			}
			return hostfacts.Space{TotalKiB: 8448, FreeKiB: 6100, AvailableKiB: 6000}, nil
		},
	}), o)
}

func TestSuite(t *testing.T) {
	t.Run("fixture", func(t *testing.T) {
		suite.TestSystem(t, func(*testing.T) api.System { return router(fixture, "/", Options{}) })
	})
	t.Run("live", func(t *testing.T) {
		if runtime.GOOS != "linux" {
			t.Skip("this host has no /proc of Linux")
		}
		suite.TestSystem(t, func(*testing.T) api.System { return New(Options{}) })
	})
}

func TestFixture(t *testing.T) {
	bytes := func(kib uint64) *uint64 { n := kib * 1024; return &n }
	whole := api.SystemInfo{
		Hostname: "fieldgate-7", Model: "Example IG-100 (MIPS)", Serial: "00155eaa0102",
		FirmwareVersion: "OpenWrt 23.05.5", Kernel: "5.15.167",
		Uptime:      84312*time.Second + 570*time.Millisecond,
		Load:        &api.Load{One: 0.07, Five: 1.52, Fifteen: 12},
		MemoryTotal: bytes(59656), MemoryAvailable: bytes(21500),
		DiskTotal: bytes(8448), DiskAvailable: bytes(6000),
	}
	for name, c := range map[string]struct {
		path    string
		options Options
		change  func(want *api.SystemInfo)
	}{
		"all_from_the_host": {"/", Options{}, func(*api.SystemInfo) {}},
		"overridden": {
			"/", Options{Model: "Gate", Serial: "G-1", FirmwareVersion: "2.1.0"},
			func(want *api.SystemInfo) {
				want.Model, want.Serial, want.FirmwareVersion = "Gate", "G-1", "2.1.0"
			},
		},
		"data_elsewhere": {"/mnt/sd", Options{DataPath: "/mnt/sd"}, func(*api.SystemInfo) {}},
		"data_not_mounted": {
			"/", Options{DataPath: "/mnt/sd"},
			func(want *api.SystemInfo) { want.DiskTotal, want.DiskAvailable = nil, nil },
		},
	} {
		t.Run(name, func(t *testing.T) {
			want := whole
			c.change(&want)
			got, err := router(fixture, c.path, c.options).SystemInfo(t.Context())
			require.NoError(t, err)
			assert.WithinDuration(t, time.Now(), got.Time, time.Minute)
			got.Time = time.Time{}
			assert.Equal(t, want, got)
		})
	}
}

// Each missing file costs its own facts and no others.
func TestMissingFact(t *testing.T) {
	for file, drop := range map[string]func(want *api.SystemInfo){
		"proc/sys/kernel/hostname":  func(i *api.SystemInfo) { i.Hostname = "" },
		"proc/sys/kernel/osrelease": func(i *api.SystemInfo) { i.Kernel = "" },
		"tmp/sysinfo/model":         func(i *api.SystemInfo) { i.Model = "" },
		"sys/class/net":             func(i *api.SystemInfo) { i.Serial = "" },
		"etc/os-release":            func(i *api.SystemInfo) { i.FirmwareVersion = "" },
		"proc/uptime":               func(i *api.SystemInfo) { i.Uptime = 0 },
		"proc/loadavg":              func(i *api.SystemInfo) { i.Load = nil },
		"proc/meminfo":              func(i *api.SystemInfo) { i.MemoryTotal, i.MemoryAvailable = nil, nil },
	} {
		t.Run(filepath.Base(file), func(t *testing.T) {
			root := t.TempDir()
			require.NoError(t, os.CopyFS(root, os.DirFS(fixture)))
			whole, err := router(root, "/", Options{}).SystemInfo(t.Context())
			require.NoError(t, err)
			require.NoError(t, os.RemoveAll(filepath.Join(root, file)))
			got, err := router(root, "/", Options{}).SystemInfo(t.Context())
			require.NoError(t, err)
			drop(&whole)
			got.Time = whole.Time
			assert.Equal(t, whole, got)
		})
	}
}

func TestNothingReadable(t *testing.T) {
	root := t.TempDir()
	_, err := router(root, "/none", Options{Model: "Gate"}).SystemInfo(t.Context())
	require.ErrorIs(t, err, fs.ErrNotExist)
	assert.ErrorContains(t, err, "procsystem: no fact can be read: hostfacts: ")
	assert.NotContains(t, err.Error(), "\n")
}

func TestContextEndsMidway(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	s := newSystem(hostfacts.New(hostfacts.Options{
		Root: fixture,
		Statfs: func(string) (hostfacts.Space, error) {
			cancel(errors.New("the client has gone"))
			return hostfacts.Space{}, nil
		},
	}), Options{})
	info, err := s.SystemInfo(ctx)
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, api.SystemInfo{}, info)
}

func TestTextOfFirmwareTables(t *testing.T) {
	root := t.TempDir()
	for file, text := range map[string]string{
		"tmp/sysinfo/model":        "Gate\xae 7\n",
		"etc/os-release":           "PRETTY_NAME=\" Firmware 2 \"\n",
		"proc/sys/kernel/hostname": "g7\n",
	} {
		path := filepath.Join(root, file)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	info, err := router(root, "/", Options{}).SystemInfo(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "Gate\uFFFD 7", info.Model)
	assert.Equal(t, "Firmware 2", info.FirmwareVersion)
}

func TestBytesOf(t *testing.T) {
	assert.EqualValues(t, 3*1024, *bytesOf(3))
	assert.EqualValues(t, uint64(math.MaxUint64-1023), *bytesOf(math.MaxUint64))
}
