package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/fieldgate/fieldgate/internal/netns"
)

// output is what a process has printed so far.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// Where the gateway is.
const (
	gatewayHost = "192.0.2.1"
	peerHost    = "192.0.2.2"
	webAddress  = gatewayHost + ":8443"
)

// startTime and endTime bound the start and the end of a gateway with the race
// detector on a busy machine.
const (
	startTime = 90 * time.Second
	endTime   = 60 * time.Second
)

// gateway is the gateway, one process after the other.
type gateway struct {
	ledger  *ledger
	host    *netns.Namespace
	program string
	state   string
	run     string   // the folder of what it runs
	charon  string   // the socket
	log     *os.File // what all of them wrote

	mu       sync.Mutex
	cmd      *exec.Cmd
	expected bool          // it is to end
	ended    chan struct{} // closed when it has

	printed output
}

// build builds the gateway with the race detector.
func build(ctx context.Context, path string) error {
	text, err := exec.CommandContext(ctx, "go", "build", "-race", "-buildvcs=false", "-o", path, "./examples/gateway").CombinedOutput()
	if err != nil {
		return fmt.Errorf("go build ./examples/gateway: %w: %s", err, text)
	}
	return nil
}

// start starts a gateway and returns once it serves.
func (g *gateway) start(ctx context.Context) error {
	cmd := g.host.Command(context.Background(), g.program, "-state", g.state, "-run", g.run, "-charon", g.charon)
	cmd.Env = append(os.Environ(), "GORACE=halt_on_error=0 exitcode=66", "GOTRACEBACK=all")
	cmd.Stdout = &g.printed
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	ended, served := make(chan struct{}), make(chan struct{})
	g.mu.Lock()
	g.cmd, g.expected, g.ended = cmd, false, ended
	g.mu.Unlock()
	go g.follow(cmd, stderr, ended, served)
	select {
	case <-served:
		return nil
	case <-ended:
		return errors.New("the gateway ends instead of serving")
	case <-time.After(startTime):
		return fmt.Errorf("the gateway does not serve within %v", startTime)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// follow reads what a gateway says until it ends.
func (g *gateway) follow(cmd *exec.Cmd, stderr io.Reader, ended, served chan struct{}) {
	defer close(ended)
	lines := bufio.NewScanner(stderr)
	lines.Buffer(nil, 1<<20)
	for serves := false; lines.Scan(); {
		_, _ = fmt.Fprintln(g.log, lines.Text())
		if !serves && strings.Contains(lines.Text(), `msg="page and API are served"`) {
			serves = true
			close(served)
		}
		g.judge(lines.Text())
	}
	_ = cmd.Wait()
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.expected {
		g.ledger.fault("the gateway has ended by itself: %v", cmd.ProcessState)
	}
}

// errorOf and warningOf find the messages of lines of the log at a level;
// numbers in them are not told apart.
var (
	errorOf   = regexp.MustCompile(`^(?:time=\S+ )?level=ERROR msg=("(?:[^"\\]|\\.)*"|\S+)`)
	numbers   = regexp.MustCompile(`\b\d+\b`)
	warningOf = regexp.MustCompile(`^(?:time=\S+ )?level=WARN msg=("(?:[^"\\]|\\.)*"|\S+)`)
)

// provoked are the errors that have to be in the log, by a text in them, with
// what leads to them.
var provoked = []struct{ text, cause string }{
	{`msg="the configuration is not taken over, everything goes on as before"`, brokenFile},
	{`msg="the configuration cannot be read, an older one is in force"`, brokenFile},
	{"no space left on device", fullDisk},
}

// judge looks for what must not be said.
func (g *gateway) judge(line string) {
	switch {
	case strings.Contains(line, "WARNING: DATA RACE"):
		g.ledger.fault("a data race, see the log of the gateway")
	case strings.HasPrefix(line, "panic: "), strings.HasPrefix(line, "fatal error: "):
		g.ledger.fault("%s", line)
	}
	if m := warningOf.FindStringSubmatch(line); m != nil {
		g.ledger.count("warned: " + numbers.ReplaceAllString(m[1], "N"))
	}
	m := errorOf.FindStringSubmatch(line)
	if m == nil {
		return
	}
	for _, p := range provoked {
		if strings.Contains(line, p.text) && g.ledger.caused(p.cause, time.Minute) {
			g.ledger.count("provoked: " + m[1])
			return
		}
	}
	g.ledger.fault("an error that nobody has provoked: %s", line)
}

// pid is that of the process that runs.
func (g *gateway) pid() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.cmd.Process.Pid
}

// signal sends a signal that the gateway outlives.
func (g *gateway) signal(sig syscall.Signal) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.cmd.Process.Signal(sig)
}

// end ends the gateway and returns its exit status, -1 if it was killed.
func (g *gateway) end(sig syscall.Signal) (int, error) {
	g.mu.Lock()
	cmd, ended := g.cmd, g.ended
	g.expected = true
	g.mu.Unlock()
	if err := cmd.Process.Signal(sig); err != nil {
		return 0, fmt.Errorf("signal %v: %w", sig, err)
	}
	select {
	case <-ended:
		return cmd.ProcessState.ExitCode(), nil
	case <-time.After(endTime):
		_ = cmd.Process.Signal(syscall.SIGQUIT) // the log says where it hangs
		<-ended
		return 0, fmt.Errorf("the gateway does not end within %v of %v, see the end of its log", endTime, sig)
	}
}

var password = regexp.MustCompile(`user admin, password \([^)]*\): (\S+)`)

// firstPassword is what the first start has printed.
func (g *gateway) firstPassword() string {
	if m := password.FindStringSubmatch(g.printed.String()); m != nil {
		return m[1]
	}
	return ""
}

// children are the processes that gateways have started, as the kernel knows
// them: those whose command line names the folder of what it runs.
func (g *gateway) children() ([]int, error) {
	all, err := filepath.Glob("/proc/[0-9]*/cmdline")
	var pids []int
	own := g.pid()
	for _, path := range all {
		line, err := os.ReadFile(path)
		var pid int
		if _, scan := fmt.Sscanf(path, "/proc/%d/", &pid); err != nil || scan != nil || pid == own {
			continue // it has gone
		}
		if strings.Contains(string(line), g.run+"/") {
			pids = append(pids, pid)
		}
	}
	return pids, err
}
