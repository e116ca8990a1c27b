package receiver_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/lifecycle/lifecycletest"
	"github.com/fieldgate/fieldgate/internal/memnet"
	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/receiver"
	"github.com/fieldgate/fieldgate/telemetry/receiver/receivertest"
)

func TestContract(t *testing.T) {
	lifecycletest.TestService(t, func(t *testing.T) lifecycletest.Subject {
		var n memnet.Network
		o := receiver.Options{Sink: new(receivertest.Memory), Keys: receiver.KeyFunc(keys), ListenPacket: n.ListenPacket}
		c := config()
		c.Listen = append(c.Listen, "192.0.2.1:5151")
		s, err := receiver.New(c, o)
		require.NoError(t, err)
		disabled, err := receiver.New(receiver.DefaultConfig(), receiver.Options{})
		require.NoError(t, err)
		return lifecycletest.Subject{Service: s, Disabled: disabled, Resources: n.Open, Refuse: n.Refuse, Hold: n.Hold}
	})
}

func TestNewRefuses(t *testing.T) {
	_, err := receiver.New(config(), receiver.Options{})
	require.ErrorContains(t, err, "Options.Sink is required")
	require.ErrorContains(t, err, "Options.Keys is required unless allow_bare is set")

	c := config()
	c.Sockets = -1
	_, err = receiver.New(c, receiver.Options{})
	var faults receiver.ConfigError
	require.ErrorAs(t, err, &faults)
}

// A socket that cannot be opened gives the others back.
func TestStartFails(t *testing.T) {
	var n memnet.Network
	taken, err := n.ListenPacket(t.Context(), "udp", "192.0.2.1:5151")
	require.NoError(t, err)
	defer func() { require.NoError(t, taken.Close()) }()
	c := config()
	c.Listen = append(c.Listen, "192.0.2.1:5151")
	s, err := receiver.New(c, receiver.Options{Sink: new(receivertest.Memory), Keys: receiver.KeyFunc(keys), ListenPacket: n.ListenPacket})
	require.NoError(t, err)
	require.ErrorContains(t, s.Start(t.Context()), "address already in use")
	assert.Equal(t, 1, n.Open())
	require.NoError(t, s.Stop(t.Context()))
}

func TestBeforeStart(t *testing.T) {
	s, err := receiver.New(config(), receiver.Options{Sink: new(receivertest.Memory), Keys: receiver.KeyFunc(keys)})
	require.NoError(t, err)
	assert.Empty(t, s.Addrs())
	assert.Zero(t, s.Stats())
	assert.Zero(t, s.Status())
	assert.False(t, s.Forget("GK0001"))
	_, known := s.Device("GK0001")
	assert.False(t, known)
	for range s.Devices() {
		assert.Fail(t, "a device before the start")
	}
	assert.Equal(t, "receiver", s.String())
}

func TestRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, config())
		now := time.Now()
		b := report(t, "GK0001", 3, 5)
		s.send(b)
		records := s.sink.Records()
		require.Len(t, records, 1)
		assert.Equal(t, receiver.Record{
			Received: now,
			Source:   netip.MustParseAddrPort(clientAddr),
			Device:   "GK0001",
			Sealed:   true,
			Raw:      b,
			Message:  message("GK0001", 3, 5),
		}, records[0])
		assert.Equal(t, []netip.AddrPort{netip.MustParseAddrPort(serverAddr)}, s.Addrs())
		assert.Equal(t, receiver.Stats{Datagrams: 1, Bytes: uint64(len(b)), Received: 1}, s.Stats())
	})
}

