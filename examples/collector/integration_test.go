package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/collector/sink/jsonlines"
	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/telemetrytest"
)

// A real agent reports to the real program while others send it junk.
func TestIntegrationAgentToCollector(t *testing.T) {
	for name, signal := range map[string]os.Signal{"SIGTERM": syscall.SIGTERM, "SIGINT": os.Interrupt} {
		t.Run(name, func(t *testing.T) {
			p := start(t, nil)
			agent, err := telemetry.New(telemetry.Config{
				Enabled: true, Destinations: []telemetry.Destination{p.dest}, Period: telemetry.Duration(time.Second),
			}, telemetry.Options{Source: telemetrytest.NewSource(), Serial: "GK0001", NextBoot: boot(97)})
			require.NoError(t, err)
			junk, err := net.Dial("udp", p.dest.String())
			require.NoError(t, err)
			defer func() { require.NoError(t, junk.Close()) }()
			for range 3 {
				_, err := junk.Write([]byte("no message"))
				require.NoError(t, err)
			}
			began := time.Now()
			require.NoError(t, agent.Start(t.Context()))
			defer func() { require.NoError(t, agent.Stop(context.Background())) }()
			var before *telemetry.Message
			for seq := range uint64(3) {
				require.True(t, p.lines.Scan(), "the collector has ended")
				var got jsonlines.Line
				require.NoError(t, json.Unmarshal(p.lines.Bytes(), &got), "%s", p.lines.Text())
				assert.Equal(t, "GK0001", got.Message.Serial)
				assert.Equal(t, telemetry.Known(uint32(97)), got.Message.Boot)
				assert.Equal(t, seq, got.Message.Seq)
				assert.Equal(t, "simulated", got.Message.Host.Value)
				assert.True(t, got.Source.Addr().IsLoopback())
				assert.WithinRange(t, got.Received, began.Add(-time.Second), time.Now().Add(time.Second))
				if seq > 0 {
					assert.Greater(t, got.Message.CPU.Idle.Value, before.CPU.Idle.Value, "the values live")
				}
				before = got.Message
			}
			var d device
			require.Equal(t, 200, p.get(t, "/v1/devices/GK0001", &d))
			assert.Equal(t, uint64(2), d.Seq)
			assert.False(t, d.Silent)
			var page string
			p.get(t, "/", &page)
			assert.Contains(t, page, "simulated")
			require.NoError(t, agent.Stop(t.Context()))
			log := p.stop(t, signal)
			assert.Regexp(t, `"collector: ended" messages=\d+ malformed=3\n`, log)
			assert.Contains(t, log, "refused or dropped")
		})
	}
}

// sealed is what a device of the fleet sends.
func sealed(t testing.TB, serial string, boot uint32, seq uint64) []byte {
	m := telemetry.Message{Version: telemetry.Version, Serial: serial, Boot: telemetry.Known(boot), Seq: seq, Period: 60}
	m.Memory = telemetry.Memory{Available: telemetry.Known(10_000 + seq)}
	m.Host = telemetry.Known("a host name long enough for an answer no longer than this")
	key := deviceKey(t, serial)
	b, err := telemetry.AppendSealed(nil, &m, key)
	require.NoError(t, err)
	return b
}

// history returns the values of mem.avail that the program has stored.
func history(t testing.TB, p *program, serial string) []uint64 {
	var h struct {
		Points []struct{ Value uint64 }
	}
	require.Equal(t, 200, p.get(t, "/v1/devices/"+url.PathEscape(serial)+"/history?field=mem.avail&limit=10000", &h))
	var values []uint64
	for _, point := range h.Points {
		values = append(values, point.Value)
	}
	return values
}

