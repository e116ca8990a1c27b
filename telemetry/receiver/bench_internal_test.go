package receiver

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/telemetry"
)

// gateway is the 65 values of a gateway in the field.
func gateway(serial string, seq uint64) *telemetry.Message {
	num := telemetry.Known[uint64]
	iface := func(name string) telemetry.Interface {
		return telemetry.Interface{
			Name: name, RxBytes: num(3712345678 + seq), TxBytes: num(1523456789), RxPackets: num(8123456), TxPackets: num(5234567),
			RxErrors: num(3), TxErrors: num(0), RxDropped: num(211), TxDropped: num(5), MTU: num(1500), Speed: num(100),
		}
	}
	return &telemetry.Message{
		Version: 1, Serial: serial, Boot: telemetry.Known(uint32(97)), Seq: seq, Time: num(1794993408), Period: 60,
		Sample: telemetry.Sample{
			Uptime: num(1242780), Host: telemetry.Known("gateway-0042"), Firmware: telemetry.Known("2.4.1"),
			Load:   telemetry.Load{One: num(42), Five: num(37), Fifteen: num(31)},
			CPU:    telemetry.CPU{User: num(4217345), System: num(2873412), Idle: num(116102377), IRQ: num(187322)},
			Memory: telemetry.Memory{Total: num(61044), Available: num(23816), Shared: num(412), Buffers: num(2408), Cached: num(11236)},
			Disks: []telemetry.Disk{
				{Mount: "/", Total: num(8192), Used: num(8192), Available: num(0), InodesPercent: num(100)},
				{Mount: "/overlay", Total: num(5120), Used: num(1344), Available: num(3776), InodesPercent: num(7)},
			},
			Interfaces: []telemetry.Interface{iface("eth0"), iface("eth1"), iface("wwan0")},
			Modem: telemetry.Modem{
				Operator: telemetry.Known("Example Mobile"), SignalDBm: telemetry.Known(int64(-87)),
				Technology: telemetry.Known(telemetry.TechLTE), IMEI: telemetry.Known("356938035643809"),
			},
			IPsec: telemetry.Tunnels{Up: num(2), Down: num(0)}, OpenVPN: telemetry.Tunnels{Up: num(1), Down: num(1)},
		},
	}
}

// fleet is the keys of many devices.
type fleet map[string]telemetry.Key

func (f fleet) Key(_ context.Context, serial string) (telemetry.Key, bool, error) {
	key, ok := f[serial]
	return key, ok, nil
}

func serialOf(i int) string { return fmt.Sprintf("GK%010d", i) }

func newFleet(n int) fleet {
	f := make(fleet, n)
	for i := range n {
		f[serialOf(i)] = telemetry.DeriveKey(fuzzKey(), serialOf(i))
	}
	return f
}

// datagrams are count reports of a fleet, in turn.
func (f fleet) datagrams(b *testing.B, count int) [][]byte {
	list := make([][]byte, count)
	for i := range list {
		serial := serialOf(i % len(f))
		key := f[serial]
		var err error
		list[i], err = telemetry.AppendSealed(nil, gateway(serial, uint64(i/len(f))), key)
		require.NoError(b, err)
	}
	return list
}

type discard struct{}

func (discard) Write(context.Context, []Record) error { return nil }

// BenchmarkDatagram is all that happens to one datagram but the system call:
// verify, decode, queue, window, sink that discards; once with the state on
// disk.
func BenchmarkDatagram(b *testing.B) {
	for _, state := range []bool{false, true} {
		b.Run(fmt.Sprintf("state=%t", state), func(b *testing.B) {
			const devices, batch = 2000, 64
			f := newFleet(devices)
			count := new(counters)
			k := &keeper{queue: newQueue(1<<14, 512), table: newTable(1 << 20), sink: discard{}, log: slog.New(slog.DiscardHandler), count: count}
			if state {
				var err error
				k.state, err = openState(filepath.Join(b.TempDir(), "state"), k.table, k.log, new(atomic.Uint64))
				require.NoError(b, err)
				defer k.state.close()
			}
			x := &examiner{keys: f, known: k.table.known, failures: new(limiter)}
			list := f.datagrams(b, 20*devices)
			items := make([]item, 0, batch)
			now := time.Now()
			b.ReportAllocs()
			b.SetBytes(int64(len(list[0])))
			b.ResetTimer()
			for i := range b.N {
				if i > 0 && i%len(list) == 0 {
					b.StopTimer() // nobody knows the fleet any more, else all are duplicates
					k.queue.put(items)
					items = items[:0]
					for k.queue.len() > 0 {
						k.batch(b.Context(), b.Context())
					}
					k.table = newTable(1 << 20)
					if state {
						k.state.table = k.table
					}
					b.StartTimer()
				}
				var it item
				if o := x.examine(b.Context(), list[i%len(list)], fuzzSource, now, &it); o != received {
					b.Fatal(o)
				}
				items = append(items, it)
				if len(items) < batch {
					continue
				}
				k.queue.put(items)
				items = items[:0]
				if k.queue.len() >= 512 {
					k.batch(b.Context(), b.Context())
				}
			}
			k.batch(b.Context(), b.Context())
			if st := count.stats(); st.Duplicate+st.Replayed > 0 {
				b.Fatalf("%+v", st)
			}
		})
	}
}

