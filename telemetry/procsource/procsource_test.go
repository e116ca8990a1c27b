package procsource_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/procsource"
	"github.com/fieldgate/fieldgate/telemetry/telemetrytest/suite"
)

// fixture is the tree that the reader of host facts tests itself on.
const fixture = "../../internal/hostfacts/testdata/root"

func TestSourceOnFixture(t *testing.T) {
	suite.TestSource(t, func(*testing.T) telemetry.Source {
		return procsource.New(procsource.Options{Root: fixture})
	})
}

func TestIntegrationSourceOnLiveHost(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the live host is no Linux")
	}
	suite.TestSource(t, func(*testing.T) telemetry.Source {
		return procsource.New(procsource.Options{Firmware: "test"})
	})
}

func TestSampleOfFixture(t *testing.T) {
	got, err := procsource.New(procsource.Options{Root: fixture}).Sample(t.Context())
	require.NoError(t, err)
	k := telemetry.Known[uint64]
	assert.Equal(t, telemetry.Known("fieldgate-7"), got.Host)
	assert.Equal(t, telemetry.Known("OpenWrt 23.05.5"), got.Firmware)
	assert.Equal(t, k(84312), got.Uptime)
	assert.Equal(t, telemetry.Load{One: k(7), Five: k(152), Fifteen: k(1200)}, got.Load)
	assert.Equal(t, telemetry.CPU{
		User: k(184467), System: k(90871), Idle: k(8123456), IRQ: k(12),
		Nice: k(1203), IOWait: k(4410), SoftIRQ: k(30333), Steal: k(0),
	}, got.CPU)
	assert.Equal(t, k(59656), got.Memory.Total)
	assert.Equal(t, k(21500), got.Memory.Available)
	assert.Equal(t, k(2108), got.Memory.Buffers)
	assert.Equal(t, k(16400), got.Memory.Cached, "with the reclaimable slab, as free(1) shows it")

	names := make([]string, len(got.Interfaces))
	for i, f := range got.Interfaces {
		names[i] = f.Name
	}
	assert.Equal(t, []string{"eth0", "eth1", "br-lan", "wwan0"}, names, "by index, without the loopback")
	assert.Equal(t, k(9663676416), got.Interfaces[0].RxBytes, "above 32 bits")
	assert.Equal(t, k(1234567890), got.Interfaces[0].TxBytes)
	assert.Equal(t, k(100), got.Interfaces[0].Speed)
	assert.False(t, got.Interfaces[1].Speed.Known, "the link is down")
	assert.False(t, got.Interfaces[3].Speed.Known, "a modem has none")
	assert.Equal(t, k(1428), got.Interfaces[3].MTU)

	assert.Equal(t, telemetry.Modem{}, got.Modem, "no fact of the kernel")
	assert.Equal(t, telemetry.Tunnels{}, got.IPsec)
}

// The sizes of the fixture's filesystems are those of the machine that tests.
func TestSampleOfDisks(t *testing.T) {
	got, err := procsource.New(procsource.Options{Root: fixture}).Sample(t.Context())
	require.NoError(t, err)
	require.NotEmpty(t, got.Disks)
	assert.Equal(t, "/", got.Disks[0].Mount)
	assert.NotZero(t, got.Disks[0].Total.Value)
	assert.NotZero(t, got.Disks[0].Used.Value)
}

func TestFirmwareOfTheProgramComesFirst(t *testing.T) {
	got, err := procsource.New(procsource.Options{Root: fixture, Firmware: "9.8.7"}).Sample(t.Context())
	require.NoError(t, err)
	assert.Equal(t, telemetry.Known("9.8.7"), got.Firmware)
}

// A host that tells nothing gives unknown facts and says what is missing.
func TestSampleOfEmptyRoot(t *testing.T) {
	got, err := procsource.New(procsource.Options{Root: t.TempDir()}).Sample(t.Context())
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "os-release")
	require.ErrorContains(t, err, "proc")
	assert.Equal(t, telemetry.Sample{}, got)
}

// One broken file takes no other fact away.
func TestSampleOfBrokenFile(t *testing.T) {
	root := t.TempDir()
	require.NoError(t, os.CopyFS(root, os.DirFS(fixture)))
	require.NoError(t, os.WriteFile(root+"/proc/loadavg", []byte("nonsense"), 0o644))
	got, err := procsource.New(procsource.Options{Root: root}).Sample(t.Context())
	require.ErrorContains(t, err, "loadavg")
	assert.Equal(t, telemetry.Load{}, got.Load)
	assert.True(t, got.Uptime.Known)
	assert.NotEmpty(t, got.Interfaces)
}

// The kernel takes back time of waiting; what is reported never falls.
func TestCountersNeverFall(t *testing.T) {
	root := t.TempDir()
	require.NoError(t, os.CopyFS(root, os.DirFS(fixture)))
	source := procsource.New(procsource.Options{Root: root})
	for _, step := range []struct{ kernel, want uint64 }{{500, 500}, {480, 500}, {501, 501}} {
		line := fmt.Sprintf("cpu  1 0 1 1 %d 0 0 0 0 0\ncpu0 1 0 1 1 %d 0 0 0 0 0\n", step.kernel, step.kernel)
		require.NoError(t, os.WriteFile(filepath.Join(root, "proc/stat"), []byte(line), 0o600))
		sample, err := source.Sample(t.Context())
		require.NoError(t, err)
		assert.Equal(t, telemetry.Known(step.want), sample.CPU.IOWait)
	}
}
