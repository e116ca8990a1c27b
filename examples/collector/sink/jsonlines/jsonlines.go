package jsonlines

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"time"

	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/receiver"
)

// Line is what one line of the output holds.
type Line struct {
	Received time.Time          `json:"received"` // by the clock of this machine, UTC
	Source   netip.AddrPort     `json:"source"`
	Sealed   bool               `json:"sealed,omitzero"` // its MAC was right
	Message  *telemetry.Message `json:"message"`
}

// keep is the size of the buffer that a Sink holds between two writes, in
// bytes; the buffer of a larger one is given back.
const keep = 1 << 20

// Sink prints records. It may be used by several goroutines at once.
type Sink struct {
	turn chan struct{} // holds one token: who has it may use the rest
	out  io.Writer
	buf  bytes.Buffer
	torn bool // the last write ended within a line
}

var _ receiver.Sink = (*Sink)(nil)

// New returns a sink that prints to out.
func New(out io.Writer) *Sink {
	s := &Sink{turn: make(chan struct{}, 1), out: out}
	s.turn <- struct{}{}
	return s
}

// Write prints the records with one write to the output. It returns nil once
// the output has taken all of them. When ctx ends while the output is stuck,
// Write returns, but its lines may still be printed as soon as the output
// moves; the next Write waits for that.
func (s *Sink) Write(ctx context.Context, records []receiver.Record) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("jsonlines: %w", err)
	}
	select {
	case <-s.turn:
	case <-ctx.Done():
		return fmt.Errorf("jsonlines: the output is stuck: %w", ctx.Err())
	}
	if err := s.encode(records); err != nil {
		s.turn <- struct{}{}
		return err
	}
	printed := make(chan error, 1)
	go func() {
		err := s.print()
		s.turn <- struct{}{}
		printed <- err
	}()
	select {
	case err := <-printed:
		return err
	case <-ctx.Done():
		return fmt.Errorf("jsonlines: the output is stuck: %w", ctx.Err())
	}
}

// encode puts the lines of the records into s.buf.
func (s *Sink) encode(records []receiver.Record) error {
	if s.buf.Cap() > keep {
		s.buf = bytes.Buffer{}
	}
	s.buf.Reset()
	if s.torn {
		s.buf.WriteByte('\n')
	}
	encoder := json.NewEncoder(&s.buf) // ends each value with a line feed
	for i := range records {
		r := &records[i]
		if err := encoder.Encode(Line{r.Received.UTC(), r.Source, r.Sealed, r.Message}); err != nil {
			return fmt.Errorf("jsonlines: the message of %q as JSON: %w", r.Device, err)
		}
	}
	return nil
}

// print writes s.buf to the output.
func (s *Sink) print() error {
	text := s.buf.Bytes()
	n, err := s.out.Write(text)
	if n > 0 {
		s.torn = text[n-1] != '\n'
	}
	if err != nil {
		return fmt.Errorf("jsonlines: print: %w", err)
	}
	return nil
}
