package main

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/collector/latest"
	"github.com/fieldgate/fieldgate/examples/collector/sink/jsonlines"
	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/receiver"
)

func TestRunRefuses(t *testing.T) {
	busy, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	defer func() { require.NoError(t, busy.Close()) }()
	keys, open := keyFile(t, "* "+master), keyFile(t, "* "+master)
	require.NoError(t, os.Chmod(open, 0o644))
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"help":            {[]string{"-h"}, exitOK, "UDP address to receive on"},
		"unknown flag":    {[]string{"-port", "1"}, exitUsage, "not defined: -port"},
		"argument":        {[]string{"127.0.0.1:1"}, exitUsage, "all settings are flags"},
		"no port":         {[]string{"-listen", "127.0.0.1"}, exitUsage, "listen[0]"},
		"port 70000":      {[]string{"-listen", "127.0.0.1:70000"}, exitUsage, "listen[0]"},
		"busy":            {[]string{"-http", "", "-listen", busy.LocalAddr().String()}, exitFailed, "is another collector running"},
		"http":            {[]string{"-listen", "127.0.0.1:0", "-http", "nowhere"}, exitFailed, "-http"},
		"no such address": {[]string{"-http", "", "-listen", "192.0.2.1:5150"}, exitFailed, "cannot assign requested address\"\n"},
		"acks alone":      {[]string{"-acks"}, exitUsage, "-acks needs -data and -keys"},
		"acks, no store":  {[]string{"-acks", "-keys", keys}, exitUsage, "-acks needs -data and -keys"},
		"bare alone":      {[]string{"-bare"}, exitUsage, "-bare is for use with -keys"},
		"no keys":         {[]string{"-keys", file + "x"}, exitFailed, "no such file"},
		"keys for all":    {[]string{"-keys", open}, exitFailed, "make it 0600"},
		"fsync":           {[]string{"-fsync", "1ms"}, exitUsage, "-fsync 1ms is out of range"},
		"fsync for acks":  {[]string{"-data", file, "-keys", keys, "-acks", "-fsync", "5.1s"}, exitUsage, "allowed is 10ms to 5s with -acks"},
		"retain":          {[]string{"-retain-age", "1h"}, exitUsage, "need -data"},
		"negative retain": {[]string{"-data", file, "-retain-bytes", "-1"}, exitUsage, "cannot be negative"},
		"devices":         {[]string{"-devices", "0"}, exitUsage, "-devices 0"},
		"sockets":         {[]string{"-sockets", "99"}, exitUsage, "sockets"},
		"sink":            {[]string{"-sink", "kafka://host"}, exitUsage, "unknown scheme"},
		"data is a file":  {[]string{"-http", "", "-listen", "127.0.0.1:0", "-data", file}, exitFailed, "the folder cannot be made"},
		"two equal sinks": {[]string{"-sink", "stdout:", "-sink", "stdout:"}, exitUsage, "stdout"},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			assert.Equal(t, c.code, run(t.Context(), c.args, &stdout, &stderr, nil), stderr.String())
			assert.Contains(t, stderr.String(), c.want)
			assert.Empty(t, stdout.String())
		})
	}
}

// A device too many costs the others of its batch nothing.
func TestMemoryIsFull(t *testing.T) {
	var log bytes.Buffer
	table := latest.New(2)
	defer table.Close()
	m := memory{table, slog.New(slog.NewTextHandler(&log, nil)), new(sync.Once)}
	var batch []receiver.Record
	for _, serial := range []string{"A", "B", "C", "D", "A"} {
		batch = append(batch, receiver.Record{Device: serial, Message: &telemetry.Message{Serial: serial, Seq: uint64(len(batch))}})
	}
	require.NoError(t, m.Write(t.Context(), batch))
	state, ok := table.Get("A")
	require.True(t, ok)
	assert.Equal(t, uint64(4), state.Seq)
	assert.Equal(t, 2, table.Len())
	assert.Equal(t, 1, strings.Count(log.String(), "the table of devices is full"))
}

