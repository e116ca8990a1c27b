package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// recoverTime is how long everything may take to be as it should be again once
// nobody disturbs it: openvpn and charon wait between tries, and the machine
// may have others to serve.
const recoverTime = 2 * time.Minute

var newToken = regexp.MustCompile(`<code id="token">([^<]+)</code>`)

// introduce logs in for the first time, makes a token for programs, and tells
// the hub its devices.
func (s *soak) introduce(ctx context.Context) error {
	if s.password = s.gateway.firstPassword(); s.password == "" {
		return errors.New("the first start has printed no password")
	}
	c := newClient(s.hosts.B.NS, "https://"+webAddress)
	defer c.close()
	if err := c.login(ctx, s.password); err != nil {
		return err
	}
	page, err := c.form(ctx, "/users/own-token", url.Values{"action": {"new"}})
	if err != nil {
		return err
	}
	m := newToken.FindStringSubmatch(page)
	if m == nil {
		return fmt.Errorf("no token: %.300s", page)
	}
	s.token = m[1]

	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "hub.yaml")
	if err == nil {
		_, err = part.Write([]byte(hubConfiguration()))
	}
	if err := errors.Join(err, form.Close()); err != nil {
		return err
	}
	asker := s.apiClient()
	defer asker.close()
	status, text, err := asker.ask(ctx, http.MethodPost, "/api/sync", form.FormDataContentType(), body.Bytes())
	if err == nil && status != http.StatusOK {
		err = &refusal{status, string(text)}
	}
	return err
}

// truth is one thing that has to be so when nobody disturbs the gateway.
type truth struct {
	what string
	is   func(ctx context.Context) error
}

// truths are what the gateway is for, each looked at from outside by a client
// of the API and by a user.
func (s *soak) truths(asker, user *client) []truth {
	all := []truth{
		{"it is well by its own account", func(ctx context.Context) error { _, err := user.get(ctx, "/healthz"); return err }},
		{"somebody can log in", func(ctx context.Context) error {
			c := newClient(s.hosts.B.NS, "https://"+webAddress)
			defer c.close()
			return c.login(ctx, s.password)
		}},
		{"what was saved is in force", func(ctx context.Context) error {
			var now tree
			err := user.json(ctx, http.MethodPost, "/services/apply", nil, nil)
			if err == nil {
				err = user.json(ctx, http.MethodGet, "/services/config", nil, &now)
			}
			if err == nil && now.Revision != now.Applied {
				err = fmt.Errorf("revision %d is, instead of %d", now.Applied, now.Revision)
			}
			return err
		}},
		{"ipsec/demo0 is up", func(ctx context.Context) error { return itemIs(ctx, user, "ipsec", "demo0") }},
		{"a ping through IPsec", s.pingTunnel},
		{"openvpn/office is connected", func(ctx context.Context) error { return itemIs(ctx, user, "openvpn", "office") }},
		{"openvpn/service is connected", func(ctx context.Context) error { return itemIs(ctx, user, "openvpn", "service") }},
		{"a ping to the server of OpenVPN", s.pingServer},
		{"a ping from the client of OpenVPN", s.pingGateway},
		{"a walk by SNMP", func(ctx context.Context) error { return s.walk(ctx, false, ".1.3.6.1.2.1.1") }},
		{"a walk by SNMPv3", func(ctx context.Context) error { return s.walk(ctx, true, ".1.3.6.1.2.1.1") }},
		{"a trap of a wrong community", s.trap},
		{"every byte of the line raw", func(ctx context.Context) error { return s.oneSession(ctx, 0) }},
		{"every byte of the line telnet", func(ctx context.Context) error { return s.oneSession(ctx, 1) }},
		{"a report is acknowledged", func(ctx context.Context) error { return s.acknowledged(ctx, user) }},
	}
	for d := range hubDevices {
		all = append(all, truth{fmt.Sprintf("a tag of device %d", d+1), func(ctx context.Context) error { return tagValue(ctx, asker, d+1, 7) }})
	}
	return all
}

