package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// rng returns the random numbers of one actor or client in a round.
func (s *soak) rng(who uint64) *rand.Rand { return rand.New(rand.NewPCG(s.seed, s.rounds<<32|who)) }

// clients starts those who use the gateway all the time, until ctx ends.
func (s *soak) clients(ctx context.Context) *sync.WaitGroup {
	var all sync.WaitGroup
	who := uint64(100)
	repeat := func(pause time.Duration, f func(ctx context.Context, rng *rand.Rand)) {
		who++
		rng := s.rng(who)
		all.Go(func() {
			for wait(ctx, time.Duration(rng.Int64N(int64(pause)))) {
				f(ctx, rng)
			}
		})
	}
	for range 3 {
		c := s.apiClient()
		repeat(400*time.Millisecond, func(ctx context.Context, rng *rand.Rand) { s.useAPI(ctx, c, rng) })
		context.AfterFunc(ctx, c.close)
	}
	visitor := newClient(s.hosts.B.NS, "https://"+webAddress)
	repeat(2*time.Second, func(ctx context.Context, rng *rand.Rand) { s.usePages(ctx, visitor, rng) })
	watcher := newClient(s.hosts.B.NS, "https://"+webAddress)
	watcher.http.Timeout = 0
	repeat(2*time.Second, func(ctx context.Context, rng *rand.Rand) { s.watchPage(ctx, watcher, rng) })
	context.AfterFunc(ctx, func() { visitor.close(); watcher.close() })
	repeat(3*time.Second, s.stall)
	for i, name := range []string{"raw", "telnet"} {
		last := time.Now() // that a session could be had
		repeat(time.Second, func(ctx context.Context, rng *rand.Rand) { s.useLine(ctx, i, name, rng, &last) })
	}
	for range 2 {
		last := time.Now()
		repeat(2*time.Second, func(ctx context.Context, rng *rand.Rand) { s.readFlood(ctx, rng, &last) })
	}
	repeat(5*time.Second, s.stallOnFlood)
	repeat(3*time.Second, func(ctx context.Context, rng *rand.Rand) { s.manage(ctx, rng) })
	repeat(3*time.Second, func(ctx context.Context, _ *rand.Rand) {
		s.try(ctx, "ping through IPsec", tunnels, func() error { return s.pingTunnel(ctx) })
	})
	repeat(3*time.Second, func(ctx context.Context, _ *rand.Rand) {
		s.try(ctx, "ping through OpenVPN", vpn, func() error { return errors.Join(s.pingServer(ctx), s.pingGateway(ctx)) })
	})
	asker := s.operatorClient()
	context.AfterFunc(ctx, asker.close)
	repeat(2*time.Second, func(ctx context.Context, _ *rand.Rand) {
		s.try(ctx, "counters of the reports", web, func() error { return s.sampleReports(ctx, asker) })
	})
	return &all
}

// wait returns false when ctx ends before.
func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// try does something that has to work unless one of the areas is disturbed.
func (s *soak) try(ctx context.Context, what string, areas area, f func() error) {
	begun := time.Now()
	err := f()
	switch {
	case err == nil:
		s.ledger.count("ok: " + what)
	case ctx.Err() != nil: // it was broken off
	case s.ledger.excused(areas, begun, time.Now()):
		s.ledger.failed(what, err)
	default:
		s.ledger.fault("%s: %v", what, err)
	}
}

func (s *soak) apiClient() *client {
	c := newClient(s.hosts.B.NS, "https://"+webAddress)
	c.key = s.key
	return c
}

func (s *soak) operatorClient() *client {
	c := newClient(s.hosts.B.NS, "https://"+webAddress)
	c.token = s.token
	return c
}

// useAPI asks one of the endpoints.
func (s *soak) useAPI(ctx context.Context, c *client, rng *rand.Rand) {
	paths := []string{"version", "actions", "syncVersion", "syslog", "systemInfo", "devices", "tags", "openapi.json"}
	if rng.IntN(2) == 0 {
		path := paths[rng.IntN(len(paths))]
		s.try(ctx, "API", web, func() error { _, err := c.get(ctx, "/api/"+path); return err })
		return
	}
	device, tag := 1+rng.IntN(hubDevices), rng.IntN(hubTags)
	s.try(ctx, "value of a tag", web|devices, func() error { return tagValue(ctx, c, device, tag) })
}

