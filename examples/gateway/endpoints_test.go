package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api/atmodem/atmodemtest"
	"github.com/fieldgate/fieldgate/internal/ptypair"
)

// python is that of the distribution, which its packages are for.
const python = "/usr/bin/python3"

// need skips the test where a program, with what it is called by, does not
// run; in CI that fails.
func need(t *testing.T, program string, args ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput(); err != nil {
		if os.Getenv("CI") == "true" {
			require.NoError(t, err, "%s %v (scripts/peers): %s", program, args, out)
		}
		t.Skipf("needs %s %v (scripts/peers)", program, args)
	}
}

// must runs a program in a folder.
func must(t *testing.T, dir, program string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s %v: %s", program, args, out)
	return string(out)
}

// countingServer is a Modbus server whose holding register 100 counts, on a
// port that it prints.
const countingServer = `
import asyncio
from pymodbus.datastore import ModbusSequentialDataBlock, ModbusSlaveContext, ModbusServerContext
from pymodbus.server.async_io import ModbusTcpServer

registers = ModbusSequentialDataBlock(0, [7] * 200)
context = ModbusServerContext(slaves=ModbusSlaveContext(hr=registers, zero_mode=True), single=True)

async def main():
    server = ModbusTcpServer(context, address=("127.0.0.1", 0))
    asyncio.create_task(server.serve_forever())
    await server.serving
    print(server.server.sockets[0].getsockname()[1], flush=True)
    count = 0
    while True:
        await asyncio.sleep(0.05)
        count = (count + 1) % 30000
        context[0].setValues(3, 100, [count])

asyncio.run(main())
`

// modbusServer starts the counting server and returns its port.
func modbusServer(t *testing.T) (port string) {
	t.Helper()
	need(t, python, "-c", "import pymodbus")
	cmd := exec.Command(python, "-c", countingServer)
	var log bytes.Buffer
	cmd.Stderr = &log
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err, "%s", &log)
	return strings.TrimSpace(line)
}

// workbook writes a configuration of the hub as spreadsheet programs do.
const workbook = `
import sys, openpyxl
book = openpyxl.Workbook()
devices = book.active
devices.title = "Devices"
devices.append(["name", "device_alias", "protocol", "host", "port", "scan_rate_ms", "timeout_ms"])
devices.append(["Inverter 1", "INV1", "modbus tcp", "127.0.0.1", int(sys.argv[2]), 20, 5000])
signals = book.create_sheet("Signals")
signals.append(["signal_name", "device_alias", "signal_alias", "job_todo", "number_type"])
signals.append(["Counter", "INV1", "N", "3;100;1", "unsigned16"])
signals.append(["Seven", "INV1", "SEVEN", "3;101;1", sys.argv[3]])
book.save(sys.argv[1])
`

// caller asks a gateway by curl.
type caller struct {
	t        *testing.T
	url, key string
	args     []string
}

// ask sends the fields to an endpoint, as a POST if there are any.
func (c caller) ask(path string, fields ...string) (status int, body string) {
	c.t.Helper()
	args := append([]string{"-sS", "--max-time", "60", "-w", "\n%{http_code}", "-H", "apiKey: " + c.key}, c.args...)
	for _, field := range fields {
		args = append(args, "-F", field)
	}
	out := must(c.t, "", "curl", append(args, c.url+path)...)
	end := strings.LastIndexByte(out, '\n')
	status, err := strconv.Atoi(out[end+1:])
	require.NoError(c.t, err, out)
	return status, strings.TrimSuffix(out[:end], "\n")
}

// tag returns value, time and flags of a tag of INV1.
func (c caller) tag(alias string) (value string, at int64, flags string) {
	c.t.Helper()
	status, body := c.ask("device/tag/value", "device_alias=INV1", "signal_alias="+alias)
	require.Equal(c.t, http.StatusOK, status, body)
	var answer struct {
		Signal []struct{ Value, Timestamp, Flags string } `json:"signal_values"`
	}
	require.NoError(c.t, json.Unmarshal([]byte(body), &answer))
	require.Len(c.t, answer.Signal, 1, body)
	if answer.Signal[0].Timestamp != "" {
		_, err := fmt.Sscan(answer.Signal[0].Timestamp, &at)
		require.NoError(c.t, err, body)
	}
	return answer.Signal[0].Value, at, answer.Signal[0].Flags
}

func (p *process) hangUp() {
	p.t.Helper()
	require.NoError(p.t, p.cmd.Process.Signal(syscall.SIGHUP))
}