// What was acknowledged before kill -9 is there after it, whenever it comes.
func TestIntegrationKillLosesNothingAcknowledged(t *testing.T) {
	data, keys := t.TempDir(), keyFile(t, "* "+master)
	acked := make(map[string]map[uint64]bool)
	seqs := make(map[string]uint64)
	for round := range 4 {
		p := start(t, nil, "-data", data, "-keys", keys, "-acks", "-fsync", "20ms")
		conn, err := net.Dial("udp4", p.dest.String())
		require.NoError(t, err)
		received := make(chan struct{})
		got := make(map[string][]uint64)
		go func() {
			defer close(received)
			b := make([]byte, 2048)
			for {
				n, err := conn.Read(b)
				if err != nil {
					return
				}
				e, err := telemetry.ParseEnvelope(b[:n])
				if err != nil {
					continue
				}
				key := deviceKey(t, e.Serial)
				if ack, err := telemetry.ParseAck(b[:n], key); err == nil {
					got[e.Serial] = append(got[e.Serial], ack.Seq)
				}
			}
		}()
		for deadline := time.Now().Add(time.Duration(250+100*round) * time.Millisecond); time.Now().Before(deadline); {
			for i := range 20 {
				serial := fmt.Sprintf("GK%04d", i)
				_, err := conn.Write(sealed(t, serial, 7, seqs[serial]))
				require.NoError(t, err)
				seqs[serial]++
			}
			time.Sleep(2 * time.Millisecond)
		}
		p.kill(t)
		require.NoError(t, conn.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
		<-received
		require.NoError(t, conn.Close())
		n := 0
		for serial, list := range got {
			if acked[serial] == nil {
				acked[serial] = make(map[uint64]bool)
			}
			for _, seq := range list {
				acked[serial][seq] = true
				n++
			}
		}
		require.NotZero(t, n, "round %d acknowledged nothing", round)
	}
	p := start(t, nil, "-data", data, "-keys", keys)
	for serial, want := range acked {
		stored := make(map[uint64]bool)
		for _, v := range history(t, p, serial) {
			require.False(t, stored[v-10_000], "stored once")
			stored[v-10_000] = true
		}
		for seq := range want {
			require.True(t, stored[seq], "%s: report %d was acknowledged", serial, seq)
		}
		var d device
		require.Equal(t, 200, p.get(t, "/v1/devices/"+serial, &d))
		require.True(t, d.Sealed)
	}
	p.stop(t, syscall.SIGTERM)
}

// A fifth of the reports is lost on the way: the counts are exact up to the
// last one that arrives, and what follows is silence.
func TestIntegrationLossIsCountedExactly(t *testing.T) {
	p := start(t, nil, "-data", t.TempDir(), "-keys", keyFile(t, "* "+master), "-fsync", "20ms")
	conn, err := net.Dial("udp4", p.dest.String())
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close()) }()
	const reports = 500
	var lost, sent uint64
	for seq := range uint64(reports) {
		// The relay drops every fifth, and the last three, which nobody can
		// know of.
		if seq%5 == 3 || seq >= reports-3 {
			if seq < reports-3 {
				lost++
			}
			continue
		}
		_, err := conn.Write(sealed(t, "GK0001", 7, seq))
		require.NoError(t, err)
		sent++
		if seq%50 == 0 {
			time.Sleep(5 * time.Millisecond)
		}
	}
	eventually(t, func() bool { return p.metric(t, "store_stored_total") == sent }, "all that was sent is stored")
	var d device
	p.get(t, "/v1/devices/GK0001", &d)
	assert.Equal(t, sent, d.Loss.Received)
	assert.Equal(t, lost, d.Loss.Lost)
	assert.Len(t, history(t, p, "GK0001"), int(sent))
	var list struct{ Devices []device }
	p.get(t, "/v1/silent?periods=1", &list)
	assert.Empty(t, list.Devices, "its period is a minute")
	assert.Equal(t, lost, p.metric(t, "reports_lost"))
	p.stop(t, syscall.SIGTERM)
}

// The same with a real agent, whose datagrams a relay drops.
func TestIntegrationAgentOverALossyPath(t *testing.T) {
	p := start(t, nil, "-data", t.TempDir(), "-keys", keyFile(t, "* "+master), "-fsync", "20ms")
	relay, dropped := startRelay(t, p.dest)
	key := filepath.Join(t.TempDir(), "key")
	k := deviceKey(t, "GK0009")
	require.NoError(t, os.WriteFile(key, []byte(k.Reveal()), 0o600))
	agent, err := telemetry.New(telemetry.Config{
		Enabled: true, Destinations: []telemetry.Destination{relay}, Period: telemetry.Duration(time.Second), KeyFile: key,
	}, telemetry.Options{Source: telemetrytest.NewSource(), Serial: "GK0009", NextBoot: boot(5)})
	require.NoError(t, err)
	require.NoError(t, agent.Start(t.Context()))
	defer func() { require.NoError(t, agent.Stop(context.Background())) }()
	var d device
	eventually(t, func() bool { return p.get(t, "/v1/devices/GK0009", &d) == 200 && d.Seq >= 6 }, "seven reports")
	require.NoError(t, agent.Stop(t.Context()))
	assert.True(t, d.Sealed)
	assert.Equal(t, uint64(2), dropped.Load())
	assert.Equal(t, dropped.Load(), d.Loss.Lost)
	assert.Equal(t, "simulated", d.Message.Host.Value)
	p.stop(t, syscall.SIGTERM)
}