// sync.Buffer, so to say.
type output struct {
	mu   sync.Mutex
	b    bytes.Buffer
	fail error
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.fail != nil {
		return 0, o.fail
	}
	return o.b.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// runFor runs the program within this process, sends the datagrams, and ends
// it when enough holds.
func runFor(t *testing.T, stdout *output, datagrams [][]byte, enough func(log string) bool, args ...string) (code int, log string) {
	probe, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	address := probe.LocalAddr().String()
	require.NoError(t, probe.Close())
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	stderr, ended := new(output), make(chan int, 1)
	go func() {
		ended <- run(ctx, append([]string{"-listen", address, "-http", ""}, args...), stdout, stderr, nil)
	}()
	eventually(t, func() bool { return strings.Contains(stderr.String(), "collector: receiving") }, "start")
	conn, err := net.Dial("udp4", address)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close()) }()
	for _, b := range datagrams {
		_, err := conn.Write(b)
		require.NoError(t, err)
	}
	eventually(t, func() bool { return enough(stderr.String()) }, "enough")
	cancel()
	return <-ended, stderr.String()
}

func encode(t *testing.T, m telemetry.Message) []byte {
	m.Version = telemetry.Version
	b, err := telemetry.AppendMessage(nil, &m)
	require.NoError(t, err)
	return b
}

func TestPrintsOneLineEach(t *testing.T) {
	stdout := new(output)
	nasty := telemetry.Sample{Host: telemetry.Known("two\nlines\x00\u2028")}
	code, log := runFor(t, stdout, [][]byte{
		encode(t, telemetry.Message{Serial: "GK0001", Seq: 7}),
		encode(t, telemetry.Message{Serial: "GK0002", Sample: nasty}),
	}, func(string) bool { return strings.Count(stdout.String(), "\n") == 2 })
	assert.Equal(t, exitOK, code)
	assert.Contains(t, log, `"collector: ended" messages=2`)
	lines := strings.Split(strings.TrimSuffix(stdout.String(), "\n"), "\n")
	require.Len(t, lines, 2)
	assert.Regexp(t, `^\{"received":"[^"]+Z","source":"127\.0\.0\.1:\d+","message":\{"v":1,"serial":"GK0001","seq":7\}\}$`, lines[0])
	var second jsonlines.Line
	require.NoError(t, json.Unmarshal([]byte(lines[1]), &second))
	assert.Equal(t, nasty, second.Message.Sample)
}

func TestSurvivesJunk(t *testing.T) {
	stdout := new(output)
	good := encode(t, telemetry.Message{Serial: "GK0001"})
	code, log := runFor(t, stdout, [][]byte{
		[]byte("GET / HTTP/1.1"), make([]byte, 3000), good[:5], {0xa2, 0, 2, 3, 0},
		encode(t, telemetry.Message{}), // without serial
		good, good,
	}, func(log string) bool {
		return strings.Contains(log, "refused or dropped") && strings.Contains(stdout.String(), "GK0001")
	})
	assert.Equal(t, exitOK, code)
	assert.Regexp(t, `"collector: ended" messages=1 malformed=2 version=1 truncated=1 unknown=1\n`, log)
	assert.Equal(t, 1, strings.Count(stdout.String(), "\n"))
}

func TestEndsWhenItCannotPrint(t *testing.T) {
	code, log := runFor(t, &output{fail: syscall.ENOSPC},
		[][]byte{encode(t, telemetry.Message{Serial: "GK0001"})},
		func(log string) bool { return strings.Contains(log, "ended by a fault") })
	assert.Equal(t, exitFailed, code)
	assert.Contains(t, log, "print a message: no space left on device")
}

// Whoever sends junk cannot fill the log.
func TestReportsOnceASecond(t *testing.T) {
	began := time.Now()
	junk := make([][]byte, 5000)
	for i := range junk {
		junk[i] = []byte("junk")
	}
	_, log := runFor(t, new(output), junk, func(log string) bool { return strings.Contains(log, "refused or dropped") })
	assert.LessOrEqual(t, strings.Count(log, "refused or dropped"), 1+int(time.Since(began)/time.Second))
}