// movedPage waits for the second start of the web server, which takes another
// free port.
func (p *process) movedPage() {
	p.t.Helper()
	var all [][]string
	soon(p.t, "the web server has started again", func() bool {
		all = pageURL.FindAllStringSubmatch(p.stderr.String(), -1)
		return len(all) == 2
	})
	p.url = all[1][1]
}

// soon waits for a fact.
func soon(t *testing.T, what string, fact func() bool) {
	t.Helper()
	require.Eventually(t, fact, 30*time.Second, 20*time.Millisecond, what)
}

// allOn switches every endpoint on.
func allOn(t *testing.T, state string) {
	t.Helper()
	path := filepath.Join(state, "gateway.yaml")
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	switches := regexp.MustCompile(`(?m)^(    [a-z_]+): false( +# /api/)`)
	require.Len(t, switches.FindAll(text, -1), 13)
	next := path + ".next"
	require.NoError(t, os.WriteFile(next, switches.ReplaceAll(text, []byte("$1: true$2")), 0o600))
	require.NoError(t, os.Rename(next, path))
}

// Every endpoint of the built gateway, asked by curl: behind each is what it
// is for, and what is not there is said.
func TestIntegrationEndpoints(t *testing.T) {
	need(t, "curl", "--version")
	state := filepath.Join(t.TempDir(), "state")
	p := startGateway(t, state)
	require.NotEmpty(t, p.url, "stderr: %s", &p.stderr)
	c := caller{t: t, url: p.url + "api/", key: p.key()}
	paths := []string{
		"version", "actions", "syncVersion", "sync", "syslog", "systemInfo", "gsmInfo", "devices",
		"device/info", "device/tags", "device/tag/value", "tags", "sysupgrade",
	}
	for _, path := range paths {
		status, body := c.ask(path)
		assert.Equal(t, http.StatusForbidden, status, "%s is off at first: %s", path, body)
	}
	allOn(t, state)
	p.hangUp()
	soon(t, "the endpoints are on", func() bool { status, _ := c.ask("version"); return status == http.StatusOK })

	// on any host, without modem, devices and upgrade program
	host, err := os.Hostname()
	require.NoError(t, err)
	for path, want := range map[string]string{
		"version":     `"sync_version":"1"`,
		"actions":     `"total_actions":"13"`,
		"syncVersion": `{"sync_version":"1"}`,
		"syslog":      "the configuration is taken over",
		"systemInfo":  fmt.Sprintf(`"hostname":%q`, host),
		"devices":     `{"total_devices":"0","devices":[]}`,
		"tags":        `{"total_signals":"0","signals":[]}`,
	} {
		status, body := c.ask(path)
		assert.Equal(t, http.StatusOK, status, "%s: %s", path, body)
		assert.Contains(t, body, want, path)
	}
	for path, want := range map[string]string{"gsmInfo": "modem.source", "sysupgrade": "upgrade.enabled"} {
		fields := []string{"file=@/etc/hostname"}
		if path == "gsmInfo" {
			fields = nil
		}
		status, body := c.ask(path, fields...)
		assert.Equal(t, http.StatusServiceUnavailable, status, body)
		assert.Contains(t, body, want, "what to do is told")
	}
	status, body := c.ask("device/info", "device_alias=INV1")
	assert.Equal(t, http.StatusNotFound, status, body)
	status, body = c.ask("sync", "file=@/etc/hostname")
	assert.Equal(t, http.StatusUnprocessableEntity, status, body)
	assert.Equal(t, exitOK, p.end(syscall.SIGTERM), "stderr: %s", &p.stderr)
}

