package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/internal/netns"
)

// askTime bounds a request on a busy machine.
const askTime = 30 * time.Second

// client is one client of a web server.
type client struct {
	http  *http.Client
	base  string // such as https://192.0.2.1:8443
	token string // of a user; empty: none
	key   string // of the API; empty: none
}

// newClient returns a client on a host, which keeps its cookies.
func newClient(host *netns.Namespace, base string) *client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		panic(err) // there is no option that could be wrong
	}
	return &client{base: base, http: &http.Client{
		Jar: jar, Timeout: askTime,
		Transport: &http.Transport{
			DialContext:     host.Dial,
			TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // the gateway has made its certificate itself
			MaxIdleConns:    2, IdleConnTimeout: 20 * time.Second,
		},
	}}
}

func (c *client) close() { c.http.CloseIdleConnections() }

// ask sends a request and returns the answer.
func (c *client) ask(ctx context.Context, method, path, contentType string, body []byte) (status int, text []byte, err error) {
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	if c.key != "" {
		r.Header.Set("apiKey", c.key)
	}
	resp, err := c.http.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = resp.Body.Close() }() // only read
	text, err = io.ReadAll(resp.Body)
	return resp.StatusCode, text, err
}

// refusal is an answer with a status that was not wanted.
type refusal struct {
	status int
	text   string
}

func (r *refusal) Error() string { return fmt.Sprintf("status %d: %.400s", r.status, r.text) }

func (c *client) get(ctx context.Context, path string) ([]byte, error) {
	status, text, err := c.ask(ctx, http.MethodGet, path, "", nil)
	if err == nil && status != http.StatusOK {
		err = &refusal{status, string(text)}
	}
	return text, err
}

// json asks with a body of JSON, unless in is nil, and reads the answer into
// out, unless that is nil.
func (c *client) json(ctx context.Context, method, path string, in, out any) error {
	var body []byte
	contentType := ""
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
		contentType = "application/json"
	}
	status, text, err := c.ask(ctx, method, path, contentType, body)
	if err == nil && status/100 != 2 {
		err = &refusal{status, string(text)}
	}
	if err == nil && out != nil {
		err = json.Unmarshal(text, out)
	}
	return err
}

// form sends a form and follows where it leads.
func (c *client) form(ctx context.Context, path string, values url.Values) (page string, err error) {
	status, text, err := c.ask(ctx, http.MethodPost, path, "application/x-www-form-urlencoded", []byte(values.Encode()))
	if err == nil && status != http.StatusOK {
		err = &refusal{status, string(text)}
	}
	return string(text), err
}

// login logs in on the pages.
func (c *client) login(ctx context.Context, password string) error {
	page, err := c.form(ctx, "/login", url.Values{"user": {"admin"}, "password": {password}})
	if err == nil && strings.Contains(page, `name="password"`) {
		err = fmt.Errorf("the login leads to the login again: %.200s", page)
	}
	return err
}

// page returns a page, and logs in where that is asked.
func (c *client) page(ctx context.Context, password, path string) (string, error) {
	text, err := c.get(ctx, path)
	if err == nil && strings.Contains(string(text), `action="/login"`) {
		if err = c.login(ctx, password); err == nil {
			text, err = c.get(ctx, path)
		}
	}
	return string(text), err
}