// tagValue wants the value of a tag as the Modbus device has it.
func tagValue(ctx context.Context, c *client, device, tag int) error {
	form := url.Values{"device_alias": {fmt.Sprintf("DEV%d", device)}, "signal_alias": {fmt.Sprintf("TAG%d", tag)}}
	text, err := c.form(ctx, "/api/device/tag/value", form)
	if want := fmt.Sprintf(`"%d"`, 10*tag+device); err == nil && (!strings.Contains(text, want) || !strings.Contains(text, `"flags":""`)) {
		err = fmt.Errorf("not %s: %s", want, text)
	}
	return err
}

// usePages looks at a page, logged in, and logs out now and then.
func (s *soak) usePages(ctx context.Context, c *client, rng *rand.Rand) {
	all := []string{"/", "/telemetry", "/ipsec", "/openvpn", "/ser2net", "/snmp", "/api-settings", "/tags", "/log", "/config", "/apply", "/users", "/doctor"}
	path := all[rng.IntN(len(all))]
	s.try(ctx, "page", web, func() error {
		page, err := c.page(ctx, s.password, path)
		if err == nil && !strings.Contains(page, "<h1") {
			err = fmt.Errorf("%s is no page: %.200s", path, page)
		}
		return err
	})
	if rng.IntN(10) == 0 {
		s.try(ctx, "logout", web, func() error {
			_, err := c.form(ctx, "/logout", nil)
			return err
		})
	}
}

// watchPage leaves a page open that lives, for a while.
func (s *soak) watchPage(ctx context.Context, c *client, rng *rand.Rand) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(2+rng.IntN(20))*time.Second)
	defer cancel()
	s.try(ctx, "page that lives", web, func() error {
		if _, err := c.page(ctx, s.password, "/"); err != nil {
			return err
		}
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/events?page=/", nil)
		if err != nil {
			return err
		}
		r.Header.Set("Accept", "text/event-stream")
		resp, err := c.http.Do(r)
		if err != nil {
			return err
		}
		defer func() { _ = resp.Body.Close() }() // only read
		if resp.StatusCode != http.StatusOK {
			return &refusal{status: resp.StatusCode}
		}
		_, err = io.Copy(io.Discard, resp.Body) // until one side has enough
		return err
	})
	if ctx.Err() != nil {
		s.ledger.count("ok: page that lives")
	}
}

// stall comes, says half of something, and goes.
func (s *soak) stall(ctx context.Context, rng *rand.Rand) {
	conn, err := s.hosts.B.NS.Dial(ctx, "tcp", webAddress)
	if err != nil {
		return // others check that it can be reached
	}
	defer func() { _ = conn.Close() }()
	_, _ = io.WriteString(conn, []string{"", "\x16\x03\x01\x02", "GET / HTTP/1.1\r\nHost: ", "POST /api/sync HTTP/1.1\r\n"}[rng.IntN(4)])
	wait(ctx, time.Duration(rng.IntN(5000))*time.Millisecond)
	s.ledger.count("ok: client that stalls")
}

// noSessionFor is for how long a port may let nobody in.
const noSessionFor = time.Minute

// useLine checks every byte of a session on a line that echoes.
func (s *soak) useLine(ctx context.Context, i int, name string, rng *rand.Rand, lastOpen *time.Time) {
	mine := line0 << i
	conn, err := s.dialLine(ctx, i)
	if err == nil {
		defer func() { _ = conn.Close() }()
		defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
		var last time.Time
		if last, err = echoSession(conn, rng, 1+rng.IntN(30)); !last.IsZero() {
			*lastOpen = last
		}
	}
	var wrong *wrongBytes
	now := time.Now()
	switch {
	case err == nil:
		s.ledger.count("ok: session on " + name)
	case ctx.Err() != nil:
	case errors.As(err, &wrong):
		s.ledger.fault("session on %s: %v", name, err)
	case s.ledger.excused(mine, *lastOpen, now), errors.Is(err, errNoSession) && s.ledger.excused(mine|cable, *lastOpen, now):
		s.ledger.failed("session on "+name, err)
	case errors.Is(err, errNoSession) && now.Sub(*lastOpen) < noSessionFor:
		s.ledger.count("tried again: session on " + name)
	default:
		s.ledger.fault("session on %s, which had worked %v ago: %v", name, now.Sub(*lastOpen), err)
	}
}

