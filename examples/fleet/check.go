package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/examples/fleet/sim"
	"github.com/fieldgate/fieldgate/telemetry/receiver"
)

// How long the collector has to take in what was sent.
const (
	pollEvery = 250 * time.Millisecond
	quietFor  = 6                // polls without a change, after which nothing more is expected
	settle    = 60 * time.Second // at most
	fetchTime = 60 * time.Second // for one answer
)

// fetch asks the collector at url for the loss of each device, and keeps
// those that keep wants.
func fetch(ctx context.Context, url string, keep func(serial string) bool) (stats, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(url, "/")+"/v1/loss", nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", request.URL, response.Status)
	}
	return readLoss(response.Body, keep)
}

// readLoss reads a JSON array of device statistics piece by piece: for a
// million devices it is hundreds of megabytes.
func readLoss(r io.Reader, keep func(serial string) bool) (stats, error) {
	d := json.NewDecoder(r)
	if t, err := d.Token(); err != nil || t != json.Delim('[') {
		return nil, fmt.Errorf("the collector's answer is no JSON array, it begins with %v (%v)", t, err)
	}
	found := make(stats)
	for d.More() {
		var s receiver.DeviceStats
		if err := d.Decode(&s); err != nil {
			return nil, fmt.Errorf("the collector's answer: %w", err)
		}
		if keep(s.Device) {
			found[s.Device] = s
		}
	}
	if _, err := d.Token(); err != nil {
		return nil, fmt.Errorf("the collector's answer ends early: %w", err)
	}
	return found, nil
}

// settled asks again until the collector has taken in what the fleet sent,
// or nothing changes any more.
func settled(ctx context.Context, url string, f *sim.Fleet, before stats, pathLoss bool) (stats, error) {
	begin, quiet := time.Now(), 0
	var last verdict
	for {
		after, err := fetch(ctx, url, f.Owns)
		if err != nil {
			return nil, err
		}
		v := judge(f, before, after, pathLoss)
		if v.received == last.received && v.lost == last.lost && len(v.differences) == len(last.differences) {
			quiet++
		} else {
			quiet = 0
		}
		exact := len(v.differences) == 0 && !pathLoss
		if exact || quiet == quietFor || time.Since(begin) > settle {
			return after, nil
		}
		last = v
		if err := sleep(ctx, pollEvery); err != nil {
			return nil, err
		}
	}
}
