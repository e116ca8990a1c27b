package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/telemetrytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRunRefuses(t *testing.T) {
	busy, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	defer func() { require.NoError(t, busy.Close()) }()
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"help":         {[]string{"-h"}, exitOK, "UDP address to receive on"},
		"unknown flag": {[]string{"-port", "1"}, exitUsage, "not defined: -port"},
		"argument":     {[]string{"127.0.0.1:1"}, exitUsage, "all settings are flags"},
		"no port":      {[]string{"-listen", "127.0.0.1"}, exitUsage, "address:port"},
		"port 70000":   {[]string{"-listen", "127.0.0.1:70000"}, exitUsage, "address:port"},
		"busy":         {[]string{"-listen", busy.LocalAddr().String()}, exitFailed, "is another collector running"},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			assert.Equal(t, c.code, run(t.Context(), c.args, &stdout, &stderr))
			assert.Contains(t, stderr.String(), c.want)
			assert.Empty(t, stdout.String())
		})
	}
}

// script is a connection on which the given receives happen, then none.
type script struct {
	receives []any // []byte or error
	closed   chan struct{}
}

func newScript(receives ...any) *script { return &script{receives, make(chan struct{})} }

func (s *script) ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error) {
	if len(s.receives) == 0 {
		<-s.closed
		return 0, netip.AddrPort{}, net.ErrClosed
	}
	next := s.receives[0]
	s.receives = s.receives[1:]
	from := netip.MustParseAddrPort("[::ffff:192.0.2.7]:40112")
	if err, failed := next.(error); failed {
		return 0, netip.AddrPort{}, err
	}
	return copy(b, next.([]byte)), from, nil
}

func (s *script) Close() error {
	close(s.closed)
	return nil
}

func encode(t *testing.T, m telemetry.Message) []byte {
	m.Version = telemetry.Version
	b, err := telemetry.AppendMessage(nil, &m)
	require.NoError(t, err)
	return b
}

// serve runs a collector on a script for a while.
func serve(t *testing.T, s *script, out io.Writer) (c *collector, log string, err error) {
	var stderr bytes.Buffer
	c = &collector{conn: s, out: out, log: slog.New(slog.NewTextHandler(&stderr, nil))}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err = c.serve(ctx)
	return c, stderr.String(), err
}

func TestServePrintsOneLineEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		nasty := telemetry.Sample{Host: telemetry.Known("two\nlines\x00\u2028")}
		c, _, err := serve(t, newScript(
			encode(t, telemetry.Message{Serial: "GK0001", Seq: 7}),
			encode(t, telemetry.Message{Serial: "GK0002", Sample: nasty}),
		), &out)
		require.NoError(t, err)
		assert.Equal(t, uint64(2), c.messages)
		lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		require.Len(t, lines, 2)
		assert.Equal(t, `{"received":"2000-01-01T00:00:00Z","source":"192.0.2.7:40112","message":{"v":1,"serial":"GK0001","seq":7}}`, lines[0])
		var second line
		require.NoError(t, json.Unmarshal([]byte(lines[1]), &second))
		assert.Equal(t, nasty, second.Message.Sample)
	})
}

func TestServeSurvivesJunk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		good := encode(t, telemetry.Message{Serial: "GK0001"})
		receives := []any{[]byte{}, []byte("GET / HTTP/1.1"), make([]byte, 65507), good[:5], []byte{0xa2, 0, 2, 3, 0}}
		for range 10000 {
			receives = append(receives, []byte{0xff})
		}
		c, log, err := serve(t, newScript(append(receives, good)...), &out)
		require.NoError(t, err)
		assert.Equal(t, uint64(10005), c.malformed)
		assert.Equal(t, uint64(1), c.messages)
		assert.Equal(t, 1, strings.Count(out.String(), "\n"))
		assert.Equal(t, 1, strings.Count(log, "collector: no message"), "the log cannot be flooded")
		assert.Contains(t, log, "source=192.0.2.7:40112")
	})
}

func TestServeReportsJunkOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScript()
		c := &collector{conn: s, out: io.Discard}
		var log bytes.Buffer
		c.log = slog.New(slog.NewTextHandler(&log, nil))
		for range 100 { // 10 s
			require.NoError(t, c.datagram([]byte("junk"), netip.AddrPort{}))
			time.Sleep(100 * time.Millisecond)
		}
		assert.Equal(t, 10, strings.Count(log.String(), "collector: no message"))
		assert.Contains(t, log.String(), "malformed=91", "with the count so far")
	})
}

func TestServeSurvivesFailedReceives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		c, log, err := serve(t, newScript(syscall.ENOMEM, syscall.ENOMEM, encode(t, telemetry.Message{})), &out)
		require.NoError(t, err)
		assert.Equal(t, uint64(1), c.messages)
		assert.Equal(t, 1, strings.Count(log, "receiving fails"))
	})
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