// dialLine connects to the port of a line.
func (s *soak) dialLine(ctx context.Context, i int) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, serialTime)
	defer cancel()
	conn, err := s.hosts.B.NS.Dial(ctx, "tcp", net.JoinHostPort(gatewayHost, fmt.Sprint(5000+i)))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoSession, err)
	}
	if i == 1 {
		return &telnet{Conn: conn}, nil
	}
	return conn, nil
}

// readFlood wants every line of a device that never pauses, for a while.
func (s *soak) readFlood(ctx context.Context, rng *rand.Rand, lastOpen *time.Time) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(1+rng.IntN(15))*time.Second)
	defer cancel()
	number := -1
	conn, err := s.dialLine(ctx, 2)
	if err == nil {
		defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
		_ = conn.SetDeadline(time.Now().Add(serialTime))
		lines := bufio.NewScanner(conn)
		for first := true; lines.Scan(); first = false {
			_ = conn.SetDeadline(time.Now().Add(serialTime))
			if number < 0 {
				var n int
				if _, scan := fmt.Sscanf(lines.Text(), floodText, &n); scan == nil && !first && fmt.Sprintf(floodText, n) == lines.Text()+"\n" {
					number = n
				}
				continue
			}
			number++
			*lastOpen = time.Now()
			if want := fmt.Sprintf(floodText, number); lines.Text()+"\n" != want && !strings.HasPrefix(want, lines.Text()) {
				s.ledger.fault("session on flood: %q instead of %q", lines.Text(), want)
				return
			}
		}
		if err = lines.Err(); err == nil {
			err = io.EOF
		}
	}
	switch {
	case ctx.Err() != nil && number >= 0:
		s.ledger.count("ok: session on flood")
	case ctx.Err() != nil:
	case s.ledger.excused(line2, *lastOpen, time.Now()), errors.Is(err, errNoSession) && s.ledger.excused(line2|cable, *lastOpen, time.Now()):
		s.ledger.failed("session on flood", err)
	case time.Since(*lastOpen) < noSessionFor && number < 0:
		s.ledger.count("tried again: session on flood")
	default:
		s.ledger.fault("session on flood, after line %d: %v", number, err)
	}
}

// stallOnFlood does not take what it is sent.
func (s *soak) stallOnFlood(ctx context.Context, rng *rand.Rand) {
	conn, err := s.dialLine(ctx, 2)
	if err != nil {
		return // others check that it can be reached
	}
	defer func() { _ = conn.Close() }()
	wait(ctx, time.Duration(rng.IntN(20))*time.Second)
	s.ledger.count("ok: client of a line that stalls")
}

// snmpArgs are those of both versions; the first answer of a busy agent may
// take long.
func snmpArgs(v3 bool) []string {
	if v3 {
		return []string{"-v3", "-u", snmpUser, "-l", "authPriv", "-a", "SHA-256", "-A", snmpPassword, "-x", "AES", "-X", snmpPassword, "-t", "3", "-r", "3", "-On", gatewayHost}
	}
	return []string{"-v2c", "-c", community, "-t", "3", "-r", "3", "-On", gatewayHost}
}

// manage walks the whole tree, or a part of it with SNMPv3.
func (s *soak) manage(ctx context.Context, rng *rand.Rand) {
	if rng.IntN(3) == 0 {
		s.try(ctx, "walk by SNMP", snmp, func() error { return s.walk(ctx, false, ".1.3.6.1") })
		return
	}
	s.try(ctx, "walk by SNMPv3", snmp, func() error { return s.walk(ctx, true, ".1.3.6.1.2.1.1") })
}

func (s *soak) walk(ctx context.Context, v3 bool, oid string) error {
	out, err := s.hosts.B.Run(ctx, "snmpbulkwalk", append(snmpArgs(v3), oid)...)
	if err == nil && (!strings.Contains(out, ".1.3.6.1.2.1.1.3.0 = Timeticks") || strings.Contains(out, "Timeout")) {
		err = fmt.Errorf("no walk: %.300s", out)
	}
	return err
}

func (s *soak) pingTunnel(ctx context.Context) error {
	return s.hosts.A.Ping(ctx, s.hosts.A.LAN.Addr(), s.hosts.B.LAN.Addr(), 1)
}

func (s *soak) pingServer(ctx context.Context) error {
	_, err := s.hosts.A.Run(ctx, "ping", "-q", "-n", "-c", "1", "-W", "5", tunnelServer)
	return err
}

func (s *soak) pingGateway(ctx context.Context) error {
	_, err := s.hosts.B.Run(ctx, "ping", "-q", "-n", "-c", "1", "-W", "5", tunnelGateway)
	return err
}
