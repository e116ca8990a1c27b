// Command soak gives the gateway a hard life and looks for what it leaves
// behind:
//
//	go run ./examples/gateway/soak -for 10m
//
// It builds the gateway with the race detector, starts it with all services
// on a host of its own, with real peers on another one: charon, openvpn,
// snmpwalk and snmptrapd, pymodbus, the collector, and serial lines. Clients
// check every byte that they get. Meanwhile one actor changes the
// configuration in every way there is, and another kills, cuts and unplugs;
// what they do follows from the seed, so that a run can be repeated.
//
// A first part of the time kills the gateway, too; in the rest one gateway
// lives through everything else, and what it needs at the end is compared with
// what it needed at the beginning. README.md beside this file tells what is
// asked of it. Exit status 1: something was not as it should be, and why.
//
// It needs root, and what make peers installs; it runs at the top of the
// module.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// leastTime is for a run in which each part still means something.
const leastTime = 30 * time.Second

func main() {
	lasts := flag.Duration("for", 10*time.Minute, "how long the gateway is treated badly; starting and comparing come on top")
	seed := flag.Uint64("seed", rand.Uint64N(1_000_000), "what the actors do follows from this number")
	keep := flag.Bool("keep", false, "keep the folder with logs and state")
	flag.Parse()
	if *lasts < leastTime {
		fmt.Fprintf(os.Stderr, "soak: -for %v is too short, at least %v\n", *lasts, leastTime)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *lasts, *seed, *keep)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

// errFaults: what was wrong has been printed.
var errFaults = errors.New("not everything was as it should be, see above")

func run(ctx context.Context, lasts time.Duration, seed uint64, keep bool) (err error) {
	fmt.Printf("soak: %v, seed %d; programs are built first\n", lasts, seed)
	s, err := newSoak(ctx, seed)
	if err != nil {
		return err
	}
	defer func() {
		closed := s.close()
		if keep || err != nil {
			fmt.Println("logs and state are kept in", s.dir)
		} else {
			closed = errors.Join(closed, os.RemoveAll(s.dir))
		}
		err = errors.Join(err, closed)
	}()
	if err := s.live(ctx, lasts); err != nil {
		return fmt.Errorf("%w\n%s", err, s.ledger.faultText())
	}
	s.report()
	if s.ledger.faulty() {
		return errFaults
	}
	return nil
}

// live is the life of the gateway, from its first start to the comparison.
func (s *soak) live(ctx context.Context, lasts time.Duration) error {
	if err := s.gateway.start(ctx); err != nil {
		return err
	}
	if err := s.introduce(ctx); err != nil {
		return err
	}
	if err := s.recovered(ctx, "after the start"); err != nil {
		return err
	}
	deaths := lasts / 3
	fmt.Printf("soak: for %v the gateway is killed, too\n", deaths.Round(time.Second))
	if err := s.suffer(ctx, deaths, true); err != nil {
		return err
	}
	// What is needed only once is there before it is measured.
	if err := s.warm(ctx); err != nil {
		return err
	}
	if err := s.quiet(ctx, &s.before); err != nil {
		return err
	}
	fmt.Printf("soak: for %v one gateway lives through everything else\n", (lasts - deaths).Round(time.Second))
	if err := s.suffer(ctx, lasts-deaths, false); err != nil {
		return err
	}
	if err := s.compare(ctx); err != nil {
		return err
	}
	s.checkReports(ctx)
	return s.end(ctx)
}

// round is how long the gateway is treated badly at most before it may
// recover.
const round = 75 * time.Second

// suffer lets actors and clients do what they do for a time. Now and then they
// stop, and everything has to become what it should be.
func (s *soak) suffer(ctx context.Context, lasts time.Duration, deaths bool) error {
	for left := lasts; left > 0; left -= round {
		s.rounds++
		s.oneRound(ctx, min(left, round), deaths)
		if err := s.recovered(ctx, fmt.Sprintf("after round %d", s.rounds)); err != nil {
			return err
		}
	}
	return nil
}

func (s *soak) oneRound(ctx context.Context, lasts time.Duration, deaths bool) {
	ctx, cancel := context.WithTimeout(ctx, lasts)
	defer cancel()
	clients, leave := context.WithCancel(ctx)
	crowd := s.clients(clients)
	actors := s.actors(ctx, deaths)
	progress := time.NewTicker(10 * time.Second)
	defer progress.Stop()
	for going := true; going; {
		select {
		case <-progress.C:
			fmt.Printf("%6v  %s\n", time.Since(s.begun).Round(time.Second), s.ledger.progress())
		case <-ctx.Done():
			going = false
		}
	}
	actors.Wait() // each undoes what it has done
	leave()
	crowd.Wait()
}
