package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/gobuild"
	"github.com/fieldgate/fieldgate/internal/syncbuf"
	"github.com/fieldgate/fieldgate/telemetry/telemetrytest"
)

// built is the gateway, for tests that run it as a process.
var built = gobuild.Program{Package: "."}

// binary returns its file.
func binary() (string, error) { return built.Path() }

// process is a running gateway.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	url    string // of the page; "" if the gateway ended before it served
	stdout syncbuf.Buffer
	stderr syncbuf.Buffer
	read   chan struct{} // closed when stderr has ended
	client *http.Client

	password string // of admin, once somebody is logged in
}

var pageURL = regexp.MustCompile(`url=(https?://\S+/)`)

// startGateway starts the program on a state folder and a free port, and
// waits until it serves or has ended.
func startGateway(t *testing.T, state string, args ...string) *process {
	t.Helper()
	path, err := binary()
	require.NoError(t, err)
	return startProgram(t, []string{path}, state, args...)
}

// startProgram does so with another build of the program, by way of a command.
func startProgram(t *testing.T, program []string, state string, args ...string) *process {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	p := &process{t: t, read: make(chan struct{}), client: &http.Client{
		Jar: jar, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}},
	}}
	t.Cleanup(p.client.CloseIdleConnections)
	if run, err := runFolder("", state); err == nil && strings.HasPrefix(run, "/run/fieldgate-") {
		t.Cleanup(func() { _ = os.RemoveAll(run) })
	}
	p.cmd = exec.Command(program[0], slices.Concat(program[1:], []string{"-state", state, "-listen", "127.0.0.1:0"}, args)...)
	p.cmd.Stdout = &p.stdout
	pipe, err := p.cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() { _ = p.cmd.Process.Kill(); <-p.read })

	urls := make(chan string, 1)
	go func() {
		defer close(p.read)
		defer close(urls)
		lines := bufio.NewScanner(pipe)
		for lines.Scan() {
			_, _ = p.stderr.Write([]byte(lines.Text() + "\n"))
			if m := pageURL.FindStringSubmatch(lines.Text()); m != nil {
				select {
				case urls <- m[1]:
				default:
				}
			}
		}
	}()
	select {
	case p.url = <-urls:
	case <-time.After(30 * time.Second):
		require.Fail(t, "the gateway neither serves nor ends")
	}
	return p
}

// end sends a signal, waits for the end and returns the exit status.
func (p *process) end(sig os.Signal) int {
	p.t.Helper()
	_ = p.cmd.Process.Signal(sig)
	return p.wait()
}

func (p *process) wait() int {
	p.t.Helper()
	<-p.read
	_ = p.cmd.Wait()
	return p.cmd.ProcessState.ExitCode()
}

func (p *process) get(path, key string) (status int, body string) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.url+strings.TrimPrefix(path, "/"), nil)
	require.NoError(p.t, err)
	if key != "" {
		r.Header.Set("apiKey", key)
	}
	resp, err := p.client.Do(r)
	require.NoError(p.t, err)
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	require.NoError(p.t, err)
	return resp.StatusCode, string(content)
}

var printedPassword = regexp.MustCompile(`Web page: user admin, password \(.*\): (\S+)`)

// login logs in, with the password of the first start unless there is one.
func (p *process) login() {
	p.t.Helper()
	if m := printedPassword.FindStringSubmatch(p.stdout.String()); m != nil {
		p.password = m[1]
	}
	status, page := p.post("/login", url.Values{"user": {"admin"}, "password": {p.password}})
	require.Equal(p.t, http.StatusOK, status, page)
	require.NotContains(p.t, page, `name="password"`)
}

// page returns the first page, for who is logged in.
func (p *process) page() string {
	p.t.Helper()
	status, page := p.get("/", "")
	if strings.Contains(page, `name="password"`) {
		p.login()
		status, page = p.get("/", "")
	}
	require.Equal(p.t, http.StatusOK, status, page)
	return page
}

// post sends a form and follows where it leads.
func (p *process) post(path string, form url.Values) (status int, body string) {
	p.t.Helper()
	resp, err := p.client.PostForm(p.url+strings.TrimPrefix(path, "/"), form)
	require.NoError(p.t, err)
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	require.NoError(p.t, err)
	return resp.StatusCode, string(content)
}

var formBase = regexp.MustCompile(`name="base" value="(\d+)"`)

var printedKey = regexp.MustCompile(`API key \(.*\): (\S+)`)