// What comes out of the order of checks, each kind by itself.
func TestRefused(t *testing.T) {
	valid := func(t *testing.T) []byte { return report(t, "GK0001", 3, 5) }
	for name, c := range map[string]struct {
		datagram func(t *testing.T) []byte
		want     receiver.Stats
	}{
		"empty":     {func(*testing.T) []byte { return nil }, receiver.Stats{Malformed: 1}},
		"junk":      {func(*testing.T) []byte { return []byte("GET / HTTP/1.1\r\n") }, receiver.Stats{Malformed: 1}},
		"encrypted": {func(*testing.T) []byte { return []byte{0xd0, 0x83} }, receiver.Stats{Malformed: 1}},
		"cut off":   {func(t *testing.T) []byte { b := valid(t); return b[:len(b)-1] }, receiver.Stats{Malformed: 1}},
		"too long":  {func(*testing.T) []byte { return make([]byte, receiver.MaxPacket+1) }, receiver.Stats{Truncated: 1}},
		"longest":   {func(*testing.T) []byte { return make([]byte, receiver.MaxPacket) }, receiver.Stats{Malformed: 1}},
		"bare":      {func(t *testing.T) []byte { return bare(t, message("GK0001", 3, 5)) }, receiver.Stats{Bare: 1}},
		"unknown":   {func(t *testing.T) []byte { return report(t, "XX0001", 3, 5) }, receiver.Stats{Unknown: 1}},
		"key store": {func(t *testing.T) []byte { return report(t, "GKERR", 3, 5) }, receiver.Stats{KeyErrors: 1}},
		"one bit of the MAC": {func(t *testing.T) []byte {
			b := valid(t)
			b[len(b)-1] ^= 1
			return b
		}, receiver.Stats{BadMAC: 1}},
		"one bit of the message": {func(t *testing.T) []byte {
			b := valid(t)
			b[len(b)-10] ^= 1
			return b
		}, receiver.Stats{BadMAC: 1}},
		"key of another": {func(t *testing.T) []byte {
			key := telemetry.DeriveKey(masterKey(), "GK0002")
			b, err := telemetry.AppendSealed(nil, message("GK0001", 3, 5), key)
			require.NoError(t, err)
			return b
		}, receiver.Stats{BadMAC: 1}},
		"an ack sent back": {func(t *testing.T) []byte {
			key := telemetry.DeriveKey(masterKey(), "GK0001")
			b, err := telemetry.AppendAck(nil, &telemetry.Ack{Serial: "GK0001", Seq: 5}, key)
			require.NoError(t, err)
			return b
		}, receiver.Stats{Malformed: 1}},
		"too many parts": {func(t *testing.T) []byte {
			m := message("GK0001", 3, 5)
			m.Part = telemetry.Part{Index: 1, Count: receiver.MaxParts + 1}
			return sealed(t, m)
		}, receiver.Stats{Malformed: 1}},
	} {
		bubble(t, name, func(t *testing.T) {
			s := start(t, config())
			b := c.datagram(t)
			s.send(b)
			c.want.Datagrams, c.want.Bytes = 1, uint64(len(b))
			if c.want.Truncated != 0 {
				c.want.Bytes = receiver.MaxPacket + 1
			}
			assert.Equal(t, c.want, s.Stats())
			assert.Zero(t, s.sink.Writes())
			assert.Zero(t, s.Status().Devices, "nobody has proven to be a device")
		})
	}
}

// A later version of the format says so by its first pair.
func TestFutureVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := config()
		c.AllowBare = true
		s := start(t, c)
		s.send([]byte{0xa3, 0x00, 0x02, 0x01, 0x63, 'X', 'X', '1', 0x03, 0x00})
		assert.Equal(t, uint64(1), s.Stats().Version)
		s.send([]byte{0xa3, 0x00, 0x01, 0x01, 0x63, 'X', 'X', '1', 0x03, 0x00})
		assert.Equal(t, uint64(1), s.Stats().Received)
	})
}

func TestBare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := config()
		c.AllowBare = true
		s := start(t, c)
		s.send(bare(t, message("XX0001", 3, 5)))
		records := s.sink.Records()
		require.Len(t, records, 1)
		assert.Equal(t, "XX0001", records[0].Device)
		assert.False(t, records[0].Sealed)

		s.send(bare(t, message("GK0001", 3, 5)))
		assert.Equal(t, uint64(1), s.Stats().Bare, "leaving the MAC away is no way around it")

		nobody := message("", 3, 5)
		s.send(bare(t, nobody))
		assert.Equal(t, uint64(1), s.Stats().Unknown)

		long := message(string(make([]byte, telemetry.MaxSerial+1)), 3, 5)
		s.send(bare(t, long))
		assert.Equal(t, uint64(1), s.Stats().Malformed)
		assert.Equal(t, 1, s.Status().Devices)
	})
}

// A device that has sealed its messages is not believed without, though its
// key be gone.
func TestBareAfterSealed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	c := config()
	c.AllowBare, c.StateFile = true, path
	bubble(t, "key taken away", func(t *testing.T) {
		var gone atomic.Bool
		s := start(t, c, func(o *receiver.Options) {
			o.Keys = receiver.KeyFunc(func(ctx context.Context, serial string) (telemetry.Key, bool, error) {
				if gone.Load() {
					return telemetry.Key{}, false, nil
				}
				return keys(ctx, serial)
			})
		})
		s.send(report(t, "GK0001", 1, 0))
		gone.Store(true)
		s.send(bare(t, message("GK0001", 1, 1)))
		assert.Equal(t, uint64(1), s.Stats().Bare)
		assert.True(t, s.device("GK0001").Sealed)
		s.send(bare(t, message("GK0002", 1, 1)))
		assert.False(t, s.device("GK0002").Sealed, "this one never had a key")
	})
	bubble(t, "after a restart", func(t *testing.T) {
		s := start(t, c, func(o *receiver.Options) { o.Keys = nil })
		s.send(bare(t, message("GK0001", 1, 1)))
		assert.Equal(t, uint64(1), s.Stats().Bare)
		require.True(t, s.Forget("GK0001"))
		s.send(bare(t, message("GK0001", 1, 1)))
		assert.False(t, s.device("GK0001").Sealed)
	})
}

func TestMaxDevices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := config()
		c.MaxDevices = 2
		s := start(t, c)
		for _, serial := range []string{"GK0001", "GK0002", "GK0003"} {
			s.send(report(t, serial, 1, 0))
			s.send(report(t, serial, 1, 1))
		}
		assert.Equal(t, uint64(2), s.Stats().MaxDevices)
		assert.Equal(t, 4, s.sink.Len())
		assert.Equal(t, 2, s.Status().Devices)
	})
}

