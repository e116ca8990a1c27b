package influx

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/fieldgate/fieldgate/internal/backoff"
	"github.com/fieldgate/fieldgate/telemetry/lineprotocol"
	"github.com/fieldgate/fieldgate/telemetry/receiver"
)

// Sink writes records to one database. It may be used by several goroutines
// at once; one writes, the others wait.
type Sink struct {
	config   Config
	writeURL string
	queryURL string
	client   *http.Client

	turn  chan struct{} // holds one token: whose turn it is
	lines []byte        // of one request
	body  bytes.Buffer  // the same, compressed
	gzip  *gzip.Writer

	written, refused, retries atomic.Uint64
}

var _ receiver.Sink = (*Sink)(nil)

// Status counts lines since New.
type Status struct {
	Lines   uint64 // that the server has stored
	Refused uint64 // that the server refused for good
	Retries uint64 // requests that were tried again
}

// New returns a sink that talks to the server with its first Write. It fails
// with Validate's error only.
func New(c Config) (*Sink, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("influx: %w", err)
	}
	query := url.Values{"db": {c.Database}, "precision": {"ns"}}
	if c.Retention != "" {
		query.Set("rp", c.Retention)
	}
	base := strings.TrimSuffix(c.URL, "/")
	s := &Sink{
		config:   c,
		writeURL: base + "/write?" + query.Encode(),
		queryURL: base + "/query",
		client: &http.Client{
			Transport:     &http.Transport{MaxIdleConnsPerHost: 1, IdleConnTimeout: time.Minute, DisableCompression: true},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		turn: make(chan struct{}, 1),
		gzip: gzip.NewWriter(nil),
	}
	s.turn <- struct{}{}
	return s, nil
}

// Status returns the counters.
func (s *Sink) Status() Status {
	return Status{Lines: s.written.Load(), Refused: s.refused.Load(), Retries: s.retries.Load()}
}

// Close gives the idle connections back. The sink stays usable.
func (s *Sink) Close() error {
	s.client.CloseIdleConnections()
	return nil
}

// Write returns nil once the database holds the facts of all records. What
// fails is tried again until ctx or Config.Timeout ends. A [*RefusedError] is
// final; after any other error the records may be written again.
func (s *Sink) Write(ctx context.Context, records []receiver.Record) error {
	ctx, cancel := context.WithTimeout(ctx, s.config.Timeout)
	defer cancel()
	select {
	case <-s.turn:
		defer func() { s.turn <- struct{}{} }()
	case <-ctx.Done():
		return fmt.Errorf("influx: another write is under way: %w", ctx.Err())
	}
	var refused *RefusedError
	s.lines = s.lines[:0]
	count := 0
	for i := range records {
		r := &records[i]
		end := len(s.lines)
		s.lines = lineprotocol.AppendLines(s.lines, r.Message, r.Received)
		more := bytes.Count(s.lines[end:], []byte{'\n'})
		if count > 0 && count+more > s.config.Batch {
			if err := s.send(ctx, s.lines[:end], count, &refused); err != nil {
				return err
			}
			s.lines = s.lines[:copy(s.lines, s.lines[end:])]
			count = 0
		}
		count += more
	}
	if count > 0 {
		if err := s.send(ctx, s.lines, count, &refused); err != nil {
			return err
		}
	}
	if refused != nil {
		return refused
	}
	return nil
}

// send writes count lines, however often that must be tried.
func (s *Sink) send(ctx context.Context, lines []byte, count int, refused **RefusedError) error {
	if err := s.compress(lines); err != nil {
		return err
	}
	pause := backoff.Backoff{Min: 100 * time.Millisecond, Max: 5 * time.Second}
	for {
		err := s.post(ctx)
		var answer *statusError
		if errors.As(err, &answer) {
			switch {
			case answer.status == http.StatusBadRequest, answer.status == http.StatusRequestEntityTooLarge:
				n := min(refusedLines(answer, count), uint64(count))
				s.written.Add(uint64(count) - n)
				s.refused.Add(n)
				if *refused == nil {
					*refused = &RefusedError{}
				}
				(*refused).Lines += n
				(*refused).Reason = answer.reason()
				return nil
			case answer.status == http.StatusNotFound: // the answer for an unknown database
				if err = s.createDatabase(ctx); err == nil {
					err = s.post(ctx)
				}
			case !answer.temporary():
				return fmt.Errorf("influx: write: %w", err)
			}
		}
		if err == nil {
			s.written.Add(uint64(count))
			return nil
		}
		select {
		case <-time.After(pause.Next()):
			s.retries.Add(1)
		case <-ctx.Done():
			return fmt.Errorf("influx: write: %w", err)
		}
	}
}

// compress puts lines into s.body.
func (s *Sink) compress(lines []byte) error {
	s.body.Reset()
	s.gzip.Reset(&s.body)
	if _, err := s.gzip.Write(lines); err != nil {
		return fmt.Errorf("influx: compress: %w", err)
	}
	if err := s.gzip.Close(); err != nil {
		return fmt.Errorf("influx: compress: %w", err)
	}
	return nil
}
