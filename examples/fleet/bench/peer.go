package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/fieldgate/fieldgate/examples/fleet/sim"
	"github.com/fieldgate/fieldgate/internal/benchkit"
	"github.com/fieldgate/fieldgate/telemetry"
)

// The one user of the collectd that is measured, whose password protects
// nothing.
const (
	collectdUser     = "bench"
	collectdPassword = "not secret"
)

// collectdConfig receives by UDP and hands on to the cheapest writer there
// is, as UDP packets of many lines each, without computing rates.
const collectdConfig = `Hostname "bench"
FQDNLookup false
BaseDir "%[1]s"
PIDFile "%[1]s/pid"
TypesDB "/usr/share/collectd/types.db"
LoadPlugin network
<Plugin network>
  <Listen "127.0.0.1" "%[2]d">
    SecurityLevel "%[4]s"
    AuthFile "%[1]s/users"
  </Listen>
</Plugin>
LoadPlugin write_graphite
<Plugin write_graphite>
  <Node "bench">
    Host "127.0.0.1"
    Port "%[3]d"
    Protocol "udp"
    StoreRates false
    AlwaysAppendDS true
  </Node>
</Plugin>
`

// graphite counts the lines that collectd's writer sends, which proves that
// nothing was lost on the way through collectd.
type graphite struct {
	conn  *net.UDPConn
	lines atomic.Int64
}

func listenGraphite() (*graphite, error) {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	_ = conn.SetReadBuffer(4 << 20) // what is granted shows in the count
	g := &graphite{conn: conn}
	go func() {
		buf := make([]byte, 65536)
		for {
			n, err := conn.Read(buf)
			if err != nil {
				return // closed
			}
			g.lines.Add(int64(bytes.Count(buf[:n], []byte{'\n'})))
		}
	}()
	return g, nil
}

// peerRun is what collectd took for the snapshots of one run.
type peerRun struct {
	signed    bool // packets with HMAC-SHA-256, as ours are
	rate      int
	snapshots int
	bytes     float64 // of a snapshot in its format
	cpu       time.Duration
	arrived   float64 // share of the values that came out
}

// perSnapshot is the processor time of one snapshot.
func (run *peerRun) perSnapshot() time.Duration { return run.cpu / time.Duration(run.snapshots) }

// measureCollectd feeds collectd with the snapshots of devices at rate a
// second, for a time, and waits until all values have come out.
func measureCollectd(ctx context.Context, dir string, signed bool, devices, rate int, duration time.Duration) (peerRun, error) {
	run := peerRun{signed: signed, rate: rate, snapshots: rate * int(duration/time.Second)}
	sink, err := listenGraphite()
	if err != nil {
		return run, err
	}
	defer func() { _ = sink.conn.Close() }()
	port, err := freePort()
	if err != nil {
		return run, err
	}
	users := collectdUser + ": " + collectdPassword + "\n"
	if err := os.WriteFile(filepath.Join(dir, "users"), []byte(users), 0o600); err != nil {
		return run, err
	}
	path := filepath.Join(dir, "collectd.conf")
	security := "None"
	if signed {
		security = "Sign"
	}
	text := fmt.Sprintf(collectdConfig, dir, port, sink.conn.LocalAddr().(*net.UDPAddr).Port, security)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return run, err
	}
	collectd, err := benchkit.Start(ctx, "collectd", "-f", "-C", path)
	if err != nil {
		return run, fmt.Errorf("collectd (make peers installs it): %w", err)
	}
	defer collectd.Stop()
	if err := udpBound(ctx, collectd, port); err != nil {
		return run, err
	}
	before, err := collectd.CPU()
	if err != nil {
		return run, err
	}
	values, err := run.feed(ctx, port, devices)
	if err != nil {
		return run, err
	}
	drain(ctx, sink)
	after, err := collectd.CPU()
	run.cpu = after - before
	collectd.Stop() // sends what fills no packet
	drain(ctx, sink)
	run.arrived = float64(sink.lines.Load()) / float64(values)
	return run, err
}

// feed sends the snapshots and returns how many values they have.
func (run *peerRun) feed(ctx context.Context, port, devices int) (values int64, err error) {
	conn, err := net.DialUDP("udp", nil, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close() }()
	f, err := sim.New(sim.Config{Devices: devices, Prefix: "SIM", Seed: 1, Boot: 1, Period: time.Minute})
	if err != nil {
		return 0, err
	}
	var message *telemetry.Message
	decode := func(b []byte) bool {
		message, err = telemetry.Decode(b)
		return err == nil
	}
	// Each round of the devices is a minute later than the one before:
	// collectd drops values that are no newer than the last.
	rounds := (run.snapshots + devices - 1) / devices
	first := time.Now().Add(-time.Duration(rounds) * time.Minute)
	begin, total := time.Now(), 0
	for n := range run.snapshots {
		if wait := time.Until(begin.Add(time.Duration(n) * time.Second / time.Duration(run.rate))); wait > 0 {
			time.Sleep(wait)
		}
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		at := first.Add(time.Duration(n/devices) * time.Minute)
		if reported := f.Report(n%devices, at, sim.Network{Send: decode}); reported != nil || err != nil {
			return 0, fmt.Errorf("a snapshot: %w, %w", reported, err)
		}
		packets, inSnapshot := collectdPackets(message, at)
		values += int64(inSnapshot)
		for _, b := range packets {
			if run.signed {
				b = sign(b, collectdUser, collectdPassword)
			}
			total += len(b)
			if _, err := conn.Write(b); err != nil {
				return 0, fmt.Errorf("to collectd: %w", err)
			}
		}
	}
	run.bytes = float64(total) / float64(run.snapshots)
	return values, nil
}

// drain waits until no more values have come out for a second.
func drain(ctx context.Context, sink *graphite) {
	last, since := int64(-1), time.Now()
	for ctx.Err() == nil && time.Since(since) < time.Second {
		if n := sink.lines.Load(); n != last {
			last, since = n, time.Now()
		}
		time.Sleep(20 * time.Millisecond)
	}
}
