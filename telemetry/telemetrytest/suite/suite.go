// Package suite is the conformance test of every telemetry.Source.
package suite

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/telemetry"
)

// TestSource tests that what open returns is a Source that the agent can
// use. open is called once for each case.
func TestSource(t *testing.T, open func(t *testing.T) telemetry.Source) {
	for _, c := range []struct {
		name string
		run  func(t *testing.T, s telemetry.Source)
	}{
		{"knows_the_device", knowsTheDevice},
		{"names_are_unique", namesAreUnique},
		{"counters_never_fall", countersNeverFall},
		{"sample_is_a_copy", sampleIsACopy},
		{"concurrent_calls", concurrentCalls},
		{"ended_ctx", endedCtx},
		{"fits_the_wire_format", fitsTheWireFormat},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, open(t)) })
	}
}

func sample(t *testing.T, s telemetry.Source) telemetry.Sample {
	t.Helper()
	got, err := s.Sample(t.Context())
	require.NoError(t, err)
	return got
}

// The facts that every device has.
func knowsTheDevice(t *testing.T, s telemetry.Source) {
	got := sample(t, s)
	assert.NotEmpty(t, got.Host.Value, "host name")
	assert.NotEmpty(t, got.Firmware.Value, "firmware version")
	assert.NotZero(t, got.Uptime.Value, "uptime")
	assert.True(t, got.Load.One.Known && got.Load.Five.Known && got.Load.Fifteen.Known, "load")
	assert.NotZero(t, got.CPU.Idle.Value+got.CPU.User.Value+got.CPU.System.Value, "processor time")
	assert.NotZero(t, got.Memory.Total.Value, "memory")
	assert.NotZero(t, got.Memory.Available.Value, "available memory")
	assert.LessOrEqual(t, got.Memory.Available.Value, got.Memory.Total.Value)
	for _, d := range got.Disks {
		assert.LessOrEqual(t, d.Used.Value, d.Total.Value, "used of %s", d.Mount)
		assert.LessOrEqual(t, d.Available.Value, d.Total.Value, "available of %s", d.Mount)
		assert.LessOrEqual(t, d.InodesPercent.Value, uint64(100), "inodes of %s", d.Mount)
	}
	if got.Modem.SignalDBm.Known {
		assert.Negative(t, got.Modem.SignalDBm.Value, "signal strength is in dBm")
	}
}

func namesAreUnique(t *testing.T, s telemetry.Source) {
	got := sample(t, s)
	seen := map[string]bool{}
	for _, d := range got.Disks {
		assert.True(t, strings.HasPrefix(d.Mount, "/"), "mount point %q", d.Mount)
		assert.False(t, seen[d.Mount], "mount point %q twice", d.Mount)
		seen[d.Mount] = true
	}
	clear(seen)
	for _, i := range got.Interfaces {
		assert.NotEmpty(t, i.Name)
		assert.False(t, seen[i.Name], "interface %q twice", i.Name)
		seen[i.Name] = true
	}
}

// The rates of change are the server's to calculate. On a live host idle and
// iowait may step back by a little (proc_stat(5)), so they are left out.
func countersNeverFall(t *testing.T, s telemetry.Source) {
	before := sample(t, s)
	time.Sleep(50 * time.Millisecond)
	after := sample(t, s)
	assert.GreaterOrEqual(t, after.Uptime.Value, before.Uptime.Value, "uptime")
	for name, pair := range map[string][2]telemetry.Maybe[uint64]{
		"user":    {before.CPU.User, after.CPU.User},
		"system":  {before.CPU.System, after.CPU.System},
		"irq":     {before.CPU.IRQ, after.CPU.IRQ},
		"nice":    {before.CPU.Nice, after.CPU.Nice},
		"softirq": {before.CPU.SoftIRQ, after.CPU.SoftIRQ},
	} {
		assert.Equal(t, pair[0].Known, pair[1].Known, name)
		assert.GreaterOrEqual(t, pair[1].Value, pair[0].Value, name)
	}
	for _, a := range after.Interfaces {
		for _, b := range before.Interfaces {
			if a.Name == b.Name {
				assert.GreaterOrEqual(t, a.RxBytes.Value, b.RxBytes.Value, "rx bytes of %s", a.Name)
				assert.GreaterOrEqual(t, a.TxBytes.Value, b.TxBytes.Value, "tx bytes of %s", a.Name)
			}
		}
	}
}

func sampleIsACopy(t *testing.T, s telemetry.Source) {
	first := sample(t, s)
	for i := range first.Disks {
		first.Disks[i].Mount = "overwritten"
	}
	for i := range first.Interfaces {
		first.Interfaces[i].Name = "overwritten"
	}
	second := sample(t, s)
	for _, d := range second.Disks {
		assert.NotEqual(t, "overwritten", d.Mount)
	}
	for _, i := range second.Interfaces {
		assert.NotEqual(t, "overwritten", i.Name)
	}
}

func concurrentCalls(t *testing.T, s telemetry.Source) {
	want := sample(t, s)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			got, err := s.Sample(t.Context())
			assert.NoError(t, err)
			assert.Equal(t, want.Host, got.Host)
		})
	}
	wg.Wait()
}

func endedCtx(t *testing.T, s telemetry.Source) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Sample(ctx)
	require.ErrorIs(t, err, context.Canceled)
	sample(t, s) // and is well again afterwards
}

func fitsTheWireFormat(t *testing.T, s telemetry.Source) {
	m := &telemetry.Message{Version: telemetry.Version, Serial: "conformance", Sample: sample(t, s)}
	parts, err := telemetry.Split(m, telemetry.MaxDatagram)
	require.NoError(t, err)
	for i := range parts {
		b, err := telemetry.AppendMessage(nil, &parts[i])
		require.NoError(t, err)
		require.LessOrEqual(t, len(b), telemetry.MaxDatagram)
		got, err := telemetry.Decode(b)
		require.NoError(t, err)
		again, err := telemetry.AppendMessage(nil, got)
		require.NoError(t, err)
		require.Equal(t, b, again, "part %d does not survive the wire", i+1)
	}
}
