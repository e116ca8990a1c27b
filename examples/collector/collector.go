package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"github.com/fieldgate/fieldgate/telemetry"
)

// reportEvery is the least time between two reports of one kind of fault:
// whoever sends junk must not be able to fill the log.
const reportEvery = time.Second

// pause follows a failed receive, so that a lasting fault takes no processor.
const pause = 100 * time.Millisecond

// collector prints what arrives on conn.
type collector struct {
	conn packetConn
	out  io.Writer
	log  *slog.Logger

	messages  uint64
	malformed uint64
	junk      limiter // of reports of malformed datagrams
	faults    limiter // of reports of failed receives
}

// line is the JSON form of a received message.
type line struct {
	Received time.Time          `json:"received"` // by the clock of this machine
	Source   netip.AddrPort     `json:"source"`
	Message  *telemetry.Message `json:"message"`
}

// serve receives until ctx ends, which is no error, or out cannot be written.
// It closes conn.
func (c *collector) serve(ctx context.Context) error {
	unhook := context.AfterFunc(ctx, func() { _ = c.conn.Close() }) // wakes the receive
	defer func() {
		if unhook() {
			_ = c.conn.Close() // everything that came has been read
		}
	}()
	buf := make([]byte, 65535)
	for {
		n, from, err := c.conn.ReadFromUDPAddrPort(buf)
		switch {
		case err == nil:
			if err := c.datagram(buf[:n], from); err != nil {
				return err
			}
		case ctx.Err() != nil || errors.Is(err, net.ErrClosed):
			return nil
		default:
			if c.faults.allow() {
				c.log.Warn("collector: receiving fails, going on", "error", err)
			}
			time.Sleep(pause)
		}
	}
}

// datagram prints one message. Its error is that of printing.
func (c *collector) datagram(b []byte, from netip.AddrPort) error {
	from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
	m, err := telemetry.Decode(b)
	if err != nil {
		c.malformed++
		if c.junk.allow() {
			c.log.Warn("collector: no message", "source", from.String(), "bytes", len(b), "error", err, "malformed", c.malformed)
		}
		return nil
	}
	text, err := json.Marshal(line{Received: time.Now().UTC(), Source: from, Message: m})
	if err != nil {
		return fmt.Errorf("a message as JSON: %w", err)
	}
	if _, err := c.out.Write(append(text, '\n')); err != nil {
		return fmt.Errorf("print a message: %w", err)
	}
	c.messages++
	return nil
}

// limiter allows one event per reportEvery.
type limiter struct{ next time.Time }

func (l *limiter) allow() bool {
	now := time.Now()
	if now.Before(l.next) {
		return false
	}
	l.next = now.Add(reportEvery)
	return true
}
