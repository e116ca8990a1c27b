package hub_test

import (
	"encoding/binary"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/gateway/hub"
	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/ser2net/ser2nettest"
)

// crc is that of Modbus over serial line 1.02, 6.2.2.
func crc(frame []byte) []byte {
	sum := uint16(0xffff)
	for _, b := range frame {
		sum ^= uint16(b)
		for range 8 {
			carry := sum & 1
			sum >>= 1
			if carry == 1 {
				sum ^= 0xa001
			}
		}
	}
	return binary.LittleEndian.AppendUint16(slices.Clone(frame), sum)
}

// slaves are devices at the far end of a line: 1 and 2 answer with their
// number in each register, others never.
type slaves struct {
	port *ser2nettest.Port

	mu    sync.Mutex
	spoil func(request, answer []byte) []byte // what goes over the line
}

func newSlaves(t *testing.T, l *ser2nettest.Line) *slaves {
	s := &slaves{port: l.Far(), spoil: func(_, answer []byte) []byte { return answer }}
	var wg sync.WaitGroup
	wg.Go(func() {
		buffer := make([]byte, 256)
		for {
			n, err := s.port.Read(buffer)
			if err != nil {
				return
			}
			if request := buffer[:n]; n == 8 && request[0] <= 2 {
				answer := []byte{request[0], request[1], 2 * request[5]}
				for range request[5] {
					answer = append(answer, 0, request[0])
				}
				s.mu.Lock()
				out := s.spoil(request, crc(answer))
				s.mu.Unlock()
				if _, err := s.port.Write(out); err != nil {
					return
				}
			}
		}
	})
	t.Cleanup(func() { _ = s.port.Close(); wg.Wait() })
	return s
}

const serial = `
devices:
  - {device_alias: D1, protocol: modbus rtu, device: /dev/ttyS0, slave_id: 1, baudrate: 19200, parity: even, timeout_ms: 100}
  - {device_alias: D2, protocol: modbus rtu, device: /dev/ttyS0, slave_id: 2, baudrate: 19200, parity: even, timeout_ms: 100}
  - {device_alias: D3, protocol: modbus rtu, device: /dev/ttyS0, slave_id: 3, baudrate: 19200, parity: even, timeout_ms: 100}
signals:
  - {device_alias: D1, signal_alias: P, job_todo: 3;0;1, number_type: unsigned16}
  - {device_alias: D2, signal_alias: P, job_todo: 03|00|00|00|02, tag_job_todo: 3;1;1, number_type: unsigned16}
  - {device_alias: D3, signal_alias: P, job_todo: 3;0;1, number_type: unsigned16}
`

// Devices share a line, and one that is silent does not silence the others.
func TestSharedLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var o ser2nettest.Opener
		l := o.Add("/dev/ttyS0", ser2nettest.Hardware{})
		newSlaves(t, l)
		begin := time.Now()
		s := start(t, configuration(t, serial), hub.Options{Opener: &o})
		time.Sleep(10 * time.Second)
		synctest.Wait()
		for _, device := range []string{"D1", "D2"} {
			v, err := s.Value(t.Context(), device, "P")
			require.NoError(t, err)
			assert.Equal(t, device[1:], v.Value.String())
			assert.Zero(t, v.Flags)
			assert.Less(t, time.Since(v.Time), 2*time.Second)
		}
		assert.Equal(t, "nan never NT", shown(t, s, "D3", "P", begin))
		assert.Equal(t, ser2net.Mode{
			Baud: 19200, DataBits: 8, Parity: ser2net.ParityEven, StopBits: ser2net.StopBits1, Flow: ser2net.FlowNone,
		}, l.Mode())

		require.NoError(t, s.Apply(t.Context(), configuration(t, "devices: []")))
		assert.False(t, l.InUse(), "nobody needs the line any more")
	})
}

