package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"aead.dev/minisign"

	"github.com/fieldgate/fieldgate/api/firmware"
	"github.com/fieldgate/fieldgate/internal/benchkit"
)

// How requests are measured.
const (
	keptOpen    = 8    // connections
	oneMeasure  = 4000 // requests
	beforehand  = 8000 // requests that are not measured
	asksInCrowd = 20   // of each client
	crowdSize   = 1000
)

const mega = 1_000_000

// subject is a server that requests are measured on.
type subject struct {
	*benchkit.Program
	clients  []*client
	requests [][]byte
	wall     []float64 // us a request
	cpu      []float64 // us a request
}

// measure lets all clients ask and notes what that took.
func (s *subject) measure() error {
	before, err := s.CPU()
	if err != nil {
		return err
	}
	took, err := load(s.clients, s.requests, oneMeasure)
	if err != nil {
		return err
	}
	after, err := s.CPU()
	perRequest := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 / oneMeasure }
	s.wall, s.cpu = append(s.wall, perRequest(took)), append(s.cpu, perRequest(after-before))
	return err
}

// requests measures the value of a tag beside the bare server, round by
// round, each of which begins with another server.
func (b *bench) requests(ctx context.Context) (_ []figure, err error) {
	own, err := b.start(ctx, setting{})
	if err != nil {
		return nil, err
	}
	defer own.Stop()
	mounted, err := b.start(ctx, setting{mounted: true})
	if err != nil {
		return nil, err
	}
	defer mounted.Stop()
	requests := own.requests()
	bare, address, err := startBare(ctx, own, requests[0])
	if err != nil {
		return nil, err
	}
	defer bare.Stop()
	subjects := []*subject{
		{Program: own.Program, requests: requests},
		{Program: bare, requests: requests},
		{Program: mounted.Program, requests: mounted.requests()},
	}
	for i, address := range []string{own.address, address, mounted.address} {
		if subjects[i].clients, err = connect(address, keptOpen); err != nil {
			return nil, err
		}
		defer disconnect(subjects[i].clients)
		if _, err := load(subjects[i].clients, subjects[i].requests, beforehand); err != nil {
			return nil, err
		}
	}
	for round := range b.rounds {
		for i := range subjects {
			if err := subjects[(i+round)%len(subjects)].measure(); err != nil {
				return nil, err
			}
		}
	}
	ours, plainly, onWeb := subjects[0], subjects[1], subjects[2]
	return []figure{
		against("value of a tag", "us", ours.wall, plainly.wall, 1.5),
		against("the same, on the web server of the status page", "us", onWeb.wall, plainly.wall, 0),
		against("processor time of the server", "us", ours.cpu, plainly.cpu, 0),
	}, nil
}

// startBare starts the bare server with the answer that ours gives.
func startBare(ctx context.Context, g *gateway, request []byte) (p *benchkit.Program, address string, err error) {
	c, err := dial(g.address)
	if err != nil {
		return nil, "", err
	}
	defer c.close()
	status, body, err := c.ask(request)
	if err != nil || status != http.StatusOK {
		return nil, "", fmt.Errorf("status %d: %w", status, err)
	}
	self, err := os.Executable()
	if err != nil {
		return nil, "", err
	}
	if p, err = benchkit.Start(ctx, self, "-bare", string(body)); err != nil {
		return nil, "", err
	}
	err = p.Wait(ctx, "tell its address", func() (bool, error) { return strings.HasSuffix(p.Output(), "\n"), nil })
	if err != nil {
		p.Stop()
		return nil, "", err
	}
	return p, strings.TrimSpace(p.Output()), nil
}

// polling measures how the devices are asked, at the devices.
func (b *bench) polling(ctx context.Context) ([]figure, error) {
	g, err := b.start(ctx, setting{})
	if err != nil {
		return nil, err
	}
	defer g.Stop()
	const watched = 20 * time.Second
	// All devices are asked at about the same moment of a second: what is
	// watched begins between two rounds.
	if err := pause(ctx, time.Until(b.plant.last(0).Add(1500*time.Millisecond))); err != nil {
		return nil, err
	}
	begin := time.Now()
	before, err := g.CPU()
	if err != nil {
		return nil, err
	}
	if err := pause(ctx, watched); err != nil {
		return nil, err
	}
	after, err := g.CPU()
	if err != nil {
		return nil, err
	}
	longest, gap, err := spread(b.plant.since(begin), int(watched/time.Second))
	if err != nil {
		return nil, err
	}
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	return []figure{
		plain("10,000 tags each second: the longest round of all", ms(longest), "ms").atMost(1000),
		plain("the same, the longest time between two readings of a tag", ms(gap), "ms"),
		plain("the same, share of one processor", 100*float64(after-before)/float64(watched), "%"),
	}, nil
}

