package main

import (
	"context"
	"errors"
	"net"
	"os"
	"time"
)

// patience is how long a byte may take through a proxy. It never takes so
// long where the client has a place.
const patience = 250 * time.Millisecond

// connects measures how many clients can come, get a byte through to the
// line, and leave, in a second, one after the other over all ports. One that
// is refused, since the proxy has not yet seen that the client before has
// left, costs its time and does not count.
func connects(s *server, duration time.Duration) (perSecond float64, err error) {
	n, refused, begin := 0, 0, time.Now()
	for ; time.Since(begin) < duration; n++ {
		switch err := visit(&s.ports[n%len(s.ports)]); {
		case errors.Is(err, os.ErrDeadlineExceeded) && refused <= n/100:
			refused++
		case err != nil:
			return 0, err
		}
	}
	return float64(n-refused) / time.Since(begin).Seconds(), nil
}

func visit(p *port) error {
	conn, err := p.dial()
	if err != nil {
		return err
	}
	b := []byte{'x'}
	_, err = conn.Write(b)
	if err == nil {
		err = p.SetReadDeadline(time.Now().Add(patience))
	}
	if err == nil {
		_, err = p.Read(b)
	}
	return errors.Join(err, conn.Close())
}

// occupied is a server all of whose ports are in use.
type occupied struct {
	served float64 // ports that passed data both ways
	memory float64 // of the server, MB
}

// occupy starts a proxy, connects to all of so many ports, and uses each.
func occupy(ctx context.Context, x proxy, dir string, ports int) (o occupied, err error) {
	s, err := x.start(ctx, dir, ports)
	if err != nil {
		return o, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	clients := make([]net.Conn, 0, ports)
	defer func() {
		for _, c := range clients {
			err = errors.Join(err, c.Close())
		}
	}()
	for i := range s.ports {
		conn, err := s.ports[i].dial()
		if err != nil {
			return o, err
		}
		clients = append(clients, conn)
	}
	for i, conn := range clients { // once all are connected
		if passes(conn, &s.ports[i]) == nil {
			o.served++
		}
	}
	select {
	case <-time.After(time.Second): // it comes to rest
	case <-ctx.Done():
		return o, ctx.Err()
	}
	memory, err := s.Memory()
	o.memory = float64(memory) / 1e6
	return o, err
}

// passes sends a frame both ways.
func passes(conn net.Conn, p *port) error {
	by := time.Now().Add(10 * time.Second)
	if err := errors.Join(conn.SetDeadline(by), p.SetReadDeadline(by)); err != nil {
		return err
	}
	l := line{near: conn, far: p}
	_, err := l.echo(1, time.Minute)
	return err
}
