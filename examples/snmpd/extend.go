package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/fieldgate/fieldgate/examples/snmpd/conf"
	"github.com/fieldgate/fieldgate/snmp"
)

// Limits of the programs of extend.
const (
	extendAge     = 5 * time.Second  // how old an output may be, nsExtendCacheTime
	extendWait    = 2 * time.Second  // how long a request waits for them
	extendTimeout = 30 * time.Second // after which one is ended
	extendOutput  = 64 << 10         // octets that are kept of an output
	maxOctets     = 65_000           // of a value
)

// extendTable serves the tables of NET-SNMP-EXTEND-MIB: programs, what they
// print and their exit statuses. They run together when somebody asks, at most
// every five seconds. One that takes longer than two seconds is answered with
// what it printed the time before.
type extendTable struct {
	programs []conf.Extend

	mu      sync.Mutex
	results []extendResult
	at      time.Time
	running chan struct{} // closed when they are done; nil: they do not run
	list    *snmp.List
}

type extendResult struct {
	output string
	status int32
}

func extendMount(programs []conf.Extend) snmp.Mount {
	return snmp.Mount{
		Prefix: extendTree(), Handler: &extendTable{programs: programs, results: make([]extendResult, len(programs))},
		Description: "NET-SNMP-EXTEND-MIB: nsExtendObjects",
	}
}

func extendTree() snmp.OID { return snmp.OID{1, 3, 6, 1, 4, 1, 8072, 1, 3, 2} }

// Snapshot implements snmp.Snapshotter.
func (e *extendTable) Snapshot() snmp.Handler {
	e.mu.Lock()
	if e.running == nil && (e.list == nil || time.Since(e.at) > extendAge) {
		e.running = make(chan struct{})
		go e.refresh(e.running)
	}
	running := e.running
	e.mu.Unlock()
	if running != nil {
		timer := time.NewTimer(extendWait)
		defer timer.Stop()
		select {
		case <-running:
		case <-timer.C:
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.list == nil {
		return &snmp.List{}
	}
	return e.list
}

// Get implements snmp.Handler.
func (e *extendTable) Get(oid snmp.OID) snmp.Value { return e.Snapshot().Get(oid) }

// Next implements snmp.Handler.
func (e *extendTable) Next(after snmp.OID) (snmp.VarBind, bool) { return e.Snapshot().Next(after) }

// refresh runs the programs at the same time, and makes the list anew.
func (e *extendTable) refresh(done chan struct{}) {
	var all sync.WaitGroup
	for i, p := range e.programs {
		all.Go(func() {
			r := runProgram(p)
			e.mu.Lock()
			defer e.mu.Unlock()
			e.results[i] = r
		})
	}
	all.Wait()
	e.mu.Lock()
	defer e.mu.Unlock()
	if list, err := buildExtend(e.programs, e.results); err == nil {
		e.list = list
	}
	e.at, e.running = time.Now(), nil
	close(done)
}

// runProgram runs a program without a shell. A status of -1 is that of one
// that was ended. The output of one that could not be started is the reason.
func runProgram(p conf.Extend) extendResult {
	ctx, cancel := context.WithTimeout(context.Background(), extendTimeout)
	defer cancel()
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, p.Program, conf.Words(p.Args)...)
	cmd.WaitDelay = time.Second
	cmd.Stdout = &limitedWriter{to: &out, left: extendOutput}
	cmd.Stderr = cmd.Stdout
	err := cmd.Run()
	r := extendResult{output: strings.TrimSuffix(out.String(), "\n")}
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		r.status = int32(exit.ExitCode())
	case errors.Is(err, exec.ErrWaitDelay): // it has left a child that holds its output
	case err != nil:
		r = extendResult{p.Program + ": " + reason(err), 1}
	}
	return r
}

// reason is the error of the system, as the C library writes it.
func reason(err error) string {
	var number syscall.Errno
	if !errors.As(err, &number) {
		return err.Error()
	}
	text := number.Error()
	return strings.ToUpper(text[:1]) + text[1:]
}

// limitedWriter drops what is too much.
type limitedWriter struct {
	to   io.Writer
	left int
}

func (w *limitedWriter) Write(b []byte) (int, error) {
	keep := b[:min(len(b), w.left)]
	w.left -= len(keep)
	if _, err := w.to.Write(keep); err != nil {
		return 0, err
	}
	return len(b), nil
}

// extendRow is a program and what it printed.
type extendRow struct {
	conf.Extend
	extendResult
	lines []string
}

// extendLine is a line of an output.
type extendLine struct {
	name, text string
	number     uint32
}

func buildExtend(programs []conf.Extend, results []extendResult) (*snmp.List, error) {
	rows := make([]extendRow, len(programs))
	var lines []extendLine
	for i, p := range programs {
		rows[i] = extendRow{p, results[i], strings.Split(results[i].output, "\n")}
		for j, text := range rows[i].lines {
			lines = append(lines, extendLine{p.Name, text, uint32(j + 1)})
		}
	}
	text := func(get func(*extendRow) string) func(*extendRow) snmp.Value {
		return func(r *extendRow) snmp.Value {
			s := get(r)
			return snmp.OctetString(s[:min(len(s), maxOctets)])
		}
	}
	number := func(n int32) func(*extendRow) snmp.Value {
		return func(*extendRow) snmp.Value { return snmp.Integer(n) }
	}
	index := func(r *extendRow) []uint32 { return snmp.StringIndex(r.Name) }
	var b snmp.Builder
	b.Scalar(extendTree().Append(1), snmp.Integer(int32(len(rows))))
	snmp.AddTable(&b, extendTree().Append(2, 1), []snmp.Column[extendRow]{
		{Arc: 2, Value: text(func(r *extendRow) string { return r.Program })},
		{Arc: 3, Value: text(func(r *extendRow) string { return r.Args })},
		{Arc: 4, Value: text(func(*extendRow) string { return "" })},
		{Arc: 5, Value: number(int32(extendAge / time.Second))},
		{Arc: 6, Value: number(1)},  // exec
		{Arc: 7, Value: number(1)},  // run-on-read
		{Arc: 20, Value: number(4)}, // permanent
		{Arc: 21, Value: number(1)}, // active
	}, rows, index)
	snmp.AddTable(&b, extendTree().Append(3, 1), []snmp.Column[extendRow]{
		{Arc: 1, Value: text(func(r *extendRow) string { return r.lines[0] })},
		{Arc: 2, Value: text(func(r *extendRow) string { return r.output })},
		{Arc: 3, Value: func(r *extendRow) snmp.Value { return snmp.Integer(int32(len(r.lines))) }},
		{Arc: 4, Value: func(r *extendRow) snmp.Value { return snmp.Integer(r.status) }},
	}, rows, index)
	snmp.AddTable(&b, extendTree().Append(4, 1), []snmp.Column[extendLine]{
		{Arc: 2, Value: func(l *extendLine) snmp.Value { return snmp.OctetString(l.text[:min(len(l.text), maxOctets)]) }},
	}, lines, func(l *extendLine) []uint32 { return append(snmp.StringIndex(l.name), l.number) })
	return b.List()
}