// Strangers who need no key leave half of the room to those who have one,
// also after a restart and where nothing of theirs was ever stored.
func TestMaxDevicesBare(t *testing.T) {
	c := config()
	c.AllowBare, c.MaxDevices, c.StateFile = true, 5, filepath.Join(t.TempDir(), "state")
	for _, life := range []string{"first", "after a restart"} {
		bubble(t, life, func(t *testing.T) {
			s := start(t, c)
			s.sink.Fail(receiver.ErrNotStored)
			for i := range 5 {
				s.send(bare(t, message(fmt.Sprint("XX", life, i), 1, 0)))
			}
			s.sink.Fail(nil)
			for i := range 5 {
				s.send(bare(t, message(fmt.Sprint("XX", life, i), 1, 0)))
			}
			assert.LessOrEqual(t, s.Status().Devices, 3)
			if life == "first" {
				assert.Equal(t, 3, s.Status().Devices)
				return
			}
			for i := range 2 {
				s.send(report(t, fmt.Sprint("GK", i), 1, 0))
				assert.True(t, s.device(fmt.Sprint("GK", i)).Sealed)
			}
		})
	}
	bubble(t, "no keys", func(t *testing.T) {
		c.StateFile = ""
		s := start(t, c, func(o *receiver.Options) { o.Keys = nil })
		for i := range 6 {
			s.send(bare(t, message(fmt.Sprint("XX", i), 1, 0)))
		}
		assert.Equal(t, 5, s.Status().Devices)
	})
	bubble(t, "a key later", func(t *testing.T) {
		var late atomic.Bool
		s := start(t, c, func(o *receiver.Options) {
			o.Keys = receiver.KeyFunc(func(ctx context.Context, serial string) (telemetry.Key, bool, error) {
				if !late.Load() {
					return telemetry.Key{}, false, nil
				}
				return keys(ctx, serial)
			})
		})
		for i := range 3 {
			s.send(bare(t, message(fmt.Sprint("GK", i), 1, 0)))
		}
		late.Store(true)
		s.send(report(t, "GK0", 1, 1))
		s.send(bare(t, message("XX0", 1, 0)))
		s.send(bare(t, message("XX1", 1, 0)))
		assert.Equal(t, 4, s.Status().Devices, "the one that has a key now takes no room of the others")
	})
}

// A source that floods is heard for known devices only, for one second.
func TestSourceLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, config())
		s.send(report(t, "GK0001", 1, 0))
		for range 150 {
			s.post(report(t, "XX0001", 1, 0))
		}
		s.post(report(t, "GK0001", 1, 1))
		s.post(report(t, "GK0002", 1, 0))
		synctest.Wait()
		st := s.Stats()
		assert.Equal(t, uint64(100), st.Unknown)
		assert.Equal(t, uint64(51), st.Limited, "the rest of the flood, and a device that is not known")
		s.settle()
		assert.Equal(t, uint64(1), s.device("GK0001").Top)
		s.send(report(t, "GK0002", 1, 1))
		assert.Equal(t, uint64(1), s.device("GK0002").Top, "a second later all is well")
	})
}

// The clean-up of reading: a socket that fails is tried again.
func TestReadErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, config(), func(o *receiver.Options) {
			o.ListenPacket = faulty(o.ListenPacket, 3)
		})
		s.send(report(t, "GK0001", 1, 0))
		assert.Equal(t, uint64(3), s.Stats().ReadErrors)
		assert.Equal(t, uint64(1), s.Stats().Received)
	})
}

func TestDevices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, config())
		want := make(map[string]bool)
		for i := range 600 {
			serial := "GK" + string(rune('a'+i%26)) + string(rune('a'+i/26))
			want[serial] = true
			s.post(report(t, serial, 1, 0))
		}
		s.settle()
		got := make(map[string]bool)
		for d := range s.Devices() {
			got[d.Device] = true
		}
		assert.Equal(t, want, got)
		n := 0
		for range s.Devices() {
			if n++; n == 300 {
				break
			}
		}
		assert.Equal(t, 300, n)
	})
}

func TestForget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, config())
		s.send(report(t, "GK0001", 7, 5))
		s.send(report(t, "GK0001", 1, 0)) // its flash was erased
		assert.Equal(t, uint64(1), s.Stats().Replayed)
		require.True(t, s.Forget("GK0001"))
		require.False(t, s.Forget("GK0001"))
		assert.Zero(t, s.Status().Devices)
		_, known := s.Device("GK0001")
		assert.False(t, known)
		for range s.Devices() {
			assert.Fail(t, "a device after Forget")
		}
		s.send(report(t, "GK0001", 1, 0))
		assert.Equal(t, uint32(1), s.device("GK0001").Boot.Value)
		assert.Equal(t, 1, s.Status().Devices)
	})
}

var errRead = errors.New("the network is down")