// recovered waits until everything is as it should be.
func (s *soak) recovered(ctx context.Context, when string) error {
	begun := time.Now()
	if err := s.spareOff(ctx); err != nil {
		return err
	}
	asker, user := s.apiClient(), s.operatorClient()
	defer asker.close()
	defer user.close()
	wrong := 0
	for _, t := range s.truths(asker, user) {
		var err error
		for first := true; first || time.Since(begun) < recoverTime; first = false {
			if err = t.is(ctx); err == nil {
				break
			}
			if !wait(ctx, 300*time.Millisecond) {
				return ctx.Err()
			}
		}
		if err != nil {
			wrong++
			s.ledger.fault("%s, not within %v: %s: %v", when, recoverTime, t.what, err)
		}
	}
	took := time.Since(begun)
	s.slowest = max(s.slowest, took)
	if wrong == 0 {
		fmt.Printf("soak: %s everything is as it should be within %v\n", when, took.Round(100*time.Millisecond))
	}
	return nil
}

// spareOff switches off the instance that the operator switches, so that what
// is measured is the same. A gateway that begins anew gets a moment.
func (s *soak) spareOff(ctx context.Context) (err error) {
	o := newOperator(s)
	defer o.close()
	for end := time.Now().Add(recoverTime); time.Now().Before(end); wait(ctx, time.Second) {
		if _, err = o.put(ctx, spare(), false, 0); err == nil {
			return nil
		}
	}
	return fmt.Errorf("the spare instance cannot be switched off: %w", err)
}

// itemIs wants a tunnel or an instance to be good.
func itemIs(ctx context.Context, c *client, service, name string) error {
	var all struct {
		Items []struct {
			Name, State, Detail string
			Good                bool
		}
	}
	if err := c.json(ctx, http.MethodGet, "/services/items/"+service, nil, &all); err != nil {
		return err
	}
	for _, item := range all.Items {
		if item.Name == name && !item.Good {
			return fmt.Errorf("it is %s: %s", item.State, item.Detail)
		} else if item.Name == name {
			return nil
		}
	}
	return errors.New("it is not there")
}

// trap asks with a wrong community and waits for what the manager is told.
func (s *soak) trap(ctx context.Context) error {
	const authenticationFailure = ".1.3.6.1.6.3.1.1.5.5"
	told := func() int {
		text, _ := os.ReadFile(s.traps.log) // not there yet: none
		return strings.Count(string(text), authenticationFailure)
	}
	before := told()
	_, _ = s.hosts.B.Run(ctx, "snmpget", "-v2c", "-c", "wrong", "-t", "0.5", "-r", "0", gatewayHost, ".1.3.6.1.2.1.1.3.0") // gets no answer
	for range 20 {
		if told() > before {
			return nil
		}
		if !wait(ctx, 100*time.Millisecond) {
			return ctx.Err()
		}
	}
	return errors.New("the manager is not told")
}

func (s *soak) oneSession(ctx context.Context, i int) error {
	conn, err := s.dialLine(ctx, i)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	_, err = echoSession(conn, s.rng(1000), 5)
	return err
}

// warm uses everything once in the way of the clients.
func (s *soak) warm(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	clients, leave := context.WithCancel(ctx)
	all := s.clients(clients)
	_ = s.crowd(ctx, s.rng(2000))
	<-ctx.Done()
	leave()
	all.Wait()
	return context.Cause(context.WithoutCancel(ctx))
}

// end ends the gateway in order: nothing is to be left running.
func (s *soak) end(ctx context.Context) error {
	if s.dump {
		_, err := s.gateway.end(syscall.SIGQUIT) // into its log
		return err
	}
	status, err := s.gateway.end(syscall.SIGTERM)
	if err != nil {
		return err
	}
	if status != 0 {
		s.ledger.fault("the gateway ends with status %d (66: a data race)", status)
	}
	pids, err := s.gateway.children()
	if err != nil {
		return err
	}
	if len(pids) > 0 {
		s.ledger.fault("the gateway has ended, and has left %d processes", len(pids))
	}
	installed, err := s.hosts.A.Installed(ctx, "demo0")
	if err == nil && len(installed) > 0 {
		s.ledger.fault("the gateway has ended, and has left %d tunnels", len(installed))
	}
	return err
}
