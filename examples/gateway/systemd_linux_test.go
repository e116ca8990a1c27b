package main

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/syncbuf"
)

// systemd is told when the gateway is ready, that it lives, and that it ends;
// its socket is served.
func TestIntegrationSystemd(t *testing.T) {
	path, err := binary()
	require.NoError(t, err)
	state := filepath.Join(t.TempDir(), "state")
	address := filepath.Join(t.TempDir(), "notify")
	notify, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: address, Net: "unixgram"})
	require.NoError(t, err)
	said := new(syncbuf.Buffer)
	read := make(chan struct{})
	t.Cleanup(func() { <-read })
	t.Cleanup(func() { assert.NoError(t, notify.Close()) })
	go func() {
		defer close(read)
		message := make([]byte, 1<<10)
		for {
			n, err := notify.Read(message)
			if err != nil {
				return
			}
			_, _ = fmt.Fprintf(said, "%s\n", message[:n])
		}
	}()
	cmd, log, listener := startBySocket(t, path, state, "127.0.0.1:0", "NOTIFY_SOCKET="+address, "WATCHDOG_USEC=200000")
	soon(t, "it is ready", func() bool { return strings.Contains(said.String(), "READY=1") })
	ready := strings.Count(said.String(), "WATCHDOG=1")
	soon(t, "it lives", func() bool { return strings.Count(said.String(), "WATCHDOG=1") > ready+2 })

	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get("http://" + listener.Addr().String() + "/healthz")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, http.StatusOK, resp.StatusCode, "stderr: %s", log)

	// a restart of the web server takes the same socket
	edit(t, state, "max_connections: 64", "max_connections: 65")
	require.NoError(t, cmd.Process.Signal(syscall.SIGHUP))
	soon(t, "it serves again", func() bool { return strings.Count(log.String(), "page and API are served") == 2 })
	resp, err = client.Get("http://" + listener.Addr().String() + "/healthz")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())

	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, cmd.Wait(), "stderr: %s", log)
	assert.True(t, strings.Contains(said.String(), "STOPPING=1"), said.String())
	require.NoError(t, listener.Close())
}

// startBySocket starts the gateway as systemd does that has opened its socket.
func startBySocket(t *testing.T, path, state, listen string, env ...string) (*exec.Cmd, *syncbuf.Buffer, net.Listener) {
	t.Helper()
	listener, err := net.Listen("tcp", listen)
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	socket, err := listener.(*net.TCPListener).File()
	require.NoError(t, err)
	cmd := exec.Command("sh", "-c", `LISTEN_PID=$$ WATCHDOG_PID=$$ exec "$@"`, "sh", path, "-state", state)
	cmd.Env = append(append(os.Environ(), "LISTEN_FDS=1"), env...)
	cmd.ExtraFiles = []*os.File{socket}
	log := new(syncbuf.Buffer)
	cmd.Stderr = log
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	require.NoError(t, socket.Close())
	return cmd, log, listener
}

// A socket of systemd that others reach is served over TLS, also where the
// configuration has an address of this host only.
func TestIntegrationSocketForEverybody(t *testing.T) {
	path, err := binary()
	require.NoError(t, err)
	cmd, log, listener := startBySocket(t, path, filepath.Join(t.TempDir(), "state"), "0.0.0.0:0")
	soon(t, "it serves", func() bool { return strings.Contains(log.String(), "page and API are served") })
	assert.Contains(t, log.String(), "url=https://")
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
	}}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://127.0.0.1:"+port+"/login", nil)
	require.NoError(t, err)
	request.Host = "device.example" // whatever name it has
	resp, err := client.Do(request)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, http.StatusOK, resp.StatusCode)
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, cmd.Wait(), "stderr: %s", log)
}

// A device comes up with a configuration that is damaged, or that a newer
// version has written: with the newest one that reads, and it says so.
func TestIntegrationDamagedConfiguration(t *testing.T) {
	state := filepath.Join(t.TempDir(), "state")
	first := startGateway(t, state)
	require.NotEmpty(t, first.url)
	first.login()
	require.Equal(t, exitOK, first.end(syscall.SIGTERM))
	file := filepath.Join(state, "gateway.yaml")
	good, err := os.ReadFile(file)
	require.NoError(t, err)
	for name, bad := range map[string]string{
		"empty":           "",
		"cut off":         string(good[:bytes.Index(good, []byte("test_command: ["))+20]),
		"garbage":         strings.Repeat("\x00", 4096),
		"a newer version": strings.Replace(string(good), `"format":2,`, `"format":9,`, 1),
		"an unknown key":  strings.Replace(string(good), "\nweb:", "\nwarp: {}\nweb:", 1),
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, os.WriteFile(file, []byte(bad), 0o600))
			p := startGateway(t, state)
			require.NotEmpty(t, p.url, "stderr: %s", &p.stderr)
			p.password = first.password
			assert.Contains(t, p.stderr.String(), "an older one is in force")
			assert.Contains(t, p.page(), "an older revision is in force")
			kept, err := os.ReadFile(file)
			require.NoError(t, err)
			assert.Equal(t, bad, string(kept), "it stays until the next save")
			assert.Equal(t, exitOK, p.end(syscall.SIGTERM))
		})
	}
	// the next save mends it
	p := startGateway(t, state)
	require.NotEmpty(t, p.url, "stderr: %s", &p.stderr)
	p.password = first.password
	p.page()
	base := formBase.FindStringSubmatch(func() string { _, page := p.get("/config/device", ""); return page }())
	require.NotNil(t, base)
	status, page := p.post("/config/device", map[string][]string{"base": {base[1]}, "model": {"mended"}})
	require.Equal(t, http.StatusOK, status, page)
	assert.NotContains(t, p.page(), "an older revision is in force")
	require.Equal(t, exitOK, p.end(syscall.SIGTERM))
	again := startGateway(t, state)
	require.NotEmpty(t, again.url, "stderr: %s", &again.stderr)
	assert.NotContains(t, again.stderr.String(), "older one")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Contains(t, string(text), "mended")
	assert.FileExists(t, filepath.Join(state, "gateway.unread.yaml"))
	assert.Equal(t, exitOK, again.end(syscall.SIGTERM))
}

// Who moves the pages to another address gets the answer to that, and finds
// them there.
func TestIntegrationMovesThePages(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := free.Addr().String()
	require.NoError(t, free.Close())
	p := startGateway(t, newState(t, "web: {listen: '127.0.0.1:0'}\ntelemetry: {enabled: false}\n"), "-listen", "")
	require.NotEmpty(t, p.url, "stderr: %s", &p.stderr)
	p.login()
	status, page := p.post("/config/web", map[string][]string{"base": {"1"}, "listen": {address}, "action": {"apply"}})
	require.Equal(t, http.StatusOK, status, page)
	assert.Contains(t, page, "restarted")
	p.url = "http://" + address + "/"
	soon(t, "the pages are there", func() bool {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	assert.Contains(t, p.page(), "running")
	assert.NotContains(t, p.stderr.String(), "level=ERROR")
	assert.Equal(t, exitOK, p.end(syscall.SIGTERM), "stderr: %s", &p.stderr)
}