// key returns the API key that the gateway printed, "" if none.
func (p *process) key() string {
	m := printedKey.FindStringSubmatch(p.stdout.String())
	if m == nil {
		return ""
	}
	return m[1]
}

// edit replaces a text of the stored configuration.
func edit(t *testing.T, state, old, new string) {
	t.Helper()
	path := filepath.Join(state, "gateway.yaml")
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Contains(t, string(text), old)
	// in one step: the gateway may still be reading because of an earlier signal
	next := path + ".next"
	require.NoError(t, os.WriteFile(next, []byte(strings.ReplaceAll(string(text), old, new)), 0o600))
	require.NoError(t, os.Rename(next, path))
}

func TestIntegrationFirstLight(t *testing.T) {
	state := filepath.Join(t.TempDir(), "state")
	collector := telemetrytest.NewCollector()
	defer collector.Close()
	p := startGateway(t, state)
	require.NotEmpty(t, p.url, "stderr: %s", &p.stderr)

	// what the first start leaves behind
	info, err := os.Stat(state)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o700), info.Mode().Perm())
	info, err = os.Stat(filepath.Join(state, "gateway.yaml"))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	// the page shows this host
	host, err := os.Hostname()
	require.NoError(t, err)
	_, page := p.get("/", "")
	assert.Contains(t, page, `name="password"`)
	assert.NotContains(t, page, host)
	p.login()
	status, page := p.get("/", "")
	assert.Equal(t, http.StatusOK, status)
	for _, want := range []string{host, "telemetry", "running", "reports sent to 127.0.0.1:5150", "Load 1, 5, 15 min"} {
		assert.Contains(t, page, want)
	}
	status, _ = p.get("/elsewhere", "")
	assert.Equal(t, http.StatusNotFound, status)

	// the API asks for its key, and every endpoint is off
	apiKey := p.key()
	require.Len(t, apiKey, 32)
	status, body := p.get("/api/version", "")
	assert.Equal(t, http.StatusUnauthorized, status)
	assert.JSONEq(t, `{"error":"Unauthorized access."}`, body)
	status, _ = p.get("/api/version", apiKey)
	assert.Equal(t, http.StatusForbidden, status)
	for _, path := range []string{"/api//version", "/api", "/api/"} {
		status, body = p.get(path, apiKey)
		assert.Equal(t, http.StatusNotFound, status, "%s: a path is not cleaned up by a redirect", path)
		assert.Contains(t, body, `{"error":`)
	}

	// who has the name of another host lead here does not see the page
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.url, nil)
	require.NoError(t, err)
	r.Host = "rebound.example:8080"
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, http.StatusMisdirectedRequest, resp.StatusCode)

	// a wrong configuration changes nothing
	edit(t, state, "period: 10s", "period: 1ms")
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGHUP))
	require.Eventually(t, func() bool { return strings.Contains(p.stderr.String(), "telemetry.period: 0.001s is out of range") },
		10*time.Second, 20*time.Millisecond, "the wrong configuration is explained")
	status, _ = p.get("/api/version", apiKey)
	assert.Equal(t, http.StatusForbidden, status)

	// a right one is taken over
	edit(t, state, "period: 1ms", "period: 1s")
	for _, endpoint := range []string{"version", "actions", "syslog", "system_info"} {
		edit(t, state, endpoint+": false", endpoint+": true")
	}
	edit(t, state, "port: 5150", fmt.Sprintf("port: %d", collector.Destination().Port))
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGHUP))
	require.Eventually(t, func() bool { status, _ := p.get("/api/version", apiKey); return status == http.StatusOK },
		10*time.Second, 20*time.Millisecond)
	_, body = p.get("/api/systemInfo", apiKey)
	assert.Contains(t, body, fmt.Sprintf(`"hostname":%q`, host))
	_, body = p.get("/api/syslog", apiKey)
	assert.Contains(t, body, "the configuration is taken over")
	assert.NotContains(t, body, apiKey)

	// the collector gets the values of this host, and they change
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	first, err := collector.Next(ctx)
	require.NoError(t, err)
	second, err := collector.Next(ctx)
	require.NoError(t, err)
	assert.Equal(t, host, first.Host.Value)
	assert.Equal(t, first.Boot, second.Boot)
	assert.Equal(t, first.Seq+1, second.Seq)
	assert.Greater(t, second.CPU.Idle.Value+second.CPU.User.Value+second.CPU.System.Value,
		first.CPU.Idle.Value+first.CPU.User.Value+first.CPU.System.Value)
	assert.InDelta(t, procUptime(t), second.Uptime.Value, 3)

	began := time.Now()
	assert.Equal(t, exitOK, p.end(syscall.SIGTERM), "stderr: %s", &p.stderr)
	assert.Less(t, time.Since(began), 5*time.Second)
	assert.NotContains(t, p.stderr.String(), apiKey)
	assert.NotContains(t, p.stderr.String(), p.password)

	again := startGateway(t, state)
	require.NotEmpty(t, again.url)
	status, _ = again.get("/api/version", apiKey)
	assert.Equal(t, http.StatusOK, status, "the key still opens the API")
	third, err := collector.Next(ctx)
	require.NoError(t, err)
	for third.Boot == second.Boot { // still underway from before the stop
		third, err = collector.Next(ctx)
		require.NoError(t, err)
	}
	assert.Equal(t, second.Boot.Value+1, third.Boot.Value)
	assert.Equal(t, exitOK, again.end(syscall.SIGINT))
	assert.Empty(t, again.key(), "only a first start prints a key")
}

