package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/fieldgate/fieldgate/examples/snmpd/conf"
	"github.com/fieldgate/fieldgate/snmp"
)

// processesAge is how old the counts of prTable may be.
const processesAge = 5 * time.Second

// processTable serves prTable (UCD-SNMP-MIB): how many processes of a name
// run, and whether that is as it should be.
type processTable struct {
	*cached
	folder string // /proc
	wanted []conf.Process
}

func processMount(folder string, wanted []conf.Process) snmp.Mount {
	t := &processTable{folder: folder, wanted: wanted}
	t.cached = &cached{age: processesAge, build: t.build}
	return snmp.Mount{Prefix: prTable(), Handler: t, Description: "UCD-SNMP-MIB: prTable"}
}

func prTable() snmp.OID { return snmp.OID{1, 3, 6, 1, 4, 1, 2021, 2} }

// watchedProcess is a row.
type watchedProcess struct {
	conf.Process
	index, count int32
}

func (t *processTable) build() (*snmp.List, error) {
	running, err := countNames(t.folder)
	if err != nil {
		return nil, err
	}
	rows := make([]watchedProcess, len(t.wanted))
	for i, p := range t.wanted {
		rows[i] = watchedProcess{p, int32(i + 1), running[p.Name]}
	}
	var b snmp.Builder
	snmp.AddTable(&b, prTable().Append(1), []snmp.Column[watchedProcess]{
		{Arc: 1, Value: func(p *watchedProcess) snmp.Value { return snmp.Integer(p.index) }},
		{Arc: 2, Value: func(p *watchedProcess) snmp.Value { return snmp.OctetString(p.Name) }},
		{Arc: 3, Value: func(p *watchedProcess) snmp.Value { return snmp.Integer(p.Min) }},
		{Arc: 4, Value: func(p *watchedProcess) snmp.Value { return snmp.Integer(p.Max) }},
		{Arc: 5, Value: func(p *watchedProcess) snmp.Value { return snmp.Integer(p.count) }},
		{Arc: 100, Value: func(p *watchedProcess) snmp.Value {
			if p.fault() != "" {
				return snmp.Integer(1)
			}
			return snmp.Integer(0)
		}},
		{Arc: 101, Value: func(p *watchedProcess) snmp.Value { return snmp.OctetString(p.fault()) }},
		{Arc: 102, Value: func(*watchedProcess) snmp.Value { return snmp.Integer(0) }}, // nothing is ever fixed
		{Arc: 103, Value: func(*watchedProcess) snmp.Value { return snmp.OctetString("") }},
	}, rows, func(p *watchedProcess) []uint32 { return []uint32{uint32(p.index)} })
	return b.List()
}

// fault says what is wrong with the count, "" when nothing is.
func (p *watchedProcess) fault() string {
	switch {
	case p.Min > 0 && p.count == 0:
		return fmt.Sprintf("No %s process running", p.Name)
	case p.count < p.Min:
		return fmt.Sprintf("Too few %s running (# = %d)", p.Name, p.count)
	case p.Max > 0 && p.count > p.Max:
		return fmt.Sprintf("Too many %s running (# = %d)", p.Name, p.count)
	}
	return ""
}

// countNames counts processes by the name that the kernel has of them, at most
// 15 octets of it.
func countNames(folder string) (map[string]int32, error) {
	list, err := filepath.Glob(filepath.Join(folder, "[0-9]*", "comm"))
	if err != nil {
		return nil, err
	}
	count := make(map[string]int32)
	for _, path := range list {
		if name, err := os.ReadFile(path); err == nil { // else it has ended
			count[string(bytes.TrimSuffix(name, []byte("\n")))]++
		}
	}
	return count, nil
}

// cached is a Handler of what is built anew once it is too old. While it
// cannot be built, nothing is there.
type cached struct {
	age   time.Duration
	build func() (*snmp.List, error)

	mu   sync.Mutex
	list *snmp.List
	at   time.Time
}

// Snapshot implements snmp.Snapshotter.
func (c *cached) Snapshot() snmp.Handler {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.list == nil || time.Since(c.at) > c.age {
		list, err := c.build()
		if err != nil {
			list = &snmp.List{}
		}
		c.list, c.at = list, time.Now()
	}
	return c.list
}

// Get implements snmp.Handler.
func (c *cached) Get(oid snmp.OID) snmp.Value { return c.Snapshot().Get(oid) }

// Next implements snmp.Handler.
func (c *cached) Next(after snmp.OID) (snmp.VarBind, bool) { return c.Snapshot().Next(after) }