func TestLineFaults(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(request, answer []byte) []byte
		want  string
	}{
		"echo":              {func(r, a []byte) []byte { return append(slices.Clone(r), a...) }, "good"},
		"noise before":      {func(_, a []byte) []byte { return append([]byte{0, 255, 1, 3}, a...) }, "good"},
		"noise after":       {func(_, a []byte) []byte { return append(a, 0, 255) }, "good"},
		"check sum":         {func(_, a []byte) []byte { a[len(a)-1]++; return a }, "IV"},
		"check sum once":    {once(func(_, a []byte) []byte { a[len(a)-1]++; return a }), "good"},
		"too short":         {func(_, a []byte) []byte { return a[:len(a)-2] }, "IV"},
		"length too long":   {func(_, a []byte) []byte { return crc([]byte{a[0], a[1], 250, 0, 1}) }, "IV"},
		"other slave":       {func(_, a []byte) []byte { return crc([]byte{9, 3, 2, 0, 1}) }, "IV"},
		"fewer registers":   {func(_, a []byte) []byte { return crc([]byte{a[0], 3, 0}) }, "IV"},
		"exception":         {func(_, a []byte) []byte { return crc([]byte{a[0], 0x83, 6}) }, "IV"},
		"endless":           {func(_, a []byte) []byte { return make([]byte, 5000) }, "IV"},
		"silence":           {func(_, a []byte) []byte { return nil }, "NT"},
		"answer of another": {func(_, a []byte) []byte { return crc([]byte{3 - a[0], 3, 2, 0, 9}) }, "IV"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var o ser2nettest.Opener
				far := newSlaves(t, o.Add("/dev/ttyS0", ser2nettest.Hardware{}))
				s := start(t, configuration(t, serial), hub.Options{Opener: &o})
				time.Sleep(800 * time.Millisecond)
				far.mu.Lock()
				far.spoil = c.spoil
				far.mu.Unlock()
				time.Sleep(10 * time.Second)
				v, err := s.Value(t.Context(), "D1", "P")
				require.NoError(t, err)
				assert.Equal(t, "1", v.Value.String())
				if c.want == "good" {
					assert.Zero(t, v.Flags, "flags %s", v.Flags)
					assert.Less(t, time.Since(v.Time), 2*time.Second)
				} else {
					assert.Equal(t, c.want, v.Flags.String())
					assert.Greater(t, time.Since(v.Time), 9*time.Second, "the last value keeps its time")
				}
			})
		})
	}
}

// once spoils the first answer of each three.
func once(spoil func(_, a []byte) []byte) func(_, a []byte) []byte {
	n := 0
	return func(r, a []byte) []byte {
		if n++; n%3 == 1 {
			return spoil(r, a)
		}
		return a
	}
}

// An adapter that is pulled out and put back is opened again.
func TestLineUnplugged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var o ser2nettest.Opener
		l := o.Add("/dev/ttyS0", ser2nettest.Hardware{})
		newSlaves(t, l)
		s := start(t, configuration(t, serial), hub.Options{Opener: &o})
		time.Sleep(800 * time.Millisecond)
		l.Unplug()
		time.Sleep(5 * time.Second)
		v, err := s.Value(t.Context(), "D1", "P")
		require.NoError(t, err)
		assert.Equal(t, "1 NT", v.Value.String()+" "+v.Flags.String())
		l.Plug()
		time.Sleep(31 * time.Second)
		v, err = s.Value(t.Context(), "D1", "P")
		require.NoError(t, err)
		assert.Equal(t, "1 ", v.Value.String()+" "+v.Flags.String())
	})
}

// A driver that hangs does not keep Stop waiting.
func TestStopWhileTheDriverHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var o ser2nettest.Opener
		l := o.Add("/dev/ttyS0", ser2nettest.Hardware{})
		newSlaves(t, l)
		s, err := hub.New(configuration(t, serial), hub.Options{Opener: &o})
		require.NoError(t, err)
		require.NoError(t, s.Start(t.Context()))
		time.Sleep(800 * time.Millisecond)
		l.Wedge(true)
		time.Sleep(2 * time.Second)
		begin := time.Now()
		require.NoError(t, s.Stop(t.Context()))
		assert.Less(t, time.Since(begin), time.Second)
		l.Wedge(false)
	})
}