func procUptime(t *testing.T) float64 {
	t.Helper()
	text, err := os.ReadFile("/proc/uptime")
	require.NoError(t, err)
	var seconds float64
	_, err = fmt.Sscan(string(text), &seconds)
	require.NoError(t, err)
	return seconds
}

// However early a first start is killed, the next one works, and the key
// whose hash is stored has been printed.
func TestIntegrationKillDuringFirstStart(t *testing.T) {
	path, err := binary()
	require.NoError(t, err)
	const steps = 24
	whole := firstStartTime(t, path)
	early, late := 0, 0 // killed before and after the configuration was there
	for step := range steps {
		delay := whole * time.Duration(step) * 3 / (2 * steps)
		state := filepath.Join(t.TempDir(), "state")
		cmd := exec.Command(path, "-state", state, "-listen", "127.0.0.1:0")
		var stdout bytes.Buffer
		cmd.Stdout = &stdout
		require.NoError(t, cmd.Start())
		time.Sleep(delay)
		require.NoError(t, cmd.Process.Kill())
		_ = cmd.Wait()
		if _, err := os.Stat(filepath.Join(state, "gateway.yaml")); err == nil {
			late++
		} else {
			early++
		}

		p := startGateway(t, state)
		require.NotEmpty(t, p.url, "killed after %v, then: %s", delay, &p.stderr)
		opens := false
		for _, m := range printedKey.FindAllStringSubmatch(stdout.String()+p.stdout.String(), -1) {
			status, _ := p.get("/api/version", m[1])
			opens = opens || status == http.StatusForbidden // known key, endpoint off
		}
		assert.True(t, opens, "killed after %v: no printed key opens the API", delay)
		assert.Equal(t, exitOK, p.end(syscall.SIGTERM))
	}
	assert.Positive(t, early, "no start was killed before it had written its configuration")
	assert.Positive(t, late, "no start was killed after it had written its configuration")
}

// firstStartTime measures how long a first start takes until it has written
// its configuration.
func firstStartTime(t *testing.T, path string) time.Duration {
	t.Helper()
	state := filepath.Join(t.TempDir(), "state")
	cmd := exec.Command(path, "-state", state, "-listen", "127.0.0.1:0")
	began := time.Now()
	require.NoError(t, cmd.Start())
	require.Eventually(t, func() bool {
		_, err := os.Stat(filepath.Join(state, "gateway.yaml"))
		return err == nil
	}, 30*time.Second, 200*time.Microsecond)
	took := time.Since(began)
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	return took
}

// A device that is told to end while it starts or reloads ends, too.
func TestIntegrationEndsWhileReloading(t *testing.T) {
	state := filepath.Join(t.TempDir(), "state")
	p := startGateway(t, state)
	require.NotEmpty(t, p.url)
	edit(t, state, "authentication: key ", "authentication: none ")
	for range 20 {
		require.NoError(t, p.cmd.Process.Signal(syscall.SIGHUP))
	}
	began := time.Now()
	assert.Equal(t, exitOK, p.end(syscall.SIGTERM), "stderr: %s", &p.stderr)
	assert.Less(t, time.Since(began), 5*time.Second)
}