// A workbook goes in by curl, and its tags change as the device does: past a
// wrong workbook, a reload and a restart of the gateway.
func TestIntegrationSync(t *testing.T) {
	need(t, "curl", "--version")
	need(t, python, "-c", "import openpyxl")
	port := modbusServer(t)
	dir := t.TempDir()
	state := filepath.Join(dir, "state")
	p := startGateway(t, state)
	require.NotEmpty(t, p.url, "stderr: %s", &p.stderr)
	c := caller{t: t, url: p.url + "api/", key: p.key()}
	allOn(t, state)
	p.hangUp()
	soon(t, "the endpoints are on", func() bool { status, _ := c.ask("version"); return status == http.StatusOK })

	must(t, dir, python, "-c", workbook, "config.xlsx", port, "unsigned16")
	status, body := c.ask("sync", "file=@"+dir+"/config.xlsx")
	require.Equal(t, http.StatusOK, status, body)
	assert.JSONEq(t, `{"output":"1 device and 2 signals\n"}`, body)
	for path, want := range map[string]string{
		"devices": `{"total_devices":"1","devices":[{"device_alias":"INV1","name":"Inverter 1","protocol":"modbus tcp"}]}`,
		"tags": `{"total_signals":"2","signals":[
			{"signal_name":"Counter","source_device_alias":"","input_topic":"tag/INV1/N/rin","output_topic":"tag/INV1/N/out","signal_alias":"N","device_alias":"INV1"},
			{"signal_name":"Seven","source_device_alias":"","input_topic":"tag/INV1/SEVEN/rin","output_topic":"tag/INV1/SEVEN/out","signal_alias":"SEVEN","device_alias":"INV1"}]}`,
	} {
		_, body := c.ask(path)
		assert.JSONEq(t, want, body, path)
	}
	_, body = c.ask("device/info", "device_alias=INV1")
	assert.JSONEq(t, `{"devices":[{"device_alias":"INV1","name":"Inverter 1","protocol":"modbus tcp"}]}`, body)
	_, body = c.ask("device/tags", "device_alias=INV1")
	assert.Contains(t, body, `"total_signals":"2"`)

	changes := func() {
		t.Helper()
		first, before, _ := c.tag("N")
		soon(t, "the value changes, with its time", func() bool {
			value, at, flags := c.tag("N")
			return value != first && at > before && flags == ""
		})
	}
	soon(t, "the device answers", func() bool { value, _, flags := c.tag("SEVEN"); return value == "7" && flags == "" })
	changes()
	page := p.page()
	assert.Contains(t, page, "1 of 1 devices answer")

	// a wrong workbook changes nothing
	must(t, dir, python, "-c", workbook, "wrong.xlsx", port, "integer")
	status, body = c.ask("sync", "file=@"+dir+"/wrong.xlsx")
	assert.Equal(t, http.StatusUnprocessableEntity, status, body)
	assert.Contains(t, body, "integer")
	changes()

	// a reload of other parts does not stop the hub
	edit(t, state, "wrong_keys: 10 ", "wrong_keys: 11 ")
	p.hangUp()
	soon(t, "the reload", func() bool {
		return strings.Count(p.stderr.String(), "the configuration is taken over") == 2
	})
	value, _, flags := c.tag("SEVEN")
	assert.Equal(t, "7 ", value+" "+flags, "the value is there at once")
	changes()
	require.Equal(t, exitOK, p.end(syscall.SIGTERM), "stderr: %s", &p.stderr)

	again := startGateway(t, state)
	require.NotEmpty(t, again.url, "stderr: %s", &again.stderr)
	c.url, again.password = again.url+"api/", p.password
	soon(t, "the stored configuration is in force", func() bool { value, _, flags := c.tag("SEVEN"); return value == "7" && flags == "" })
	changes()

	// a tag bus that is not there: the points of its configuration, not topical
	edit(t, state, "  source: hub ", "  source: redis ")
	edit(t, state, "    address: 127.0.0.1:6379", "    devices: [{alias: BUS1, tags: [{alias: P}]}]\n    address: 127.0.0.1:1")
	again.hangUp()
	soon(t, "the devices of the bus", func() bool { _, body := c.ask("devices"); return strings.Contains(body, `"BUS1"`) })
	_, body = c.ask("device/tag/value", "device_alias=BUS1", "signal_alias=P")
	assert.Contains(t, body, `"value":"nan"`)
	assert.Contains(t, body, `"flags":"NT"`)
	status, body = c.ask("sync", "file=@"+dir+"/config.xlsx")
	assert.Equal(t, http.StatusServiceUnavailable, status, body)
	soon(t, "the page tells", func() bool { page := again.page(); return strings.Contains(page, "not connected: ") })

	// back again, without another sync
	edit(t, state, "  source: redis ", "  source: hub ")
	again.hangUp()
	soon(t, "the hub is back", func() bool { _, body := c.ask("devices"); return strings.Contains(body, `"INV1"`) })
	changes()

	// a configuration that cannot be read costs the devices, not the gateway
	require.Equal(t, exitOK, again.end(syscall.SIGTERM), "stderr: %s", &again.stderr)
	require.NoError(t, os.WriteFile(filepath.Join(state, "hub.yaml"), []byte("devices: ["), 0o600))
	damaged := startGateway(t, state)
	require.NotEmpty(t, damaged.url, "stderr: %s", &damaged.stderr)
	c.url, damaged.password = damaged.url+"api/", p.password
	page = damaged.page()
	assert.Contains(t, page, "the stored configuration cannot be used")
	status, body = c.ask("sync", "file=@"+dir+"/config.xlsx")
	require.Equal(t, http.StatusOK, status, body)
	soon(t, "the device answers again", func() bool { value, _, _ := c.tag("SEVEN"); return value == "7" })
	page = damaged.page()
	assert.NotContains(t, page, "cannot be used")
	assert.Equal(t, exitOK, damaged.end(syscall.SIGTERM), "stderr: %s", &damaged.stderr)
}

