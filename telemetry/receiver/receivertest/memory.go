package receivertest

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/fieldgate/fieldgate/telemetry/receiver"
)

// defaultLimit is how many records a [Memory] holds unless told otherwise.
const defaultLimit = 1 << 16

// Memory is a sink that holds records in memory, each device, boot, seq and
// part once. The zero value is ready. It is safe for concurrent use.
type Memory struct {
	mu      sync.Mutex
	limit   int
	records []receiver.Record
	known   map[ID]bool
	writes  int
	fault   error
	stalled chan struct{} // closed by Resume; nil = not stalled
}

// ID tells records apart: what a sink may take for the same.
type ID struct {
	Device string
	Booted bool // Boot is known
	Boot   uint32
	Seq    uint64
	Part   uint64 // 0 = whole
}

// IDOf returns the ID of a record.
func IDOf(r *receiver.Record) ID {
	m := r.Message
	return ID{r.Device, m.Boot.Known, m.Boot.Value, m.Seq, m.Part.Index}
}

// String returns "device/boot/seq", with "/part" for a part and "-" for an
// unknown boot.
func (id ID) String() string {
	boot := "-"
	if id.Booted {
		boot = fmt.Sprint(id.Boot)
	}
	text := fmt.Sprintf("%s/%s/%d", id.Device, boot, id.Seq)
	if id.Part != 0 {
		text += fmt.Sprintf("/%d", id.Part)
	}
	return text
}

// Limit bounds the records that are held from now on; writing more fails
// with [receiver.ErrNotStored]. 0 = 65,536.
func (m *Memory) Limit(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.limit = n
}

// Fail lets every write fail with err, until Fail(nil).
func (m *Memory) Fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fault = err
}

// Stall lets every write wait until Stall(false), or for the end of its
// context.
func (m *Memory) Stall(on bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if on && m.stalled == nil {
		m.stalled = make(chan struct{})
	}
	if !on && m.stalled != nil {
		close(m.stalled)
		m.stalled = nil
	}
}

// Write implements [receiver.Sink]. It takes all of the records or none.
func (m *Memory) Write(ctx context.Context, records []receiver.Record) error {
	m.mu.Lock()
	m.writes++
	stalled := m.stalled
	m.mu.Unlock()
	if stalled != nil {
		select {
		case <-stalled:
		case <-ctx.Done():
		}
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("receivertest: write: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fault != nil {
		return fmt.Errorf("receivertest: write: %w", m.fault)
	}
	return m.add(records)
}

func (m *Memory) add(records []receiver.Record) error {
	limit := m.limit
	if limit == 0 {
		limit = defaultLimit
	}
	if m.known == nil {
		m.known = make(map[ID]bool)
	}
	held := len(m.records)
	for i := range records {
		id := IDOf(&records[i])
		if m.known[id] {
			continue
		}
		if len(m.records) == limit {
			for j := range m.records[held:] {
				delete(m.known, IDOf(&m.records[held+j]))
			}
			m.records = m.records[:held]
			return fmt.Errorf("receivertest: write: %d records are all there is room for: %w", limit, receiver.ErrNotStored)
		}
		m.known[id] = true
		m.records = append(m.records, records[i])
	}
	return nil
}

// Records returns what is held, in the order of arrival.
func (m *Memory) Records() []receiver.Record {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]receiver.Record(nil), m.records...)
}

// Len returns how many records are held.
func (m *Memory) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.records)
}

// Writes returns how many times Write was called.
func (m *Memory) Writes() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.writes
}

// String lists what is held, one record a line.
func (m *Memory) String() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var b strings.Builder
	for i := range m.records {
		r := &m.records[i]
		fmt.Fprintf(&b, "%s from %s, %d bytes", IDOf(r), r.Source, len(r.Raw))
		if r.Sealed {
			b.WriteString(", sealed")
		}
		b.WriteByte('\n')
	}
	return b.String()
}

var _ receiver.Sink = (*Memory)(nil)