// spread returns how long the longest round of all devices took, from the
// first question to the last answer, and the longest time between two
// readings of one device.
func spread(rounds [devices][]round, seconds int) (longest, gap time.Duration, err error) {
	most := len(rounds[0])
	for i, own := range rounds {
		if len(own) < seconds-1 {
			return 0, 0, fmt.Errorf("device %d was asked %d times in %d s", i+1, len(own), seconds)
		}
		most = min(most, len(own))
		for k := 1; k < len(own); k++ {
			gap = max(gap, own[k].answered.Sub(own[k-1].answered))
		}
	}
	for k := range most {
		first, last := rounds[0][k].asked, rounds[0][k].answered
		for _, own := range rounds {
			if own[k].asked.Before(first) {
				first = own[k].asked
			}
			if own[k].answered.After(last) {
				last = own[k].answered
			}
		}
		longest = max(longest, last.Sub(first))
	}
	return longest, gap, nil
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// upload measures the memory that a firmware image takes.
func (b *bench) upload(ctx context.Context) ([]figure, error) {
	const size = 64 * mega
	public, private, err := minisign.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	packed := filepath.Join(b.dir, "image.tar")
	if err := packImage(packed, private, size); err != nil {
		return nil, err
	}
	g, err := b.start(ctx, setting{idle: true, upgrade: fmt.Sprintf(
		"upgrade: {enabled: true, boards: [bench], oldest_version: any, trusted_keys: [%q], folder: %q, test_command: [], apply_command: [/bin/true, \"{file}\"]}\n",
		public, filepath.Join(b.dir, "firmware"))})
	if err != nil {
		return nil, err
	}
	defer g.Stop()
	before, err := g.Memory()
	if err != nil {
		return nil, err
	}
	if err := g.ForgetPeak(); err != nil {
		return nil, err
	}
	f, err := os.Open(packed)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	begin := time.Now()
	if err := g.send(ctx, "sysupgrade", f); err != nil {
		return nil, err
	}
	took := time.Since(begin)
	peak, err := g.Peak()
	return []figure{
		plain("firmware of 64 MB: memory besides", (float64(peak)-float64(before))/mega, "MB").atMost(8),
		plain("the same, received, checked and stored", size/mega/took.Seconds(), "MB/s"),
	}, err
}

func packImage(path string, key minisign.PrivateKey, size int) error {
	image := make([]byte, size)
	_, _ = rand.Read(image) // never fails
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	comment := fmt.Sprintf("board:bench version:1.0.0 size:%d", size)
	signer := minisign.NewReader(bytes.NewReader(image))
	if _, err := io.Copy(io.Discard, signer); err != nil {
		return errors.Join(err, f.Close())
	}
	signature := signer.SignWithComments(key, comment, "")
	return errors.Join(firmware.Pack(f, "image.bin", signature, bytes.NewReader(image), int64(size)), f.Close())
}

// connectionLimit measures what becomes of connections above the default of
// the limit.
func (b *bench) connectionLimit(ctx context.Context) ([]figure, error) {
	g, err := b.start(ctx, setting{idle: true})
	if err != nil {
		return nil, err
	}
	defer g.Stop()
	const within, above = 64, 16
	if err := pause(ctx, time.Second); err != nil { // the connection of start has gone then
		return nil, err
	}
	clients, err := connect(g.address, within+above)
	if err != nil {
		return nil, err
	}
	defer disconnect(clients)
	request := fmt.Appendf(nil, "GET /api/version HTTP/1.1\r\nHost: %s\r\napiKey: %s\r\n\r\n", g.address, g.key)
	served, crowded := 0, 0
	for _, c := range clients {
		switch status, _, err := c.ask(request); {
		case err != nil:
			return nil, err
		case status == http.StatusOK:
			served++
		case status == http.StatusServiceUnavailable:
			crowded++
		}
	}
	return []figure{
		plain("80 connections, the limit at its default: served", float64(served), "").exactly(within),
		plain("the same, answered with 503", float64(crowded), "").exactly(above),
	}, nil
}

// crowd measures a thousand clients at the same time.
func (b *bench) crowd(ctx context.Context) ([]figure, error) {
	g, err := b.start(ctx, setting{connections: crowdSize + 8})
	if err != nil {
		return nil, err
	}
	defer g.Stop()
	requests := g.requests()
	if err := g.settle(ctx, requests); err != nil {
		return nil, err
	}
	start, err := g.Memory()
	if err != nil {
		return nil, err
	}
	if err := g.ForgetPeak(); err != nil {
		return nil, err
	}
	clients, err := connect(g.address, crowdSize)
	if err != nil {
		return nil, err
	}
	defer disconnect(clients)
	took, err := load(clients, requests, crowdSize*asksInCrowd)
	if err != nil {
		return nil, err
	}
	peak, err := g.Peak()
	if err != nil {
		return nil, err
	}
	disconnect(clients)
	after, waited, err := g.back(ctx, start)
	return []figure{
		plain("1,000 clients at the same time: answers", crowdSize*asksInCrowd/took.Seconds(), "/s"),
		plain("the same, memory at the start", float64(start)/mega, "MB"),
		plain("the same, memory besides at the peak", (float64(peak)-float64(start))/mega, "MB"),
		plain("the same, memory afterwards, of that at the start", float64(after)/float64(start), "").atMost(backWithin),
		plain("the same, after", waited.Seconds(), "s"),
	}, err
}

// settle lets the gateway work as it will have to, and then rest, so that
// what it needs only once is there at the start.
func (g *gateway) settle(ctx context.Context, requests [][]byte) error {
	clients, err := connect(g.address, keptOpen)
	if err != nil {
		return err
	}
	_, err = load(clients, requests, beforehand)
	disconnect(clients)
	return errors.Join(err, pause(ctx, settleFor))
}

// settleFor is longer than the gateway takes to give memory back.
const settleFor = 40 * time.Second

const (
	// backWithin is what counts as back at the start.
	backWithin = 1.1
	// backBy is for how long that is waited for.
	backBy = 3 * time.Minute
)

// back waits until the memory is back at the start, and returns it, with how
// long that took.
func (g *gateway) back(ctx context.Context, start uint64) (after uint64, waited time.Duration, err error) {
	begin := time.Now()
	for {
		after, err = g.Memory()
		waited = time.Since(begin)
		if err != nil || float64(after) <= backWithin*float64(start) || waited > backBy {
			return after, waited, err
		}
		if err := pause(ctx, 500*time.Millisecond); err != nil {
			return 0, 0, err
		}
	}
}
