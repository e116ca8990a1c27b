package nats

import (
	"context"
	"errors"
	"fmt"
	"time"

	client "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/fieldgate/fieldgate/internal/backoff"
	"github.com/fieldgate/fieldgate/telemetry/receiver"
)

// The errors of a stream whose own limit of message size is too low.
const codeMessageTooLarge jetstream.ErrorCode = 10054

// Write publishes the records and returns nil once the stream holds all of
// them. What is not acknowledged is tried again until ctx or Config.Timeout
// ends; some of it may be stored then, which the stream sorts out when the
// same records are written again within its duplicate window. A
// [*RefusedError] is final.
func (s *Sink) Write(ctx context.Context, records []receiver.Record) error {
	if len(records) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, s.config.Timeout)
	defer cancel()
	pause := backoff.Backoff{Min: 100 * time.Millisecond, Max: 2 * time.Second}
	var msgs []*client.Msg
	var refused *RefusedError
	for {
		l, err := s.connect(ctx)
		if err != nil {
			return err
		}
		if msgs == nil {
			msgs = s.messages(records, l.conn.MaxPayload())
		}
		if err = s.ensure(ctx, l); err == nil {
			msgs, err = s.publish(ctx, l, msgs, &refused)
		}
		switch {
		case err != nil:
		case refused != nil:
			return refused
		default:
			return nil
		}
		select {
		case <-time.After(pause.Next()):
		case <-ctx.Done():
			return err
		}
	}
}

// publish sends msgs and waits for their acknowledgements. It returns those
// that have none, with the last reason.
func (s *Sink) publish(ctx context.Context, l *link, msgs []*client.Msg, refused **RefusedError) (left []*client.Msg, err error) {
	acks := make([]jetstream.PubAckFuture, 0, len(msgs))
	for _, m := range msgs {
		ack, sendErr := send(ctx, l, m)
		if errors.Is(sendErr, client.ErrMaxPayload) {
			s.refuse(refused, sendErr)
			acks = append(acks, nil)
			continue
		}
		if sendErr != nil {
			err = fmt.Errorf("nats: publish: %w", sendErr)
			break
		}
		acks = append(acks, ack)
	}
	left = append(left, msgs[len(acks):]...)
	for i, ack := range acks {
		if ack == nil {
			continue
		}
		ackErr := s.await(ctx, ack)
		var answer *jetstream.APIError
		switch {
		case ackErr == nil:
			continue
		case errors.As(ackErr, &answer) && answer.ErrorCode == codeMessageTooLarge:
			s.refuse(refused, ackErr)
			continue
		case errors.Is(ackErr, jetstream.ErrNoStreamResponse):
			l.exists.Store(false)
			ackErr = fmt.Errorf("%w: it may be gone, or does not take the subject %s", ackErr, msgs[i].Subject)
		}
		left, err = append(left, msgs[i]), fmt.Errorf("nats: stream %s: %w", s.config.Stream, ackErr)
	}
	return left, err
}

// send publishes m as soon as fewer than Config.Pending wait.
func send(ctx context.Context, l *link, m *client.Msg) (jetstream.PubAckFuture, error) {
	for {
		ack, err := l.stream.PublishMsgAsync(m,
			jetstream.WithStallWait(100*time.Millisecond), jetstream.WithRetryAttempts(0))
		if !errors.Is(err, jetstream.ErrTooManyStalledMsgs) {
			return ack, err
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
}

// await returns nil once the stream holds the message.
func (s *Sink) await(ctx context.Context, ack jetstream.PubAckFuture) error {
	select {
	case answer := <-ack.Ok():
		s.stored.Add(1)
		if answer.Duplicate {
			s.duplicates.Add(1)
		}
		return nil
	case err := <-ack.Err():
		return err
	case <-ctx.Done():
		return fmt.Errorf("no acknowledgement: %w", ctx.Err())
	}
}

func (s *Sink) refuse(refused **RefusedError, reason error) {
	s.refused.Add(1)
	if *refused == nil {
		*refused = &RefusedError{}
	}
	(*refused).Messages++
	(*refused).Reason = reason.Error()
}
