package main

import (
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/internal/benchkit"
)

// How many of what the pages of a large gateway show, and how much is saved.
const (
	manyConnections = 100
	manyInstances   = 100
	manyPorts       = 64
	manyRecords     = 1000
)

// device is a gateway as a whole.
type device struct {
	*benchkit.Program
	url    string
	client *http.Client
}

var (
	servedAt = regexp.MustCompile(`msg="page and API are served" url=(\S+)/`)
	password = regexp.MustCompile(`user admin, password \([^)]*\): (\S+)`)
	revision = regexp.MustCompile(`name="base" value="(\d+)"`)
)

// startDevice starts a gateway on a state folder, with further variables in its
// environment, and returns it with how long
// it took until all its services had started: web is the last one.
func (b *bench) startDevice(ctx context.Context, state string, env []string, args ...string) (*device, time.Duration, error) {
	begin := time.Now()
	name, args := b.program, append([]string{"-state", state}, args...)
	if len(env) > 0 {
		name, args = "env", slices.Concat(env, []string{b.program}, args) // it becomes the gateway
	}
	p, err := benchkit.Start(ctx, name, args...)
	if err != nil {
		return nil, 0, err
	}
	for !strings.Contains(p.Output(), "msg=started service=web") {
		if err := pause(ctx, time.Millisecond); err != nil || time.Since(begin) > time.Minute {
			p.Stop()
			return nil, 0, fmt.Errorf("the gateway does not start: %w: %s", err, p.Output())
		}
	}
	took := time.Since(begin)
	d := &device{Program: p, url: servedAt.FindStringSubmatch(p.Output())[1]}
	jar, err := cookiejar.New(nil)
	d.client = &http.Client{Jar: jar, Transport: new(http.Transport), Timeout: patience,
		// The page that a form leads to is measured by itself.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return d, took, err
}

func (d *device) stop() {
	d.client.CloseIdleConnections()
	d.Stop()
}

// login logs in with the password that the first start printed.
func (d *device) login(ctx context.Context) error {
	found := password.FindStringSubmatch(d.Output())
	if found == nil {
		return fmt.Errorf("no password is printed: %s", d.Output())
	}
	_, err := d.ask(ctx, "/login", url.Values{"user": {"admin"}, "password": {found[1]}, "next": {"/"}})
	return err
}

// ask asks for a page, or sends a form, and returns the page, or what says
// where the form leads to.
func (d *device) ask(ctx context.Context, path string, form url.Values) (string, error) {
	method := http.MethodGet
	if form != nil {
		method = http.MethodPost
	}
	r, err := http.NewRequestWithContext(ctx, method, d.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	answer, err := d.client.Do(r)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(answer.Body)
	_ = answer.Body.Close() // only read
	want := http.StatusOK
	if form != nil {
		want = http.StatusSeeOther
	}
	if err == nil && answer.StatusCode != want {
		err = fmt.Errorf("%s: %s: %.300s", path, answer.Status, text)
	}
	return string(text), err
}

// all is a configuration with every service on; %s are addresses.
const all = `web: {listen: %q}
telemetry: {enabled: true, destinations: [{host: 127.0.0.1, port: 5150}]}
api: {enabled: true, authentication: none, endpoints: {version: true}}
snmp: {enabled: true, listen: [%q], communities: [{community: bench, version: v2c, read: all}]}
points: {source: hub}
`

// newState makes a state folder with a configuration.
func (b *bench) newState(name, config string) (dir string, err error) {
	dir = filepath.Join(b.dir, name)
	ports, err := freePorts(2)
	if err == nil {
		err = os.Mkdir(dir, 0o700)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "gateway.yaml"), []byte(fmt.Sprintf(all, ports[0], ports[1])+config), 0o600)
	}
	return dir, err
}

// starts measures the start of a gateway, and what it takes while nothing
// happens.
func (b *bench) starts(ctx context.Context) ([]figure, error) {
	state, err := b.newState("idle", `ipsec: {enabled: true}
openvpn: {enabled: true}
ser2net: {enabled: true, ports: [{name: one, enabled: true, listen: "127.0.0.1:0", device: /dev/ttyS0}]}
`)
	if err != nil {
		return nil, err
	}
	first, _, err := b.startDevice(ctx, state, nil) // makes users and keys
	if err != nil {
		return nil, err
	}
	first.stop()
	var times []float64
	for range 10 {
		d, took, err := b.startDevice(ctx, state, nil)
		if err != nil {
			return nil, err
		}
		d.stop()
		times = append(times, took.Seconds())
	}
	d, _, err := b.startDevice(ctx, state, nil)
	if err != nil {
		return nil, err
	}
	defer d.stop()
	if err := pause(ctx, b.rest); err != nil {
		return nil, err
	}
	before, err := d.CPU()
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	if err := pause(ctx, b.rest); err != nil {
		return nil, err
	}
	after, err := d.CPU()
	if err != nil {
		return nil, err
	}
	share := 100 * float64(after-before) / float64(time.Since(begin))
	memory, err := d.Memory()
	return []figure{
		plain("start until all services have started, median of 10", benchkit.Median(times), "s").atMost(0.3),
		plain("nothing happens, all services on: share of one processor", share, "%").atMost(0.5),
		plain("the same, memory", float64(memory)/mega, "MB").atMost(24),
	}, err
}