func TestServeEndsWhenItCannotPrint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScript(encode(t, telemetry.Message{}))
		c, _, err := serve(t, s, fullDisk{})
		require.ErrorIs(t, err, syscall.ENOSPC)
		assert.Zero(t, c.messages)
		<-s.closed // the port is free again
	})
}

// program is the built collector as a process.
type program struct {
	cmd    *exec.Cmd
	dest   telemetry.Destination
	lines  *bufio.Scanner
	stderr chan string // all that follows the first line, when it has ended
}

func startProgram(t *testing.T) *program {
	goTool, err := exec.LookPath("go")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("the go command is missing: %v", err)
		}
		t.Skipf("the go command is missing: %v", err)
	}
	binary := filepath.Join(t.TempDir(), "collector")
	output, err := exec.Command(goTool, "build", "-o", binary, ".").CombinedOutput()
	require.NoError(t, err, "%s", output)

	p := &program{cmd: exec.Command(binary, "-listen", "127.0.0.1:0"), stderr: make(chan string, 1)}
	stdout, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	stderr, err := p.cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	watchdog := time.AfterFunc(time.Minute, func() { _ = p.cmd.Process.Kill() })
	t.Cleanup(func() {
		watchdog.Stop()
		_ = p.cmd.Process.Kill() // it has ended unless the test failed
	})
	p.lines = bufio.NewScanner(stdout)
	log := bufio.NewReader(stderr)
	first, err := log.ReadString('\n')
	require.NoError(t, err)
	address := regexp.MustCompile(`address=127\.0\.0\.1:(\d+)`).FindStringSubmatch(first)
	require.NotNil(t, address, "%s", first)
	port, err := strconv.Atoi(address[1])
	require.NoError(t, err)
	p.dest = telemetry.Destination{Host: "127.0.0.1", Port: port}
	go func() {
		rest, _ := io.ReadAll(log)
		p.stderr <- string(rest)
	}()
	return p
}

func (p *program) next(t *testing.T) line {
	require.True(t, p.lines.Scan(), "the collector has ended")
	var l line
	require.NoError(t, json.Unmarshal(p.lines.Bytes(), &l), "%s", p.lines.Text())
	return l
}

// A real agent reports to the real program while others send it junk.
func TestIntegrationAgentToCollector(t *testing.T) {
	for name, signal := range map[string]os.Signal{"SIGTERM": syscall.SIGTERM, "SIGINT": os.Interrupt} {
		t.Run(name, func(t *testing.T) {
			p := startProgram(t)
			agent, err := telemetry.New(telemetry.Config{
				Enabled:      true,
				Destinations: []telemetry.Destination{p.dest},
				Period:       telemetry.Duration(time.Second),
			}, telemetry.Options{
				Source:   telemetrytest.NewSource(),
				Serial:   "GK0001",
				NextBoot: func(context.Context) (uint32, error) { return 97, nil },
			})
			require.NoError(t, err)
			junk, err := net.Dial("udp", p.dest.String())
			require.NoError(t, err)
			defer func() { require.NoError(t, junk.Close()) }()
			sendJunk := func() {
				_, err := junk.Write([]byte("no message"))
				require.NoError(t, err)
			}

			sendJunk()
			began := time.Now()
			require.NoError(t, agent.Start(t.Context()))
			defer func() { require.NoError(t, agent.Stop(context.Background())) }()
			var before line
			for seq := range uint64(2) {
				got := p.next(t)
				assert.Equal(t, "GK0001", got.Message.Serial)
				assert.Equal(t, telemetry.Known(uint32(97)), got.Message.Boot)
				assert.Equal(t, seq, got.Message.Seq)
				assert.Equal(t, "simulated", got.Message.Host.Value)
				assert.True(t, got.Source.Addr().IsLoopback())
				assert.WithinRange(t, got.Received, began.Add(-time.Second), time.Now().Add(time.Second))
				if seq > 0 {
					assert.Greater(t, got.Message.CPU.Idle.Value, before.Message.CPU.Idle.Value, "the values live")
				}
				before = got
				sendJunk()
			}
			// The junk that was sent last has been counted when a message that
			// came after it is printed.
			p.next(t)
			require.NoError(t, agent.Stop(t.Context()))
			require.NoError(t, p.cmd.Process.Signal(signal))
			log := <-p.stderr
			err = p.cmd.Wait()
			require.NoError(t, err, "exit code: %v\n%s", errors.Unwrap(err), log)
			assert.Regexp(t, `"collector: ended" messages=\d+ malformed=3`, log)
			assert.Contains(t, log, "collector: no message")
		})
	}
}
