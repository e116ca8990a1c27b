package docs_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/docs"
	"github.com/fieldgate/fieldgate/internal/syncbuf"
	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/telemetrytest"
)

// patience is how long a program may take on a loaded machine.
const patience = 60 * time.Second

// What a document lets people type on their own machine works. Addresses of
// programs are those that the kernel had free.
func TestIntegrationCommands(t *testing.T) {
	for _, tool := range []string{"bash", "curl", "openssl"} {
		if _, err := exec.LookPath(tool); err != nil {
			require.NotEqual(t, "true", os.Getenv("CI"), "%s is missing", tool)
			t.Skip(tool + " is not installed (make peers)")
		}
	}
	beside := map[string]func(*testing.T) surroundings{"": besideNothing, "gateway": besideGateway, "collector": besideCollector}
	for file, text := range documents(t) {
		blocks := make(map[string][]docs.Block) // those of a document share what they run beside
		for _, b := range docs.Blocks(file, text) {
			if b.Kind == "run" {
				blocks[b.Arg] = append(blocks[b.Arg], b)
			}
		}
		for arg, list := range blocks {
			t.Run(strings.ReplaceAll(file, "/", "_")+"_"+arg, func(t *testing.T) {
				s := beside[arg](t)
				for _, b := range list {
					s.run(t, b)
				}
			})
		}
	}
}

// surroundings are what a block of shell finds.
type surroundings struct {
	folder string            // it starts there
	env    []string          // in addition
	moved  map[string]string // addresses as documents have them, to those here
}

// run runs a block as bash does with a script that has to succeed. curl fails
// with the statuses of HTTP that are failures.
func (s surroundings) run(t *testing.T, b docs.Block) {
	script := "curl() { command curl --silent --show-error --fail-with-body --output /dev/null \"$@\"; }\n" + b.Text
	for from, to := range s.moved {
		script = strings.ReplaceAll(script, from, to)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", script)
	cmd.Dir, cmd.Env = s.folder, append(os.Environ(), s.env...)
	out, err := cmd.CombinedOutput()
	assert.NoError(t, err, "%s:%d\n%s\n%s", b.File, b.Line, b.Text, out)
}

func besideNothing(*testing.T) surroundings { return surroundings{folder: top} }

// besideGateway runs a device that is played, with every endpoint switched on.
func besideGateway(t *testing.T) surroundings {
	folder := t.TempDir()
	for name, content := range map[string]string{
		"config.xlsx": "devices:\n  - {device_alias: INV1, protocol: modbus tcp, host: 192.0.2.1}\nsignals: []\n", // YAML is taken by the same path
		"image.tar":   "the fake takes it",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600))
	}
	p := start(t, folder, build(t, "gateway"), "-simulate", "-listen", "127.0.0.1:0")
	url := p.waitFor(t, `url=http://([^/]+)/`)
	key := p.waitFor(t, `API key [^:]*: (\S+)`)
	switchOn(t, p, filepath.Join(folder, "gateway-data", "gateway.yaml"))
	require.Eventually(t, func() bool {
		asked, err := http.NewRequest(http.MethodGet, "http://"+url+"/api/version", nil)
		require.NoError(t, err)
		asked.Header.Set("apiKey", key)
		reply, err := http.DefaultClient.Do(asked)
		if err != nil {
			return false
		}
		_ = reply.Body.Close()
		return reply.StatusCode == http.StatusOK
	}, patience, 20*time.Millisecond, "the endpoints do not come on: %s", p)
	return surroundings{
		folder: folder, env: []string{"KEY=" + key, "URL=http://" + url + "/api"},
		moved: map[string]string{"127.0.0.1:8080": url},
	}
}

// switchOn switches every endpoint on, as the README tells its readers to.
func switchOn(t *testing.T, p *process, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	before, endpoints, found := strings.Cut(string(text), "\n  endpoints:")
	require.True(t, found, "the configuration lists no endpoints")
	endpoints, after, found := strings.Cut(endpoints, "\n  tls:")
	require.True(t, found)
	off := regexp.MustCompile(`(?m)^(    [a-z_]+:) +false`)
	require.Regexp(t, off, endpoints)
	on := before + "\n  endpoints:" + off.ReplaceAllString(endpoints, "$1 true") + "\n  tls:" + after
	require.NoError(t, os.WriteFile(file, []byte(on), 0o600))
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGHUP))
}

// besideCollector runs a collector with a report of the device GK0001.
func besideCollector(t *testing.T) surroundings {
	folder := t.TempDir()
	p := start(t, folder, build(t, "collector"), "-listen", "127.0.0.1:0", "-http", "127.0.0.1:0", "-data", "data")
	udp, page := p.waitFor(t, `address=(\S+)`), p.waitFor(t, `http=http://([^/]+)/`)
	report(t, udp)
	require.Eventually(t, func() bool {
		reply, err := http.Get("http://" + page + "/v1/devices/GK0001")
		if err != nil {
			return false
		}
		_ = reply.Body.Close()
		return reply.StatusCode == http.StatusOK
	}, patience, 20*time.Millisecond, "the report does not come: %s", p)
	return surroundings{folder: folder, moved: map[string]string{"127.0.0.1:5151": page}}
}

