package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

// clearListener is a listener under TLS. Who asks it in clear is sent to https
// on the same port, instead of getting an alert that no browser explains.
type clearListener struct{ net.Listener }

// Accept implements [net.Listener].
func (l clearListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &clearConn{Conn: conn}, nil
}

type clearConn struct {
	net.Conn
	looked bool // at the first byte
}

const (
	clearTime    = 5 * time.Second
	maxClearHead = 16 << 10
)

// Read implements [net.Conn].
func (c *clearConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n == 0 || c.looked {
		return n, err
	}
	c.looked = true
	if b[0] < 'A' || b[0] > 'Z' { // a TLS record begins with 22, a method with a letter
		return n, err
	}
	c.redirect(b[:n])
	return 0, io.EOF
}

// redirect answers the request that begins with head. What cannot be read
// gets no answer.
func (c *clearConn) redirect(head []byte) {
	_ = c.Conn.SetDeadline(time.Now().Add(clearTime))
	r, err := http.ReadRequest(bufio.NewReader(io.LimitReader(io.MultiReader(bytes.NewReader(head), c.Conn), maxClearHead)))
	if err != nil || r.Host == "" || r.URL.Opaque != "" {
		return
	}
	to := url.URL{Scheme: "https", Host: r.Host, Path: r.URL.Path, RawQuery: r.URL.RawQuery}
	text := "This port is encrypted: " + to.String() + "\n"
	_, _ = fmt.Fprintf(c.Conn, "HTTP/1.1 308 Permanent Redirect\r\nLocation: %s\r\nContent-Type: text/plain; charset=utf-8\r\n"+
		"Content-Length: %d\r\nConnection: close\r\n\r\n%s", to.String(), len(text), text)
}
