package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fieldgate/fieldgate/internal/gobuild"
	"github.com/fieldgate/fieldgate/telemetry"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		_ = collectorProgram.Remove()
		os.Exit(code)
	}))
}

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// collectorProgram is the built program.
var collectorProgram = gobuild.Program{Package: "."}

func binary(t testing.TB) string {
	if _, err := exec.LookPath("go"); err != nil {
		missing(t, "the go command is missing")
	}
	path, err := collectorProgram.Path()
	require.NoError(t, err)
	return path
}

// missing skips a test, or fails it where nothing may be missing.
func missing(t testing.TB, reason string) {
	if os.Getenv("CI") == "true" {
		t.Fatal(reason)
	}
	t.Skip(reason)
}

// program is the built collector as a process.
type program struct {
	cmd   *exec.Cmd
	dest  telemetry.Destination
	url   string
	lines *bufio.Scanner // of its standard output

	mu    sync.Mutex
	log   strings.Builder
	ended chan struct{} // closed when its standard error is
}

// start runs the program on free ports, by way of the command wrap if given,
// and waits until it receives.
func start(t testing.TB, wrap []string, args ...string) *program {
	args = append(append(wrap, binary(t), "-listen", "127.0.0.1:0", "-http", "127.0.0.1:0"), args...)
	p := &program{cmd: exec.Command(args[0], args[1:]...), ended: make(chan struct{})}
	stdout, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	stderr, err := p.cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	watchdog := time.AfterFunc(2*time.Minute, func() { _ = p.cmd.Process.Kill() })
	t.Cleanup(func() {
		watchdog.Stop()
		_ = p.cmd.Process.Kill() // it has ended unless the test failed
		<-p.ended
		if t.Failed() {
			t.Logf("the collector said:\n%s", p.said())
		}
	})
	p.lines = bufio.NewScanner(stdout)
	ready := make(chan []string, 1)
	go p.listen(stderr, ready)
	select {
	case found := <-ready:
		port, err := strconv.Atoi(found[1])
		require.NoError(t, err)
		p.dest = telemetry.Destination{Host: "127.0.0.1", Port: port}
		p.url = found[2]
	case <-p.ended:
		require.Fail(t, "the collector has ended", p.said())
	case <-time.After(patience):
		require.Fail(t, "the collector does not start", p.said())
	}
	return p
}

func (p *program) listen(stderr io.Reader, ready chan<- []string) {
	defer close(p.ended)
	address := regexp.MustCompile(`collector: receiving" address=127\.0\.0\.1:(\d+) http=(\S+)/`)
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		p.mu.Lock()
		p.log.WriteString(lines.Text() + "\n")
		p.mu.Unlock()
		if found := address.FindStringSubmatch(lines.Text()); found != nil {
			ready <- found
		}
	}
}

func (p *program) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// stop ends the program as asked, in time, and returns what it said.
func (p *program) stop(t testing.TB, signal os.Signal) string {
	began := time.Now()
	require.NoError(t, p.cmd.Process.Signal(signal))
	<-p.ended
	err := p.cmd.Wait()
	require.NoError(t, err, p.said())
	require.Less(t, time.Since(began), 5*time.Second)
	return p.said()
}

// kill ends the program by kill -9.
func (p *program) kill(t testing.TB) {
	require.NoError(t, p.cmd.Process.Kill())
	<-p.ended
	var exit *exec.ExitError
	require.ErrorAs(t, p.cmd.Wait(), &exit)
	require.Equal(t, syscall.SIGKILL, exit.Sys().(syscall.WaitStatus).Signal())
}

// get asks the program over HTTP, with curl's habits: one connection each.
func (p *program) get(t testing.TB, path string, into any) (status int) {
	client := http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(p.url + path)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	b, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	if text, ok := into.(*string); ok {
		*text = string(b)
	} else {
		require.NoError(t, json.Unmarshal(b, into), "%s", b)
	}
	return response.StatusCode
}

// metric returns the value of a metric without labels.
func (p *program) metric(t testing.TB, name string) uint64 {
	var text string
	require.Equal(t, 200, p.get(t, "/metrics", &text))
	found := regexp.MustCompile(`(?m)^fieldgate_collector_` + name + ` (\d+)$`).FindStringSubmatch(text)
	require.NotNil(t, found, "%s in %s", name, text)
	n, err := strconv.ParseUint(found[1], 10, 64)
	require.NoError(t, err)
	return n
}

// eventually waits for a fact.
func eventually(t testing.TB, fact func() bool, what string) {
	for deadline := time.Now().Add(patience); !fact(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			require.Fail(t, "it does not come about", what)
		}
	}
}

// device is the part of an answer that the tests look at.
type device struct {
	Serial  string             `json:"serial"`
	Seq     uint64             `json:"seq"`
	Sealed  bool               `json:"sealed"`
	Silent  bool               `json:"silent"`
	Message *telemetry.Message `json:"message"`
	Loss    struct {
		Received, Lost uint64
	} `json:"loss"`
}

// boot numbers the start of an agent.
func boot(n uint32) func(context.Context) (uint32, error) {
	return func(context.Context) (uint32, error) { return n, nil }
}

// master is the key of the fleet of the tests.
const master = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

func keyFile(t testing.TB, content string) string {
	name := filepath.Join(t.TempDir(), "keys")
	require.NoError(t, os.WriteFile(name, []byte(content), 0o600))
	return name
}

func deviceKey(t testing.TB, serial string) telemetry.Key {
	key, err := telemetry.ParseKey(master)
	require.NoError(t, err)
	return telemetry.DeriveKey(key, serial)
}
