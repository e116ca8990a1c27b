package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"github.com/prometheus/procfs"

	"github.com/fieldgate/fieldgate/examples/gateway/confstore"
)

// figures are what a gateway needs when it is left alone.
type figures struct {
	goroutines, descriptors, threads, children int
	resident, heap                             int // bytes
	files, stored                              int // in the state folder, and their bytes
}

// bound is the most that a figure may be.
type bound struct {
	what          string
	before, after int
	most          int
	unit          int // 1, or a million for bytes
}

// moreGoroutines is how many more are no growth.
const moreGoroutines = 3

// bounds are those of all figures. The race detector keeps memory of its own
// for what ever was, and threads stay that once waited for the kernel. Of the
// configuration 30 revisions are kept, and of the log of what users did two
// files.
func bounds(b, a figures) []bound {
	const mega = 1_000_000
	return []bound{
		{"goroutines", b.goroutines, a.goroutines, b.goroutines + moreGoroutines, 1},
		{"file descriptors", b.descriptors, a.descriptors, b.descriptors + 3, 1},
		{"child processes", b.children, a.children, b.children, 1},
		{"threads", b.threads, a.threads, b.threads + 10, 1},
		{"resident memory, MB", b.resident, a.resident, b.resident + b.resident/4 + 16*mega, mega},
		{"heap, MB", b.heap, a.heap, b.heap + b.heap/2 + 4*mega, mega},
		{"stored files", b.files, a.files, b.files + confstore.DefaultKeep + 2, 1},
		{"stored, MB", b.stored, a.stored, b.stored + 4*mega, mega},
	}
}

// figure is one of the numbers of /metrics.
func figure(text []byte, name string) (int, error) {
	m := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindSubmatch(text)
	if m == nil {
		return 0, fmt.Errorf("there is no %s", name)
	}
	return strconv.Atoi(string(m[1]))
}

// measure asks the gateway and the kernel.
func (s *soak) measure(ctx context.Context) (f figures, err error) {
	c := s.operatorClient()
	defer c.close()
	text, err := c.get(ctx, "/metrics")
	if err != nil {
		return f, err
	}
	for name, to := range map[string]*int{"go_goroutines": &f.goroutines, "go_memstats_heap_alloc_bytes": &f.heap} {
		if *to, err = figure(text, name); err != nil {
			return f, err
		}
	}
	proc, err := procfs.NewProc(s.gateway.pid())
	if err != nil {
		return f, err
	}
	if f.descriptors, err = proc.FileDescriptorsLen(); err != nil {
		return f, err
	}
	stat, err := proc.Stat()
	if err != nil {
		return f, err
	}
	f.threads, f.resident = stat.NumThreads, stat.ResidentMemory()
	pids, err := s.gateway.children()
	if err != nil {
		return f, err
	}
	f.children = len(pids)
	err = filepath.WalkDir(s.gateway.state, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err == nil && info.Mode().IsRegular() {
			f.files++
			f.stored += int(info.Size())
		}
		return err
	})
	if os.IsNotExist(err) {
		err = nil // it has gone meanwhile
	}
	return f, err
}

// quietTime is how long the gateway is left alone before it is measured: idle
// connections end, and memory goes back to the system.
const quietTime = 20 * time.Second

// quiet leaves the gateway alone and takes the largest of some measurements.
func (s *soak) quiet(ctx context.Context, most *figures) error {
	wait(ctx, quietTime)
	for range 5 {
		f, err := s.measure(ctx)
		if err != nil {
			return err
		}
		most.goroutines, most.descriptors = max(most.goroutines, f.goroutines), max(most.descriptors, f.descriptors)
		most.threads, most.children = max(most.threads, f.threads), max(most.children, f.children)
		most.resident, most.heap = max(most.resident, f.resident), max(most.heap, f.heap)
		most.files, most.stored = max(most.files, f.files), max(most.stored, f.stored)
		if !wait(ctx, time.Second) {
			return ctx.Err()
		}
	}
	return nil
}

// compareTime is how long the gateway has to come back to what it needed.
const compareTime = 2 * time.Minute

// compare wants the gateway to need no more than before.
func (s *soak) compare(ctx context.Context) error {
	wait(ctx, quietTime)
	for end := time.Now().Add(compareTime); ; wait(ctx, 2*time.Second) {
		var err error
		if s.after, err = s.measure(ctx); err != nil {
			return err
		}
		grown := false
		for _, b := range bounds(s.before, s.after) {
			grown = grown || b.after > b.most
		}
		if !grown || ctx.Err() != nil {
			return ctx.Err()
		}
		if time.Now().After(end) {
			break
		}
	}
	s.dump = s.after.goroutines > s.before.goroutines+moreGoroutines
	for _, b := range bounds(s.before, s.after) {
		if b.after > b.most {
			s.ledger.fault("%s: %d before, %d after, at most %d", b.what, b.before/b.unit, b.after/b.unit, b.most/b.unit)
		}
	}
	return nil
}

// report prints what was done and what came of it.
func (s *soak) report() {
	s.ledger.table("did", "What was done")
	s.ledger.table("ok", "What was checked")
	s.ledger.table("failed while disturbed", "What failed, and was disturbed")
	s.ledger.table("tried again", "What worked later")
	s.ledger.table("provoked", "Errors in the log that were provoked")
	s.ledger.table("warned", "Warnings in the log")
	fmt.Printf("\nWhat the gateway needs, before and after\n  %-22s %9s %9s %9s\n", "", "before", "after", "at most")
	for _, b := range bounds(s.before, s.after) {
		fmt.Printf("  %-22s %9s %9s %9s\n", b.what, b.show(b.before), b.show(b.after), b.show(b.most))
	}
	s.reports.print()
	fmt.Printf("\nAfter each of %d rounds everything was as it should be, within %v at most.\n", s.rounds, s.slowest.Round(100*time.Millisecond))
	fmt.Println("\nNot here: L2TP (pppd needs /dev/ppp, see make test-l2tp) and a modem.")
	if s.ledger.faulty() {
		fmt.Printf("\nFAULTS\n%s\nseed %d\n", s.ledger.faultText(), s.seed)
	} else {
		fmt.Printf("\nNo faults. Seed %d.\n", s.seed)
	}
}

func (b bound) show(n int) string {
	if b.unit == 1 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%.1f", float64(n)/float64(b.unit))
}
