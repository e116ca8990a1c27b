package strongswan

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/fieldgate/fieldgate/ipsec/internal/vici"
)

// request is one command of a pipeline.
type request struct {
	command string
	message *vici.Message
}

// reply is charon's answer to a request.
type reply struct {
	message *vici.Message
	err     error // a *refusal
}

// pipeline sends commands without waiting in between, and returns the answers
// in their order. charon works them off one after the other, so that what
// comes first counts for what comes later. It bypasses govici, which waits for
// each answer: with a thousand connections that takes nearly twice as long
// (BenchmarkLoad, and make bench-ipsec). No command of a pipeline streams.
//
// timeout is how long charon may take for one more answer. An error wraps
// ipsec.ErrUnavailable, or is ctx's; the answers until then are returned.
func pipeline(ctx context.Context, dial func(context.Context) (net.Conn, error), timeout time.Duration, requests []request) ([]reply, error) {
	if len(requests) == 0 {
		return nil, nil
	}
	conn, err := dial(ctx)
	if err != nil {
		return nil, unavailable(err)
	}
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	written := make(chan error, 1)
	go func() {
		err := write(conn, requests)
		if err != nil {
			_ = conn.Close() // no answer will come
		}
		written <- err
	}()
	replies, err := collect(ctx, conn, timeout, requests)
	_ = conn.Close() // ends write too
	if failed := <-written; failed != nil && len(replies) < len(requests) && !errors.Is(failed, net.ErrClosed) {
		err = failed
	}
	if ended := ctx.Err(); ended != nil && len(replies) < len(requests) {
		return replies, ended
	}
	if err != nil {
		return replies, unavailable(err)
	}
	return replies, nil
}

func write(conn net.Conn, requests []request) error {
	// A few at a time, so that charon begins while the rest is encoded.
	w := bufio.NewWriterSize(conn, 8*1024)
	for _, r := range requests {
		if err := vici.Write(w, vici.Packet{Type: vici.CommandRequest, Name: r.command, Message: r.message}); err != nil {
			return fmt.Errorf("%s: %w", r.command, err)
		}
	}
	return w.Flush()
}

func collect(ctx context.Context, conn net.Conn, timeout time.Duration, requests []request) ([]reply, error) {
	replies := make([]reply, 0, len(requests))
	in := bufio.NewReader(conn)
	for _, r := range requests {
		if in.Buffered() == 0 && ctx.Err() == nil {
			if err := conn.SetReadDeadline(time.Now().Add(timeout)); err != nil {
				return replies, err
			}
			if ctx.Err() != nil { // since AfterFunc set its own
				return replies, ctx.Err()
			}
		}
		p, err := vici.Read(in)
		if err != nil {
			return replies, fmt.Errorf("%s: %w", r.command, err)
		}
		switch p.Type {
		case vici.CommandResponse:
			replies = append(replies, reply{p.Message, answer(r.command, p.Message)})
		case vici.CommandUnknown:
			replies = append(replies, reply{err: &refusal{r.command, "charon does not know it"}})
		default:
			return replies, fmt.Errorf("%s: charon sends a packet of type %d instead of an answer", r.command, p.Type)
		}
	}
	return replies, nil
}
