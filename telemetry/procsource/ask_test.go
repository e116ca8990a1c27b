package procsource_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/procsource"
	"github.com/fieldgate/fieldgate/telemetry/telemetrytest/suite"
)

func modem(context.Context) (telemetry.Modem, error) {
	return telemetry.Modem{SignalDBm: telemetry.Known(int64(-71)), Technology: telemetry.Known(telemetry.TechLTE)}, nil
}

func tunnels(up, down uint64) func(context.Context) (telemetry.Tunnels, error) {
	return func(context.Context) (telemetry.Tunnels, error) {
		return telemetry.Tunnels{Up: telemetry.Known(up), Down: telemetry.Known(down)}, nil
	}
}

func TestSourceWithFactsOfTheProgram(t *testing.T) {
	suite.TestSource(t, func(*testing.T) telemetry.Source {
		return procsource.New(procsource.Options{
			Root: fixture, Modem: modem, IPsec: tunnels(2, 1), OpenVPN: tunnels(0, 3),
		})
	})
}

func TestSampleAsksTheProgram(t *testing.T) {
	got, err := procsource.New(procsource.Options{
		Root: fixture, Modem: modem, IPsec: tunnels(2, 1), OpenVPN: tunnels(0, 3),
	}).Sample(t.Context())
	require.NoError(t, err)
	assert.Equal(t, telemetry.Known(int64(-71)), got.Modem.SignalDBm)
	assert.Equal(t, telemetry.Known(telemetry.TechLTE), got.Modem.Technology)
	assert.Equal(t, telemetry.Tunnels{Up: telemetry.Known(uint64(2)), Down: telemetry.Known(uint64(1))}, got.IPsec)
	assert.Equal(t, telemetry.Tunnels{Up: telemetry.Known(uint64(0)), Down: telemetry.Known(uint64(3))}, got.OpenVPN)
}

// One that fails takes nothing away from the others, and half of its answer
// is no answer.
func TestSampleOfFailingFunction(t *testing.T) {
	broken := errors.New("no answer on the serial port")
	got, err := procsource.New(procsource.Options{
		Root: fixture,
		Modem: func(ctx context.Context) (telemetry.Modem, error) {
			m, _ := modem(ctx)
			return m, broken
		},
		IPsec: tunnels(2, 1),
	}).Sample(t.Context())
	require.ErrorIs(t, err, broken)
	require.ErrorContains(t, err, "modem: no answer")
	assert.Equal(t, telemetry.Modem{}, got.Modem)
	assert.True(t, got.IPsec.Up.Known)
	assert.True(t, got.Uptime.Known)
	assert.Equal(t, telemetry.Tunnels{}, got.OpenVPN, "nobody knows")
}

// One that hangs costs its own facts, not the others' and not the report; it
// is not called again until it is back.
func TestSampleOfHangingFunction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		release := make(chan struct{})
		s := procsource.New(procsource.Options{
			Root: fixture,
			Modem: func(ctx context.Context) (telemetry.Modem, error) {
				if calls.Add(1) == 1 {
					<-release // whatever ctx says
				}
				return modem(ctx)
			},
			IPsec: func(ctx context.Context) (telemetry.Tunnels, error) {
				time.Sleep(3 * time.Second)
				return tunnels(2, 1)(ctx)
			},
		})
		sample := func() (telemetry.Sample, error) {
			ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
			defer cancel()
			return s.Sample(ctx)
		}
		began := time.Now()
		got, err := sample()
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "modem")
		assert.NotContains(t, err.Error(), "ipsec")
		assert.Equal(t, 4*time.Second, time.Since(began))
		assert.Equal(t, telemetry.Modem{}, got.Modem)
		assert.True(t, got.IPsec.Up.Known, "slower than the kernel, but in time")
		assert.True(t, got.Uptime.Known)

		began = time.Now()
		got, err = sample()
		require.ErrorContains(t, err, "modem: an earlier call has not come back")
		assert.Equal(t, 3*time.Second, time.Since(began), "only the one that answers is waited for")
		assert.Equal(t, int32(1), calls.Load())
		assert.True(t, got.IPsec.Up.Known)

		close(release)
		synctest.Wait()
		got, err = sample()
		require.NoError(t, err)
		assert.True(t, got.Modem.SignalDBm.Known)
		assert.Equal(t, int32(2), calls.Load())
	})
}

func TestSampleOfEndedCtxAsksNobody(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := procsource.New(procsource.Options{
		Root: fixture,
		Modem: func(context.Context) (telemetry.Modem, error) {
			assert.Fail(t, "called")
			return telemetry.Modem{}, nil
		},
	}).Sample(ctx)
	require.ErrorIs(t, err, context.Canceled)
}
