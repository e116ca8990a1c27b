package serialport_test

import (
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/apitest/suite"
	"github.com/fieldgate/fieldgate/api/atmodem"
	"github.com/fieldgate/fieldgate/api/atmodem/atmodemtest"
	"github.com/fieldgate/fieldgate/api/atmodem/serialport"
	"github.com/fieldgate/fieldgate/internal/ptypair"
)

// plug puts a fake modem on a pseudo terminal, under a name that stays when
// it is unplugged.
func plug(t *testing.T) (*atmodemtest.Modem, *ptypair.Adapter) {
	t.Helper()
	adapter, err := ptypair.NewAdapter(t.TempDir())
	require.NoError(t, err)
	fake := atmodemtest.NewModem()
	serve(t, fake, adapter)
	return fake, adapter
}

func serve(t *testing.T, fake *atmodemtest.Modem, adapter *ptypair.Adapter) {
	pty := adapter.Pair()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = fake.Serve(pty)
	}()
	t.Cleanup(func() {
		_ = pty.Close()
		<-done
	})
}

func open(t *testing.T, name string, o atmodem.Options) *atmodem.Modem {
	t.Helper()
	m := atmodem.New(serialport.Port{Device: name}.Open, o)
	t.Cleanup(func() { assert.NoError(t, m.Close()) })
	return m
}

func TestIntegrationConforms(t *testing.T) {
	suite.TestModem(t, func(t *testing.T) api.Modem {
		_, adapter := plug(t)
		return open(t, adapter.Name(), atmodem.Options{})
	})
}

func TestIntegrationNoDevice(t *testing.T) {
	name := filepath.Join(t.TempDir(), "ttyUSB2")
	suite.TestNoModem(t, func(t *testing.T) api.Modem { return open(t, name, atmodem.Options{}) })
}

func TestIntegrationAllFacts(t *testing.T) {
	fake, adapter := plug(t)
	fake.SetFaults(atmodemtest.Faults{
		News: []string{"RING", "^RSSI:19", "+CREG: 5"}, Junk: []byte{0xff, 0, 0x80, '\r', '\n'}, Slow: 20 * time.Microsecond,
	})
	info, err := open(t, adapter.Name(), atmodem.Options{}).ModemInfo(t.Context())
	require.NoError(t, err)
	assert.Equal(t, fake.Info(), info)
}

// The modem comes back under its name.
func TestIntegrationPluggedInAgain(t *testing.T) {
	fake, adapter := plug(t)
	m := open(t, adapter.Name(), atmodem.Options{TTL: time.Nanosecond})
	for range 3 {
		info, err := m.ModemInfo(t.Context())
		require.NoError(t, err)
		require.Equal(t, fake.Info(), info)

		require.NoError(t, adapter.Unplug())
		_, err = m.ModemInfo(t.Context())
		require.ErrorIs(t, err, api.ErrNotReady)
		require.ErrorIs(t, err, fs.ErrNotExist)

		require.NoError(t, adapter.Plug())
		fake.Restart()
		serve(t, fake, adapter)
	}
}

// A program that neither reads nor writes is no modem.
func TestIntegrationNobodyThere(t *testing.T) {
	adapter, err := ptypair.NewAdapter(t.TempDir())
	require.NoError(t, err)
	defer func() { assert.NoError(t, adapter.Unplug()) }()
	m := open(t, adapter.Name(), atmodem.Options{Timeout: 200 * time.Millisecond})
	_, err = m.ModemInfo(t.Context())
	require.ErrorIs(t, err, api.ErrNotReady)
	require.ErrorContains(t, err, "does not answer")
}

func TestIntegrationOpen(t *testing.T) {
	_, adapter := plug(t)
	plain := filepath.Join(t.TempDir(), "plain")
	require.NoError(t, os.WriteFile(plain, nil, 0o600))

	_, err := serialport.Port{Device: plain}.Open(t.Context())
	require.EqualError(t, err, "open "+plain+": not a serial device")
	_, err = serialport.Port{Device: adapter.Name(), Baud: -1}.Open(t.Context())
	require.ErrorIs(t, err, fs.ErrInvalid)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if port, err := (serialport.Port{Device: adapter.Name()}).Open(ctx); err == nil { // both were ready
		require.NoError(t, port.Close())
	} else {
		require.ErrorIs(t, err, context.Canceled)
	}
}

// Write does not wait for a modem that takes nothing, and Close ends Read.
func TestIntegrationClose(t *testing.T) {
	adapter, err := ptypair.NewAdapter(t.TempDir())
	require.NoError(t, err)
	defer func() { assert.NoError(t, adapter.Unplug()) }()
	port, err := serialport.Port{Device: adapter.Name(), Baud: 9600}.Open(t.Context())
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, port)
		ended <- err
	}()
	for range 100 {
		n, err := port.Write(make([]byte, 1000))
		require.NoError(t, err)
		require.Equal(t, 1000, n)
	}
	require.NoError(t, port.Close())
	select {
	case err := <-ended:
		require.Error(t, err)
	case <-time.After(10 * time.Second):
		require.FailNow(t, "Close has not ended Read")
	}
	require.ErrorIs(t, port.Close(), os.ErrClosed)
	_, err = port.Read(make([]byte, 1))
	require.ErrorIs(t, err, os.ErrClosed)
	_, err = port.Write([]byte("AT\r"))
	require.ErrorIs(t, err, os.ErrClosed)
}