// pages measures the pages of a gateway that has much, on fakes, so that all
// of it is up.
func (b *bench) pages(ctx context.Context) ([]figure, error) {
	state, err := b.newState("pages", large(manyConnections, manyInstances, manyPorts))
	if err != nil {
		return nil, err
	}
	d, _, err := b.startDevice(ctx, state, nil, "-simulate", "-config", filepath.Join(state, "gateway.yaml"))
	if err != nil {
		return nil, err
	}
	defer d.stop()
	if err := d.login(ctx); err != nil {
		return nil, err
	}
	err = d.Wait(ctx, "have all connections up", func() (bool, error) {
		text, err := d.ask(ctx, "/", nil)
		return strings.Contains(text, fmt.Sprintf("%d of %[1]d connections up", manyConnections)) &&
			strings.Contains(text, fmt.Sprintf("%d of %[1]d instances connected", manyInstances)), err
	})
	if err != nil {
		return nil, err
	}
	var figures []figure
	for _, at := range []string{"/", "/ipsec", "/openvpn", "/ser2net", "/snmp", "/log", "/ipsec/connections/c00001", "/config"} {
		var times []float64
		for range b.rounds {
			begin := time.Now()
			if _, err := d.ask(ctx, at, nil); err != nil {
				return nil, err
			}
			times = append(times, float64(time.Since(begin).Microseconds())/1000)
		}
		figures = append(figures, plain(fmt.Sprintf("page %s: %d connections, %d instances, %d ports", at, manyConnections, manyInstances, manyPorts),
			benchkit.Median(times), "ms").atMost(50))
	}
	return figures, nil
}

// large is a configuration with so many of each.
func large(connections, instances, ports int) string {
	var text strings.Builder
	text.WriteString("ipsec:\n  enabled: true\n  phase1_proposals: [{name: ike, encryption: aes256, hash: sha256, dh: 14}]\n" +
		"  phase2_proposals: [{name: esp, encryption: aes128, hash: sha256}]\n  connections:\n")
	for i := range connections {
		fmt.Fprintf(&text, "    - {name: c%05d, enabled: true, gateway: 10.1.%d.%d, local_subnets: 10.10.12.0/24, remote_subnets: 10.%d.%d.0/24, "+
			"pre_shared_key: secret%05d, phase1: ike, phase2: esp, start_action: start}\n", i, i/250, i%250+1, 20+i/250, i%250, i)
	}
	text.WriteString("openvpn:\n  enabled: true\n  instances:\n")
	// Without files: nobody put any into the store of the fakes.
	fingerprint := strings.Repeat("AB:", 31) + "AB"
	for i := range instances {
		fmt.Fprintf(&text, "    - {name: i%05d, enabled: true, remotes: [{host: 10.2.%d.%d}], username: site, password: secret%05d, peer_fingerprints: [%q]}\n", i, i/250, i%250+1, i, fingerprint)
	}
	text.WriteString("ser2net:\n  enabled: true\n  ports:\n")
	for i := range ports {
		fmt.Fprintf(&text, "    - {name: p%05d, enabled: true, listen: \"127.0.0.1:0\", device: /dev/ttyS%d}\n", i, i)
	}
	return text.String()
}

// saving measures how long a form takes to be saved, among many records.
func (b *bench) saving(ctx context.Context) ([]figure, error) {
	config := strings.ReplaceAll(large(manyRecords-64-100, 100, 64), "enabled: true, gateway", "enabled: false, gateway")
	state, err := b.newState("saving", config)
	if err != nil {
		return nil, err
	}
	d, _, err := b.startDevice(ctx, state, nil, "-simulate", "-config", filepath.Join(state, "gateway.yaml"))
	if err != nil {
		return nil, err
	}
	defer d.stop()
	if err := d.login(ctx); err != nil {
		return nil, err
	}
	var figures []figure
	for _, form := range []struct {
		what, path string
		values     func(i int) url.Values
	}{
		{"a form", "/config/device", func(i int) url.Values { return url.Values{"serial": {fmt.Sprint("S", i)}} }},
		{"one of the records", "/ipsec/connections/c00042", func(i int) url.Values {
			return url.Values{"name": {"c00042"}, "gateway": {fmt.Sprint("10.9.0.", i+1)}, "local_subnets": {"10.10.12.0/24"},
				"remote_subnets": {"10.30.0.0/24"}, "phase1": {"ike"}, "phase2": {"esp"}}
		}},
	} {
		var times []float64
		for i := range min(b.rounds, 20) {
			took, err := d.save(ctx, form.path, form.values(i))
			if err != nil {
				return nil, err
			}
			times = append(times, float64(took.Microseconds())/1000)
		}
		figures = append(figures, plain(fmt.Sprintf("saving %s, with %d records in all", form.what, manyRecords), benchkit.Median(times), "ms").atMost(200))
	}
	return figures, nil
}

// save sends a form that begins with the newest revision, and returns how long
// that took.
func (d *device) save(ctx context.Context, path string, values url.Values) (time.Duration, error) {
	text, err := d.ask(ctx, path, nil)
	if err != nil {
		return 0, err
	}
	base := revision.FindStringSubmatch(text)
	if base == nil {
		return 0, fmt.Errorf("the form has no revision: %s", html.EscapeString(text))
	}
	values.Set("base", base[1])
	values.Set("action", "save")
	begin := time.Now()
	_, err = d.ask(ctx, path, values)
	return time.Since(begin), err
}
