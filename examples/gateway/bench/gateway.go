package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/internal/benchkit"
)

// bench is what all measurements share.
type bench struct {
	program string // the built gateway
	dir     string
	plant   *plant
	rounds  int
	started int           // gateways so far
	rest    time.Duration // how long a gateway is left alone before, and while it is, measured
	loaded  time.Duration // how long everybody asks at once
}

// gateway is one that runs.
type gateway struct {
	*benchkit.Program
	address string // of the API
	key     string
}

// setting is what gateways differ in.
type setting struct {
	mounted     bool   // the API on the web server, as at a first start
	connections int    // 0 = the default
	upgrade     string // the YAML of the section
	idle        bool   // without devices
}

// start starts a gateway with the devices of the plant.
func (b *bench) start(ctx context.Context, s setting) (*gateway, error) {
	b.started++
	state := filepath.Join(b.dir, fmt.Sprintf("state%d", b.started))
	if err := os.Mkdir(state, 0o700); err != nil {
		return nil, err
	}
	ports, err := freePorts(2)
	if err != nil {
		return nil, err
	}
	g := &gateway{address: ports[1], key: api.NewKey()}
	hash, err := api.HashKey(g.key)
	if err != nil {
		return nil, err
	}
	listen := ports[1]
	if s.mounted {
		g.address, listen = ports[0], ""
	}
	config := fmt.Sprintf(`web: {listen: %q}
telemetry: {enabled: false}
api:
  enabled: true
  listen: %q
  keys: [{name: bench, hash: %q}]
  endpoints: {version: true, sync: true, device_tag_value: true, sysupgrade: true}
  limits: {max_connections: %d, max_firmware_bytes: 100000000}
%s`, ports[0], listen, hash.Reveal(), s.connections, s.upgrade)
	path := filepath.Join(state, "bench.yaml")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		return nil, err
	}
	if g.Program, err = benchkit.Start(ctx, b.program, "-state", state, "-config", path); err != nil {
		return nil, err
	}
	if err := g.ready(ctx, b.plant, s.idle); err != nil {
		g.Stop()
		return nil, err
	}
	return g, nil
}

// ready waits until the gateway answers, and until it has the values of all
// devices.
func (g *gateway) ready(ctx context.Context, p *plant, idle bool) error {
	err := g.Wait(ctx, "answer", func() (bool, error) {
		conn, err := net.Dial("tcp", g.address)
		if err == nil {
			err = conn.Close()
		}
		return err == nil, nil
	})
	if err != nil || idle {
		return err
	}
	if err := g.send(ctx, "sync", strings.NewReader(p.configuration(devices))); err != nil {
		return err
	}
	c, err := dial(g.address)
	if err != nil {
		return err
	}
	defer c.close()
	for d := range devices {
		request := tagRequest(g.address, g.key, deviceAlias(d), signalAlias(0))
		err := g.Wait(ctx, "read "+deviceAlias(d), func() (bool, error) {
			status, body, err := c.ask(request)
			if err == nil && status != http.StatusOK {
				err = fmt.Errorf("status %d: %s", status, body)
			}
			return bytes.Contains(body, []byte(`"flags":""`)), err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// requests are those for the values of all tags.
func (g *gateway) requests() (all [][]byte) {
	for d := range devices {
		for s := range tagsOfEach {
			all = append(all, tagRequest(g.address, g.key, deviceAlias(d), signalAlias(s)))
		}
	}
	return all
}

// send uploads a file and wants it taken.
func (g *gateway) send(ctx context.Context, endpoint string, file io.Reader) error {
	out, in := io.Pipe()
	form := multipart.NewWriter(in)
	go func() {
		part, err := form.CreateFormFile("file", "file")
		if err == nil {
			_, err = io.Copy(part, file)
		}
		_ = in.CloseWithError(errors.Join(err, form.Close()))
	}()
	defer func() { _ = out.Close() }() // ends the goroutine
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+g.address+"/api/"+endpoint, out)
	if err != nil {
		return err
	}
	r.Header.Set("apiKey", g.key)
	r.Header.Set("Content-Type", form.FormDataContentType())
	answer, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(answer.Body)
	_ = answer.Body.Close() // only read
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s %.500s", endpoint, answer.Status, text)
	}
	return err
}

// freePorts returns addresses that were free a moment ago.
func freePorts(n int) (addresses []string, err error) {
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer func() { _ = l.Close() }()
		addresses = append(addresses, l.Addr().String())
	}
	return addresses, nil
}