// A reload brings the modem, and one that is unplugged is told.
func TestIntegrationModem(t *testing.T) {
	need(t, "curl", "--version")
	adapter, err := ptypair.NewAdapter(t.TempDir())
	require.NoError(t, err)
	pty, fake := adapter.Pair(), atmodemtest.NewModem()
	served := make(chan struct{})
	go func() { defer close(served); _ = fake.Serve(pty) }()
	t.Cleanup(func() { _ = pty.Close(); <-served })

	state := filepath.Join(t.TempDir(), "state")
	p := startGateway(t, state)
	require.NotEmpty(t, p.url, "stderr: %s", &p.stderr)
	c := caller{t: t, url: p.url + "api/", key: p.key()}
	allOn(t, state)
	edit(t, state, "  source: none  ", "  source: at  ")
	edit(t, state, `  device: ""`, "  device: "+adapter.Name())
	p.hangUp()
	var body string
	soon(t, "the modem answers", func() bool {
		var status int
		status, body = c.ask("gsmInfo")
		return status == http.StatusOK
	})
	info := fake.Info()
	assert.Contains(t, body, fmt.Sprintf(`"imei":%q`, info.IMEI))
	assert.Contains(t, body, fmt.Sprintf(`"operator":%q`, info.Operator))
	page := p.page()
	assert.Contains(t, page, info.Model+" answered at")

	// another modem, which is not there
	edit(t, state, adapter.Name(), filepath.Join(state, "none"))
	p.hangUp()
	soon(t, "the page tells that the modem does not answer", func() bool {
		status, _ := c.ask("gsmInfo")
		page := p.page()
		return status == http.StatusServiceUnavailable && strings.Contains(page, "/none, no answer at")
	})
	assert.Equal(t, exitOK, p.end(syscall.SIGTERM), "stderr: %s", &p.stderr)
}

// Firmware that its vendor has signed by minisign is taken over TLS and
// handed to the command; other firmware is not.
func TestIntegrationUpgrade(t *testing.T) {
	need(t, "curl", "--version")
	need(t, "minisign", "-v")
	need(t, "tar", "--version")
	dir := t.TempDir()
	state := filepath.Join(dir, "state")
	must(t, dir, "minisign", "-G", "-W", "-p", "vendor.pub", "-s", "vendor.key")
	public, err := os.ReadFile(filepath.Join(dir, "vendor.pub"))
	require.NoError(t, err)
	key := strings.Split(strings.TrimSpace(string(public)), "\n")[1]
	image := bytes.Repeat([]byte("firmware of the gateway "), 100_000)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "image.bin"), image, 0o600))
	pack := func(name, version string) {
		must(t, dir, "minisign", "-S", "-s", "vendor.key", "-m", "image.bin",
			"-t", fmt.Sprintf("board:test-board version:%s size:%d", version, len(image)))
		must(t, dir, "tar", "-cf", name, "image.bin.minisig", "image.bin")
	}
	pack("old.tar", "1.8.1")
	pack("good.tar", "1.9.0")
	forged, err := os.ReadFile(filepath.Join(dir, "good.tar"))
	require.NoError(t, err)
	forged[len(forged)/2] ^= 1
	require.NoError(t, os.WriteFile(filepath.Join(dir, "forged.tar"), forged, 0o600))

	p := startGateway(t, state)
	require.NotEmpty(t, p.url, "stderr: %s", &p.stderr)
	applied := filepath.Join(dir, "applied")
	allOn(t, state)
	for old, new := range map[string]string{
		`firmware: ""`:                                   "firmware: Test 1.8.2",
		"listen: \"\"":                                   "listen: 127.0.0.1:0",
		"  tls:  ":                                       "  # tls:",
		"    enabled: false\n    cert_file":              "  tls:\n    enabled: true\n    cert_file",
		"upgrade:\n  enabled: f":                         "upgrade:\n  enabled: true # f",
		"folder: /tmp/firmware":                          "folder: " + filepath.Join(dir, "firmware"),
		"# boards: [wcc-lite]":                           "boards: [test-board]",
		"# trusted_keys: [RW...":                         "trusted_keys: [" + key,
		`test_command: [/sbin/sysupgrade, -T, "{file}"]`: "test_command: []",
		`apply_command: [/sbin/sysupgrade, "{file}"]`:    `apply_command: [/bin/cp, "{file}", ` + applied + "]",
	} {
		edit(t, state, old, new)
	}
	p.hangUp()
	where := regexp.MustCompile(`on (127\.0\.0\.1:\d+), \d+ requests`)
	var page string
	p.movedPage()
	soon(t, "the API has an address of its own", func() bool { page = p.page(); return where.MatchString(page) })
	c := caller{
		t: t, url: "https://" + where.FindStringSubmatch(page)[1] + "/api/", key: p.key(),
		args: []string{"--cacert", filepath.Join(state, "api-tls.pem")},
	}
	status, body := c.ask("version")
	require.Equal(t, http.StatusOK, status, body)
	for name, want := range map[string]string{"old.tar": "1.8.1", "forged.tar": "forged", "image.bin": "not signed"} {
		status, body := c.ask("sysupgrade", "file=@"+filepath.Join(dir, name))
		assert.Equal(t, http.StatusUnprocessableEntity, status, "%s: %s", name, body)
		assert.Contains(t, body, want, name)
		page = p.page()
		assert.Contains(t, page, "failed", "the page tells")
	}
	require.NoFileExists(t, applied)
	status, body = c.ask("sysupgrade", "file=@"+filepath.Join(dir, "good.tar"))
	require.Equal(t, http.StatusOK, status, body)
	soon(t, "the image is handed to the command", func() bool {
		content, err := os.ReadFile(applied)
		return err == nil && bytes.Equal(content, image)
	})
	soon(t, "the page tells", func() bool {
		page = p.page()
		return strings.Contains(page, "applied version 1.9.0 for test-board")
	})
	assert.Equal(t, exitOK, p.end(syscall.SIGTERM), "stderr: %s", &p.stderr)
}