func TestIntegrationWrongConfigurationStartsNothing(t *testing.T) {
	path, err := binary()
	require.NoError(t, err)
	dir := t.TempDir()
	file := filepath.Join(dir, "bad.yaml")
	text := "web:\n  listn: :80\ntelemetry:\n  period: 1ms\n  destinations:\n    - {host: \"\", port: 70000}\n"
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))

	for _, args := range [][]string{{"-check"}, {}} {
		cmd := exec.Command(path, append(args, "-config", file, "-state", filepath.Join(dir, "state"))...)
		out, err := cmd.CombinedOutput()
		require.Error(t, err)
		assert.Equal(t, exitInvalid, cmd.ProcessState.ExitCode())
		assert.Equal(t, strings.ReplaceAll(`FILE:2:3: web.listn: unknown key
FILE:4:11: telemetry.period: 0.001s is out of range, allowed is 1s to 24h
FILE:6:14: telemetry.destinations[0].host: required: a host name or an IP address
FILE:6:24: telemetry.destinations[0].port: 70000 is out of range, allowed is 1 to 65535
`, "FILE", file), string(out))
	}
	assert.NoDirExists(t, filepath.Join(dir, "state"))
	kept, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, text, string(kept))
}

func TestIntegrationTakenPortRollsBack(t *testing.T) {
	first := startGateway(t, filepath.Join(t.TempDir(), "a"))
	require.NotEmpty(t, first.url)
	addr := strings.TrimSuffix(strings.TrimPrefix(first.url, "http://"), "/")
	second := startGateway(t, filepath.Join(t.TempDir(), "b"), "-listen", addr)
	assert.Equal(t, exitFailed, second.wait())
	assert.Contains(t, second.stderr.String(), "web does not start")
	assert.Contains(t, second.stderr.String(), "address already in use")
	assert.Equal(t, exitOK, first.end(syscall.SIGTERM))
}

func TestIntegrationOneGatewayPerStateFolder(t *testing.T) {
	state := filepath.Join(t.TempDir(), "state")
	first := startGateway(t, state)
	require.NotEmpty(t, first.url)
	second := startGateway(t, state)
	assert.Equal(t, exitFailed, second.wait())
	assert.Contains(t, second.stderr.String(), errLocked.Error())
	assert.Equal(t, exitOK, first.end(syscall.SIGTERM))
}

func TestIntegrationSimulate(t *testing.T) {
	p := startGateway(t, filepath.Join(t.TempDir(), "state"), "-simulate")
	require.NotEmpty(t, p.url)
	host, err := os.Hostname()
	require.NoError(t, err)
	p.login()
	status, page := p.get("/", "")
	assert.Equal(t, http.StatusOK, status)
	assert.Contains(t, strings.ToLower(page), "simulated device")
	assert.NotContains(t, page, ">"+host+"<", "a simulated device shows nothing of this host")
	assert.Contains(t, page, "Load 1, 5, 15 min")
	assert.Equal(t, exitOK, p.end(syscall.SIGTERM))
}

func TestFlags(t *testing.T) {
	dir := t.TempDir()
	valid := filepath.Join(dir, "valid.yaml")
	require.NoError(t, os.WriteFile(valid, []byte("api:\n  enabled: true\n  authentication: none\n  listen: 127.0.0.1:9\n"), 0o600))
	for name, c := range map[string]struct {
		args   []string
		status int
		out    string
	}{
		"version":              {[]string{"-version"}, exitOK, "fieldgate " + release + "\n"},
		"help":                 {[]string{"-h"}, exitOK, "-simulate"},
		"unknown flag":         {[]string{"-x"}, exitInvalid, "-x"},
		"argument":             {[]string{"start"}, exitInvalid, `unexpected argument "start"`},
		"check, weak":          {[]string{"-check", "-config", valid}, exitOK, "warning: api.authentication"},
		"check, no such file":  {[]string{"-check", "-config", filepath.Join(dir, "none.yaml")}, exitInvalid, "no such file"},
		"check, -listen wrong": {[]string{"-check", "-config", valid, "-listen", "8080"}, exitInvalid, "-listen: "},
		"check, nothing there": {[]string{"-check", "-state", filepath.Join(dir, "state")}, exitFailed, "no configuration yet"},
		"check, port twice":    {[]string{"-check", "-config", valid, "-listen", "127.0.0.1:9"}, exitInvalid, "-listen: api.listen: this is the port of web.listen"},
		"schema":               {[]string{"-schema"}, exitOK, `"$schema": "https://json-schema.org/`},
		"new key":              {[]string{"-new-key", "ops"}, exitOK, "hash: sha256:"},
		"new key, bad name":    {[]string{"-new-key", "two words"}, exitInvalid, "keys[0].name"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			assert.Equal(t, c.status, run(c.args, &out, &out))
			assert.Contains(t, out.String(), c.out)
		})
	}
	assert.NoDirExists(t, filepath.Join(dir, "state"))
}
