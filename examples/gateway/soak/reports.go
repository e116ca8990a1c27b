package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"
)

// reportLog adds up what the lives of the telemetry agent say of their
// reports.
type reportLog struct {
	mu    sync.Mutex
	past  uint64 // acknowledged in earlier lives, at least
	acked uint64 // in this one
	text  string // what was found at the end
}

// agent is what the gateway says of the reports.
type agent struct {
	Telemetry *struct {
		Destinations []struct {
			Sent, Acked, Unacked uint64
			Waiting              int64
			Dropped              uint64
		}
	}
}

// sampleReports reads what the agent counts. Each life of it counts anew.
func (s *soak) sampleReports(ctx context.Context, c *client) error {
	var a agent
	if err := c.json(ctx, http.MethodGet, "/services/details", nil, &a); err != nil {
		return err
	}
	if a.Telemetry == nil || len(a.Telemetry.Destinations) == 0 {
		return nil // it begins anew
	}
	s.reports.mu.Lock()
	defer s.reports.mu.Unlock()
	if now := a.Telemetry.Destinations[0].Acked; now < s.reports.acked {
		s.reports.past += s.reports.acked
		s.reports.acked = now
	} else {
		s.reports.acked = now
	}
	return nil
}

// acknowledged waits for one more report to be acknowledged.
func (s *soak) acknowledged(ctx context.Context, c *client) error {
	count := func() (uint64, error) {
		err := s.sampleReports(ctx, c)
		s.reports.mu.Lock()
		defer s.reports.mu.Unlock()
		return s.reports.past + s.reports.acked, err
	}
	before, err := count()
	for range 20 {
		if err != nil {
			return err
		}
		if !wait(ctx, 200*time.Millisecond) {
			return ctx.Err()
		}
		var now uint64
		if now, err = count(); err == nil && now > before {
			return nil
		}
	}
	return errors.New("none is")
}

// stored is a report that the collector keeps.
type storedReport struct {
	Received time.Time `json:"received"`
	Boot     uint32    `json:"boot"`
	Seq      uint64    `json:"seq"`
	Late     bool      `json:"late"`
}

// history asks the collector for all that it keeps of the gateway.
func history(ctx context.Context, c *client) (all []storedReport, err error) {
	for from := time.Now().Add(-24 * time.Hour); ; {
		var page struct {
			Points []storedReport
			Next   time.Time
		}
		q := url.Values{"field": {"uptime"}, "limit": {"10000"}, "from": {from.Format(time.RFC3339Nano)}}
		if err := c.json(ctx, http.MethodGet, "/v1/devices/"+telemetrySerial+"/history?"+q.Encode(), nil, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Points...)
		if page.Next.IsZero() {
			return all, nil
		}
		from = page.Next
	}
}

// checkReports compares what the collector keeps with what it counts, and with
// what the gateway was told.
func (s *soak) checkReports(ctx context.Context) {
	c := newClient(s.hosts.B.NS, "http://"+collectorHTTP)
	defer c.close()
	all, err := history(ctx, c)
	var device struct {
		Loss struct {
			Lost, Duplicate, Late, Replayed, Reboots uint64
		}
	}
	if err == nil {
		err = c.json(ctx, http.MethodGet, "/v1/devices/"+telemetrySerial, nil, &device)
	}
	if err != nil {
		s.ledger.fault("what the collector keeps: %v", err)
		return
	}
	seqs := make(map[uint32][]uint64)
	var boots []uint32 // in the order of their first report
	for _, r := range all {
		if seqs[r.Boot] == nil {
			boots = append(boots, r.Boot)
		}
		if slices.Contains(seqs[r.Boot], r.Seq) {
			s.ledger.fault("report %d of boot %d is stored twice", r.Seq, r.Boot)
		}
		seqs[r.Boot] = append(seqs[r.Boot], r.Seq)
	}
	missing := uint64(0)
	for i, boot := range boots {
		first := uint64(0)
		if i == 0 {
			first = slices.Min(seqs[boot])
		}
		missing += slices.Max(seqs[boot]) - first + 1 - uint64(len(seqs[boot]))
	}
	s.reports.mu.Lock()
	defer s.reports.mu.Unlock()
	acked := s.reports.past + s.reports.acked
	s.reports.text = fmt.Sprintf("%d stored, of %d boots; %d acknowledged at least; %d missing, %d counted as lost; %d came late",
		len(all), len(boots), acked, missing, device.Loss.Lost, device.Loss.Late)
	if uint64(len(all)) < acked {
		s.ledger.fault("%d reports were acknowledged, and %d are stored", acked, len(all))
	}
	if missing != device.Loss.Lost {
		s.ledger.fault("%d reports are missing in the store, and %d are counted as lost", missing, device.Loss.Lost)
	}
}

func (r *reportLog) print() { fmt.Printf("\nReports of the telemetry agent\n  %s\n", r.text) }