// startRelay forwards datagrams, but for the third and the fifth.
func startRelay(t testing.TB, to telemetry.Destination) (telemetry.Destination, *atomic.Uint64) {
	in, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	out, err := net.Dial("udp4", to.String())
	require.NoError(t, err)
	dropped, done := new(atomic.Uint64), make(chan struct{})
	go func() {
		defer close(done)
		b := make([]byte, 2048)
		for count := 1; ; count++ {
			n, err := in.Read(b)
			if err != nil {
				return
			}
			if count == 3 || count == 5 {
				dropped.Add(1)
			} else {
				_, _ = out.Write(b[:n])
			}
		}
	}()
	t.Cleanup(func() {
		_ = in.Close()
		<-done
		_ = out.Close()
	})
	return telemetry.Destination{Host: "127.0.0.1", Port: in.LocalAddr().(*net.UDPAddr).Port}, dropped
}

// The disk is full: the program says so, goes on with the states in memory,
// sends no acknowledgement, counts, and recovers by itself.
func TestIntegrationFullDisk(t *testing.T) {
	if os.Getuid() != 0 {
		missing(t, "needs root, for a mount namespace")
	}
	if output, err := exec.Command("unshare", "-m", "true").CombinedOutput(); err != nil {
		missing(t, fmt.Sprintf("no mount namespace: %v %s", err, output))
	}
	dir := t.TempDir()
	// The tmpfs is seen by the program only: it is filled and freed through
	// its root in /proc.
	wrap := []string{"unshare", "-m", "sh", "-c", `mount -t tmpfs -o size=1m tmpfs "$0" && exec "$@"`, dir}
	p := start(t, wrap, "-data", dir+"/data", "-keys", keyFile(t, "* "+master), "-fsync", "20ms")
	filler := fmt.Sprintf("/proc/%d/root%s/filler", p.cmd.Process.Pid, dir)
	conn, err := net.Dial("udp4", p.dest.String())
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close()) }()
	send := func(seq uint64) {
		_, err := conn.Write(sealed(t, "GK0001", 7, seq))
		require.NoError(t, err)
		eventually(t, func() bool {
			return p.metric(t, "store_stored_total")+p.metric(t, "store_unstored_total") == seq+1
		}, "stored or not, and counted")
		var d device
		require.Equal(t, 200, p.get(t, "/v1/devices/GK0001", &d))
		require.Equal(t, seq, d.Seq, "the last state, full disk or not")
	}
	health := func() (int, string) {
		var text string
		return p.get(t, "/healthz", &text), text
	}
	send(0)
	require.ErrorContains(t, os.WriteFile(filler, bytes.Repeat([]byte("x"), 2<<20), 0o600), "no space left")
	seq, status, text := uint64(1), 200, ""
	for ; status == 200 && seq < 1000; seq++ { // the log's last page has room
		send(seq)
		status, text = health()
	}
	assert.Contains(t, text, "no space left on device")
	for range 5 {
		send(seq)
		seq++
	}
	assert.Equal(t, uint64(6), p.metric(t, "store_unstored_total"))
	stored := len(history(t, p, "GK0001"))
	assert.Equal(t, int(seq)-6, stored)

	require.NoError(t, os.Remove(filler))
	send(seq)
	status, _ = health()
	assert.Equal(t, 200, status)
	assert.Len(t, history(t, p, "GK0001"), stored+1)
	log := p.stop(t, syscall.SIGTERM)
	assert.Contains(t, log, "no space left on device")
	assert.Contains(t, log, "not_stored=6")
	assert.Less(t, strings.Count(log, "\n"), 30)
}

func TestIntegrationKeysAreReadAgain(t *testing.T) {
	keys := keyFile(t, "# nobody yet\n")
	p := start(t, nil, "-data", t.TempDir(), "-keys", keys, "-fsync", "20ms")
	conn, err := net.Dial("udp4", p.dest.String())
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close()) }()
	send := func() {
		_, err := conn.Write(sealed(t, "GK0001", 7, 0))
		require.NoError(t, err)
	}
	send()
	eventually(t, func() bool { return strings.Contains(p.said(), "unknown=1") }, "refused")
	require.NoError(t, os.WriteFile(keys, []byte("nonsense"), 0o600))
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGHUP))
	eventually(t, func() bool { return strings.Contains(p.said(), "the keys stay what they were") }, "fault")
	require.NoError(t, os.WriteFile(keys, []byte("* "+master), 0o600))
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGHUP))
	eventually(t, func() bool { return strings.Contains(p.said(), "0 keys and a master") }, "new keys")
	send()
	eventually(t, func() bool {
		var d device
		return p.get(t, "/v1/devices/GK0001", &d) == 200 && d.Sealed
	}, "taken")
	p.stop(t, syscall.SIGTERM)
}