// BenchmarkExamine is verify and decode alone.
func BenchmarkExamine(b *testing.B) {
	f := newFleet(1)
	x := &examiner{keys: f, failures: new(limiter)}
	datagram := f.datagrams(b, 1)[0]
	now := time.Now()
	b.ReportAllocs()
	for b.Loop() {
		var it item
		if o := x.examine(b.Context(), datagram, fuzzSource, now, &it); o != received {
			b.Fatal(o)
		}
	}
}

// BenchmarkDevices tells the memory of a million devices, and how long their
// state takes to write and to read.
func BenchmarkDevices(b *testing.B) {
	const n = 1_000_000
	path := filepath.Join(b.TempDir(), "state")
	for b.Loop() {
		before := heap()
		t := newTable(n)
		serials := 0
		for i := range n {
			serial := serialOf(i)
			serials += len(serial)
			place, ok := t.place(serial)
			require.True(b, ok)
			m := &telemetry.Message{Serial: serial, Boot: telemetry.Known(uint32(7)), Seq: uint64(i) % 5000, Period: 60}
			t.at(place).take(first, &Record{Received: time.Now(), Source: fuzzSource, Device: serial, Message: m}, nil)
			t.used++
		}
		b.ReportMetric(float64(heap()-before-uint64(serials))/n, "B/device")
		s, err := openState(path, t, slog.New(slog.DiscardHandler), new(atomic.Uint64))
		require.NoError(b, err)
		began := time.Now()
		s.close()
		b.ReportMetric(float64(time.Since(began).Milliseconds()), "ms/write")
		b.ReportMetric(float64(s.snapshotSize)/n, "disk-B/device")
		runtime.KeepAlive(t)

		again := newTable(n)
		s = &stateFile{path: path, table: again}
		began = time.Now()
		require.NoError(b, s.load())
		b.ReportMetric(float64(time.Since(began).Milliseconds()), "ms/read")
		require.Equal(b, n, again.used)
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkLoopback sends 50,000 datagrams a second to a receiver with a
// real socket and state on disk, for 3 s, by eight sources. Sender and
// receiver share the processors. It tells the share that was lost.
func BenchmarkLoopback(b *testing.B) {
	const rate, devices, sources = 50_000, 2000, 8
	const total = 3 * rate
	f := newFleet(devices)
	list := f.datagrams(b, total)
	for b.Loop() {
		c := DefaultConfig()
		c.Enabled, c.Listen, c.StateFile = true, []string{"127.0.0.1:0"}, filepath.Join(b.TempDir(), "state")
		s, err := New(c, Options{Sink: discard{}, Keys: f, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
		require.NoError(b, err)
		require.NoError(b, s.Start(b.Context()))
		began := time.Now()
		var wg sync.WaitGroup
		for source := range sources {
			wg.Go(func() { sendPaced(b, s.Addrs()[0], list, source, sources, rate) })
		}
		wg.Wait()
		took := time.Since(began)
		for before := uint64(0); before != s.Stats().Datagrams; time.Sleep(100 * time.Millisecond) {
			before = s.Stats().Datagrams // what is still in the socket
		}
		require.NoError(b, s.Stop(b.Context()))
		st := s.Stats()
		b.ReportMetric(float64(total)/took.Seconds(), "sent/s")
		b.ReportMetric(100*float64(total-st.Received)/total, "lost-%")
		b.ReportMetric(float64(st.KernelDrops), "kernel-drops")
		b.ReportMetric(float64(st.QueueFull), "queue-drops")
		if lost := total - int(st.Received); lost != int(st.QueueFull+st.KernelDrops+st.Duplicate+st.Replayed) {
			b.Errorf("%d of %d are unaccounted for: %+v", lost, total, st)
		}
	}
}

// sendPaced sends every step-th datagram from from, at its share of the rate.
func sendPaced(b *testing.B, to netip.AddrPort, list [][]byte, from, step, rate int) {
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(to))
	if err != nil {
		b.Error(err)
		return
	}
	defer func() { _ = conn.Close() }()
	began := time.Now()
	for i := from; i < len(list); i += step {
		if (i/step)%32 == 0 {
			time.Sleep(time.Until(began.Add(time.Duration(i) * time.Second / time.Duration(rate))))
		}
		if _, err := conn.Write(list[i]); err != nil {
			b.Error(err)
			return
		}
	}
}
