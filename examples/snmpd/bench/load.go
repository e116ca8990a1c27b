package main

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// How the agents are kept busy.
const (
	sockets     = 4
	outstanding = 4 // of each socket
)

// patience is how long an answer may take.
const patience = 10 * time.Second

// client is a socket that is connected to an agent. A wait blocks its thread:
// on the way through Go's poller a client would take longer than an agent.
type client int

func dial(to netip4) (client, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	wait := unix.NsecToTimeval(patience.Nanoseconds())
	err = errors.Join(
		unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &wait),
		unix.Connect(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: int(to.port)}),
	)
	if err != nil {
		return 0, errors.Join(err, unix.Close(fd))
	}
	return client(fd), nil
}

func (c client) close() error { return unix.Close(int(c)) }

func (c client) send(p packet) error {
	_, err := unix.Write(int(c), p.raw)
	return err
}

// receive waits for an answer and looks whether it is one.
func (c client) receive(buf []byte) error {
	there, err := c.take(buf, 0)
	if err == nil && !there {
		err = fmt.Errorf("no answer for %v", patience)
	}
	return err
}

// take takes an answer with the flags of recv(2), if there is one.
func (c client) take(buf []byte, flags int) (there bool, err error) {
	for {
		switch n, _, err := unix.Recvfrom(int(c), buf, flags); {
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			return false, nil
		case err != nil:
			return false, err
		case !answers(buf[:n]):
			return false, fmt.Errorf("not an answer: % x", buf[:n])
		default:
			return true, nil
		}
	}
}

// answers tells whether a message is a Response without an error, as far as
// that is seen without deciphering: an encrypted one, which a REPORT about
// what is wrong is not.
func answers(b []byte) bool {
	message, _, _ := element(b)
	version, rest, _ := element(message)
	if len(version) != 1 {
		return false
	}
	switch version[0] {
	case 1:
		_, rest, _ = element(rest) // community
		pdu, _, tag := element(rest)
		_, rest, _ = element(pdu) // request-id
		status, _, _ := element(rest)
		return tag == 0xa2 && len(status) == 1 && status[0] == 0
	case 3:
		header, _, _ := element(rest)
		_, rest, _ = element(header) // msgID
		_, rest, _ = element(rest)   // msgMaxSize
		flags, _, _ := element(rest)
		return len(flags) == 1 && flags[0]&3 == 3
	}
	return false
}

// element cuts the first element off an encoding; all is empty where there is
// none.
func element(b []byte) (contents, rest []byte, tag byte) {
	if len(b) < 2 {
		return nil, nil, 0
	}
	tag, size, at := b[0], int(b[1]), 2
	if size >= 0x80 {
		octets := size & 0x7f
		if octets > 4 || len(b) < 2+octets {
			return nil, nil, 0
		}
		size, at = 0, 2+octets
		for _, octet := range b[2:at] {
			size = size<<8 | int(octet)
		}
	}
	if size > len(b)-at {
		return nil, nil, 0
	}
	return b[at : at+size], b[at+size:], tag
}

// work is what an agent did.
type work struct {
	answers, bindings int
	cpu, took         time.Duration
}

// load keeps an agent busy for a time with some requests in turn.
func load(s *server, packets []packet, duration time.Duration) (work, error) {
	before, err := s.CPU()
	if err != nil {
		return work{}, err
	}
	begin := time.Now()
	total, err := ply(s.address, packets, begin.Add(duration))
	if err != nil {
		return work{}, err
	}
	total.took = time.Since(begin)
	after, err := s.CPU()
	total.cpu = after - before
	return total, err
}

// ply keeps so many requests outstanding on each of the sockets. It looks for
// answers without a pause: the kernel would have the agent pay for waking it.
func ply(to netip4, packets []packet, until time.Time) (w work, err error) {
	clients, sent := make([]client, 0, sockets), 0
	defer func() {
		for _, c := range clients {
			err = errors.Join(err, c.close())
		}
	}()
	send := func(c client) error {
		p := packets[sent%len(packets)]
		sent++
		w.bindings += p.bindings
		return c.send(p)
	}
	for range sockets {
		c, err := dial(to)
		if err != nil {
			return w, err
		}
		clients = append(clients, c)
		for range outstanding {
			if err := send(c); err != nil {
				return w, err
			}
		}
	}
	buf := make([]byte, 1<<16)
	for last := time.Now(); w.answers < sent; {
		now := time.Now()
		if now.Sub(last) > patience {
			return w, fmt.Errorf("no answer for %v", patience)
		}
		for _, c := range clients {
			there, err := c.take(buf, unix.MSG_DONTWAIT)
			if err != nil {
				return w, err
			}
			if !there {
				continue
			}
			last = now
			if w.answers++; now.Before(until) {
				if err := send(c); err != nil {
					return w, err
				}
			}
		}
	}
	return w, nil
}

// trips measures how long single requests take, one at a time.
func trips(s *server, p packet, duration time.Duration) (p50, p99 time.Duration, err error) {
	c, err := dial(s.address)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	var took []time.Duration
	buf := make([]byte, 1<<16)
	for begin := time.Now(); time.Since(begin) < duration; {
		sent := time.Now()
		if err := errors.Join(c.send(p), c.receive(buf)); err != nil {
			return 0, 0, err
		}
		took = append(took, time.Since(sent))
	}
	slices.Sort(took)
	return took[len(took)/2], took[len(took)*99/100], nil
}