// report sends one report, as an agent does.
func report(t *testing.T, addr string) {
	t.Helper()
	sample, err := telemetrytest.NewSource().Sample(t.Context())
	require.NoError(t, err)
	datagram, err := telemetry.AppendMessage(nil, &telemetry.Message{Version: telemetry.Version, Serial: "GK0001", Sample: sample})
	require.NoError(t, err)
	send(t, addr, datagram)
}

// TestIntegrationFirstCommand does what the README begins with: the device
// starts without flags but for its address, and shows its page.
func TestIntegrationFirstCommand(t *testing.T) {
	folder := t.TempDir()
	p := start(t, folder, build(t, "gateway"), "-listen", "127.0.0.1:0")
	url := "http://" + p.waitFor(t, `url=http://([^/]+)/`) + "/"
	assert.NotEmpty(t, p.waitFor(t, `password [^:]*: (\S+)`))
	reply, err := http.Get(url)
	require.NoError(t, err)
	page, err := io.ReadAll(reply.Body)
	require.NoError(t, err)
	require.NoError(t, reply.Body.Close())
	assert.Equal(t, http.StatusOK, reply.StatusCode)
	assert.Contains(t, string(page), `name="password"`)
	assert.FileExists(t, filepath.Join(folder, "gateway-data", "gateway.yaml"))
}

// The tables of flags say what the programs take, all of it and no more.
func TestIntegrationFlags(t *testing.T) {
	listed := regexp.MustCompile("`-([a-z][a-z0-9-]*)[ `]")
	known := regexp.MustCompile(`(?m)^  -([a-z][a-z0-9-]*)`)
	for _, program := range []string{"gateway", "collector"} {
		out, err := exec.Command(build(t, program), "-h").CombinedOutput()
		require.NoError(t, err)
		has, want := make(map[string]bool), make(map[string]bool)
		for _, m := range known.FindAllStringSubmatch(string(out), -1) {
			has[m[1]] = true
		}
		for line := range strings.Lines(documents(t)["examples/"+program+"/README.md"]) {
			if cell, is := strings.CutPrefix(line, "| "); is && strings.HasPrefix(cell, "`-") {
				cell, _, _ = strings.Cut(cell, " | ")
				for _, m := range listed.FindAllStringSubmatch(cell, -1) {
					want[m[1]] = true
				}
			}
		}
		assert.Equal(t, has, want, "flags of %s, and those in its README", program)
	}
}

// built keeps the programs for all tests.
var built sync.Map

// build builds a program of examples once.
func build(t *testing.T, program string) string {
	t.Helper()
	made, _ := built.LoadOrStore(program, sync.OnceValues(func() (string, error) {
		path := filepath.Join(programs, program)
		cmd := exec.Command("go", "build", "-o", path, "./examples/"+program)
		cmd.Dir = top
		out, err := cmd.CombinedOutput()
		if err != nil {
			return "", &exec.Error{Name: program + ": " + string(out), Err: err}
		}
		return path, nil
	}))
	path, err := made.(func() (string, error))()
	require.NoError(t, err)
	return path
}

// programs is the folder of what was built.
var programs string

func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "docs")
	if err != nil {
		panic(err)
	}
	programs = folder
	status := m.Run()
	_ = os.RemoveAll(folder)
	os.Exit(status)
}

// process is a program that runs, with all that it prints.
type process struct {
	cmd *exec.Cmd
	syncbuf.Buffer
}

// start starts a program, and lets it end in good order after the test.
func start(t *testing.T, folder, path string, args ...string) *process {
	t.Helper()
	cmd := exec.Command(path, args...)
	p := &process{cmd: cmd}
	cmd.Dir, cmd.Stdout, cmd.Stderr = folder, p, p
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		late := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
		defer late.Stop()
		_ = cmd.Process.Signal(syscall.SIGTERM)
		assert.NoError(t, cmd.Wait(), "%s: %s", path, p)
	})
	return p
}

// waitFor waits until the program has printed what matches, and returns its
// first group.
func (p *process) waitFor(t *testing.T, pattern string) string {
	t.Helper()
	expr := regexp.MustCompile(pattern)
	require.Eventually(t, func() bool { return expr.MatchString(p.String()) }, patience, 20*time.Millisecond, "%s does not come: %s", pattern, p)
	return expr.FindStringSubmatch(p.String())[1]
}

// send sends a datagram.
func send(t *testing.T, addr string, datagram []byte) {
	t.Helper()
	conn, err := net.Dial("udp", addr)
	require.NoError(t, err)
	_, err = conn.Write(datagram)
	require.NoError(t, err)
	require.NoError(t, conn.Close())
}
