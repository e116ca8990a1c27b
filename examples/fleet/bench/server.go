package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/internal/benchkit"
	"github.com/fieldgate/fieldgate/telemetry"
)

// server is a collector that is measured, and the fleet to feed it.
type server struct {
	*benchkit.Program
	udp, url string
	fleet    string // the program
	master   string // the file
}

// programs are what is measured, built once.
type programs struct{ collector, fleet string }

func buildPrograms(ctx context.Context, dir string) (programs, error) {
	p := programs{collector: filepath.Join(dir, "collector"), fleet: filepath.Join(dir, "fleet")}
	return p, errors.Join(
		benchkit.Build(ctx, p.collector, "./examples/collector", nil),
		benchkit.Build(ctx, p.fleet, "./examples/fleet", nil))
}

// startServer starts a collector that verifies and stores, in an empty
// folder below dir.
func startServer(ctx context.Context, p programs, dir string, devices int) (*server, error) {
	data, err := os.MkdirTemp(dir, "data-")
	if err != nil {
		return nil, err
	}
	s := &server{fleet: p.fleet, master: filepath.Join(data, "master")}
	keys, master := filepath.Join(data, "keys"), telemetry.NewKey().Reveal()
	if err := errors.Join(
		os.WriteFile(s.master, []byte(master), 0o600),
		os.WriteFile(keys, []byte("* "+master+"\n"), 0o600)); err != nil {
		return nil, err
	}
	s.Program, err = benchkit.Start(ctx, p.collector, "-listen", "127.0.0.1:0", "-http", "127.0.0.1:0",
		"-data", filepath.Join(data, "log"), "-keys", keys, "-devices", strconv.Itoa(devices))
	if err != nil {
		return nil, err
	}
	ready := regexp.MustCompile(`msg="collector: receiving" address=(\S+) http=(\S+?)/?\s`)
	err = s.Wait(ctx, "begin to receive", func() (bool, error) {
		found := ready.FindStringSubmatch(s.Output())
		if found != nil {
			s.udp, s.url = found[1], found[2]
		}
		return found != nil, nil
	})
	if err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// feed runs the fleet against the collector and returns how many datagrams
// it sent a second.
func (s *server) feed(ctx context.Context, args ...string) (rate float64, err error) {
	args = append(args, "-to", s.udp, "-master", s.master)
	out, err := exec.CommandContext(ctx, s.fleet, args...).CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("fleet %s: %w: %s", strings.Join(args, " "), err, out)
	}
	found := regexp.MustCompile(`\((\d+) a second\)`).FindSubmatch(out)
	if found == nil {
		return 0, fmt.Errorf("fleet says no rate: %s", out)
	}
	return strconv.ParseFloat(string(found[1]), 64)
}

// load is one run of a fleet against a collector.
type load struct {
	rate float64       // datagrams a second
	cpu  time.Duration // of the collector, for one
}

// errLossy is the error of a load under which the collector lost something.
var errLossy = errors.New("datagrams were lost")

// highestLoad measures the highest of some rates without loss. As other
// programs of the machine can cause a loss, each is tried a few times.
func highestLoad(ctx context.Context, p programs, dir string, duration time.Duration, rates ...int) (load, error) {
	for _, rate := range rates {
		for range tries {
			l, err := measureLoad(ctx, p, dir, rate, duration)
			benchkit.Progress("collector at %d snapshots a second: %s a snapshot, loss-free %t", rate, l.cpu, err == nil)
			if !errors.Is(err, errLossy) {
				return l, err
			}
		}
	}
	return load{}, errLossy
}

// measureLoad feeds a new collector with reports at a rate, and lets it come
// to rest. The error is errLossy unless every report was verified and stored.
func measureLoad(ctx context.Context, p programs, dir string, rate int, duration time.Duration) (load, error) {
	s, err := startServer(ctx, p, dir, 10_000)
	if err != nil {
		return load{}, err
	}
	defer s.Stop()
	before, err := s.CPU()
	if err != nil {
		return load{}, err
	}
	var l load
	if l.rate, err = s.feed(ctx, "-devices", "2000", "-rate", strconv.Itoa(rate), "-duration", duration.String()); err != nil {
		return l, err
	}
	time.Sleep(2 * time.Second) // it stores once a second
	after, err := s.CPU()
	if err != nil {
		return l, err
	}
	stored, err := s.metric(ctx, "store_stored_total")
	reports := float64(rate) * duration.Seconds()
	if err == nil && stored != reports {
		err = errLossy
	}
	l.cpu = time.Duration(float64(after-before) / reports)
	return l, err
}

// metric returns one of the collector's metrics.
func (s *server) metric(ctx context.Context, name string) (float64, error) {
	text, err := get(ctx, s.url+"/metrics")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "fieldgate_collector_"+name+" "); ok {
			return strconv.ParseFloat(strings.TrimSpace(value), 64)
		}
	}
	return 0, fmt.Errorf("the collector tells no %s", name)
}

// measureIndex gives a collector the state of a million devices, and asks
// for some.
func measureIndex(ctx context.Context, p programs, dir string) ([]row, error) {
	const devices, queries = 1_000_000, 1000
	s, err := startServer(ctx, p, dir, devices)
	if err != nil {
		return nil, err
	}
	defer s.Stop()
	if err := s.meetAll(ctx, devices); err != nil {
		return nil, err
	}
	took := make([]time.Duration, queries)
	for i := range took {
		begin := time.Now()
		if _, err := get(ctx, fmt.Sprintf("%s/v1/devices/SIM%08d", s.url, rand.IntN(devices))); err != nil {
			return nil, err
		}
		took[i] = time.Since(begin)
	}
	memory, err := s.Memory()
	if err != nil {
		return nil, err
	}
	slices.Sort(took)
	milliseconds := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	return []row{
		{name: "collector with the last state of 1,000,000 devices", unit: "MB", ours: float64(memory) / 1e6, side: atMost, goal: 1000},
		{name: "state of one of them by HTTP", unit: "ms", ours: milliseconds(took[queries-1]), side: atMost, goal: 10,
			note: fmt.Sprintf("slowest of %d, median %.2f ms", queries, milliseconds(took[queries/2]))},
	}, nil
}

// meetAll lets each device report, once more as long as a report is lost.
func (s *server) meetAll(ctx context.Context, devices int) error {
	const rate, rounds = 25_000, 4
	for boot := range rounds {
		benchkit.Progress("collector with %d devices, round %d", devices, boot+1)
		if _, err := s.feed(ctx, "-devices", strconv.Itoa(devices), "-rate", strconv.Itoa(rate),
			"-duration", (time.Duration(devices/rate) * time.Second).String(), "-boot", strconv.Itoa(boot+1)); err != nil {
			return err
		}
		if err := s.idle(ctx); err != nil {
			return err
		}
		if n, err := s.metric(ctx, "devices"); err != nil || n == float64(devices) {
			return err
		}
	}
	return fmt.Errorf("%d rounds were not enough for each of %d devices to be heard", rounds, devices)
}

// idle waits until the collector has nothing more to store.
func (s *server) idle(ctx context.Context) error {
	last := -1.0
	return s.Wait(ctx, "come to an end", func() (bool, error) {
		n, err := s.metric(ctx, "store_stored_total")
		if err != nil || n == last {
			return true, err
		}
		last = n
		time.Sleep(2 * time.Second) // two of its intervals
		return false, nil
	})
}

func get(ctx context.Context, url string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", url, response.Status, text)
	}
	return text, err
}