// A simulated device has a modem, devices whose tags change, and takes
// whatever is sent.
func TestIntegrationSimulatedEndpoints(t *testing.T) {
	need(t, "curl", "--version")
	state := filepath.Join(t.TempDir(), "state")
	p := startGateway(t, state, "-simulate")
	require.NotEmpty(t, p.url, "stderr: %s", &p.stderr)
	c := caller{t: t, url: p.url + "api/", key: p.key()}
	allOn(t, state)
	p.hangUp()
	soon(t, "the endpoints are on", func() bool { status, _ := c.ask("version"); return status == http.StatusOK })
	for _, path := range []string{"systemInfo", "syslog", "gsmInfo", "devices", "tags"} {
		status, body := c.ask(path)
		assert.Equal(t, http.StatusOK, status, "%s: %s", path, body)
	}
	first, _, _ := c.tag("P")
	soon(t, "the power changes", func() bool { value, _, flags := c.tag("P"); return value != first && flags == "" })
	status, body := c.ask("sysupgrade", "file=@/etc/hostname")
	assert.Equal(t, http.StatusOK, status, body)
	yaml := filepath.Join(t.TempDir(), "hub.yaml")
	require.NoError(t, os.WriteFile(yaml, []byte("devices: [{device_alias: V, protocol: virtual device}]\nsignals: []\n"), 0o600))
	status, body = c.ask("sync", "file=@"+yaml)
	assert.Equal(t, http.StatusOK, status, body)
	_, body = c.ask("devices")
	assert.Contains(t, body, `"total_devices":"1"`)
	assert.NoFileExists(t, filepath.Join(state, "hub.yaml"), "it is not for the real device")
	assert.Equal(t, exitOK, p.end(syscall.SIGTERM), "stderr: %s", &p.stderr)
}

// More connections than allowed get an answer that says so.
func TestIntegrationCrowded(t *testing.T) {
	need(t, "curl", "--version")
	state := filepath.Join(t.TempDir(), "state")
	p := startGateway(t, state)
	require.NotEmpty(t, p.url, "stderr: %s", &p.stderr)
	c := caller{t: t, url: p.url + "api/", key: p.key()}
	edit(t, state, "max_connections: 64", "max_connections: 1")
	p.hangUp()
	p.movedPage()
	c.url = p.url + "api/"
	client := &http.Client{}
	defer client.CloseIdleConnections()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.url, nil)
	require.NoError(t, err)
	resp, err := client.Do(r)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, resp.Body) // and the connection stays
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)
	status, body := c.ask("version")
	assert.Equal(t, http.StatusServiceUnavailable, status)
	assert.JSONEq(t, `{"error":"There are too many connections, try again later."}`, body)
	client.CloseIdleConnections()
	soon(t, "there is room again", func() bool { status, _ := c.ask("version"); return status == http.StatusForbidden })
	assert.Equal(t, exitOK, p.end(syscall.SIGTERM), "stderr: %s", &p.stderr)
}
