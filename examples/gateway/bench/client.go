package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// boundary is of the form of curl -F.
const boundary = "------------------------d74496d66958873e"

// tagRequest is the request for the value of a tag, as curl -F sends it.
func tagRequest(address, key, device, signal string) []byte {
	var body bytes.Buffer
	for _, field := range [][2]string{{"device_alias", device}, {"signal_alias", signal}} {
		fmt.Fprintf(&body, "--%s\r\nContent-Disposition: form-data; name=%q\r\n\r\n%s\r\n", boundary, field[0], field[1])
	}
	fmt.Fprintf(&body, "--%s--\r\n", boundary)
	return fmt.Appendf(nil, "POST /api/device/tag/value HTTP/1.1\r\nHost: %s\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n"+
		"apiKey: %s\r\nContent-Length: %d\r\nContent-Type: multipart/form-data; boundary=%s\r\n\r\n%s",
		address, key, body.Len(), boundary, &body)
}

// client is one connection that is kept open. It takes as little of the
// processors as it can, since they are the server's, too.
type client struct {
	conn net.Conn
	in   *bufio.Reader
}

func dial(address string) (*client, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	return &client{conn, bufio.NewReader(conn)}, nil
}

func (c *client) close() { _ = c.conn.Close() }

// patience is how long one answer may take.
const patience = time.Minute

// ask sends a request and returns the status and the body of the answer, which
// is valid until the next call.
func (c *client) ask(request []byte) (status int, body []byte, err error) {
	if err := c.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return 0, nil, err
	}
	if _, err := c.conn.Write(request); err != nil {
		return 0, nil, err
	}
	return c.answer()
}

// answer reads an answer with a Content-Length.
func (c *client) answer() (status int, body []byte, err error) {
	length := -1
	for first := true; ; first = false {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return 0, nil, err
		}
		line = bytes.TrimRight(line, "\r\n")
		name, value, _ := bytes.Cut(line, []byte(" "))
		switch {
		case first:
			status, err = number(value[:min(3, len(value))])
		case len(line) == 0:
			if length < 0 || length > c.in.Size() {
				return 0, nil, fmt.Errorf("an answer of %d bytes", length)
			}
			if body, err = c.in.Peek(length); err == nil {
				_, err = c.in.Discard(length)
			}
			return status, body, err
		case bytes.EqualFold(name, []byte("Content-Length:")):
			length, err = number(value)
		}
		if err != nil {
			return 0, nil, err
		}
	}
}

func number(text []byte) (n int, err error) {
	for _, c := range text {
		if c < '0' || c > '9' || n > 1<<30 {
			return 0, fmt.Errorf("%q is no number", text)
		}
		n = 10*n + int(c-'0')
	}
	return n, nil
}

// load lets clients ask, each one request after the other in an order of its
// own, until so many have been answered. It returns the time of all together.
func load(clients []*client, requests [][]byte, total int) (time.Duration, error) {
	var group sync.WaitGroup
	errs := make([]error, len(clients))
	begin := time.Now()
	for i, c := range clients {
		group.Go(func() {
			at := i * len(requests) / len(clients)
			for range total / len(clients) {
				status, body, err := c.ask(requests[at])
				if err != nil || status != http.StatusOK {
					errs[i] = fmt.Errorf("status %d, %s: %w", status, body, err)
					return
				}
				at = (at + 7919) % len(requests) // a prime: it comes to each of them
			}
		})
	}
	group.Wait()
	took := time.Since(begin)
	for _, err := range errs {
		if err != nil {
			return 0, err
		}
	}
	return took, nil
}

// connect opens so many clients.
func connect(address string, n int) (clients []*client, err error) {
	for range n {
		c, err := dial(address)
		if err != nil {
			disconnect(clients)
			return nil, err
		}
		clients = append(clients, c)
	}
	return clients, nil
}

func disconnect(clients []*client) {
	for _, c := range clients {
		c.close()
	}
}

// serveBare answers each request with text, as simply as net/http does it. It
// prints its address.
func serveBare(ctx context.Context, text string) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	answer := []byte(text)
	// The time limits are those of ours, which no server on a network does
	// without.
	server := &http.Server{ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, IdleTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(answer)
	})}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(listener); ctx.Err() == nil {
		return err
	}
	return nil
}
