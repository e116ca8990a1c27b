package hubconfig

import "strings"

// origin tells where in a file an item stands.
type origin interface {
	// place is that of a column of the item, "" for the item as a whole.
	place(column string) string
}

// table collects the items of one list from a file.
type table[T any] struct {
	columns []column[T]
	items   []T
	origins []origin
	failed  map[failure]bool // what has a fault already
}

type failure struct {
	item   int
	column string
}

// find returns the column called name, in any case, or nil.
func (t *table[T]) find(name string) *column[T] {
	for i := range t.columns {
		if strings.EqualFold(t.columns[i].name, name) {
			return &t.columns[i]
		}
	}
	return nil
}

// begin adds an item.
func (t *table[T]) begin(o origin) {
	var item T
	t.items, t.origins = append(t.items, item), append(t.origins, o)
}

// set sets a column of the last item.
func (t *table[T]) set(c *column[T], text string, r *Report) {
	text = strings.TrimSpace(text)
	if text == "" {
		return
	}
	last := len(t.items) - 1
	if err := c.set(&t.items[last], text); err != nil {
		t.fail(last, c.name, err.Error(), r)
	}
}

// fail notes a fault of an item, but for a second one of the same column.
func (t *table[T]) fail(item int, column, problem string, r *Report) {
	at := failure{item, column}
	if t.failed[at] {
		return
	}
	if t.failed == nil {
		t.failed = make(map[failure]bool)
	}
	if len(t.failed) < maxLines { // the report takes no more lines
		t.failed[at] = true
	}
	place := ""
	if item < len(t.origins) {
		place = t.origins[item].place(column)
	}
	if column != "" {
		problem = column + ": " + problem
	}
	r.fault(place, problem)
}

// tables are both lists.
type tables struct {
	devices table[Device]
	signals table[Signal]
}

func newTables() *tables {
	return &tables{table[Device]{columns: deviceColumns}, table[Signal]{columns: signalColumns}}
}

// finish checks what was collected.
func (t *tables) finish(r *Report) (Config, error) {
	c := Config{t.devices.items, t.signals.items}
	r.Devices, r.Signals = len(c.Devices), len(c.Signals)
	c.check(func(l list, item int, column, problem string) {
		if l == deviceList {
			t.devices.fail(item, column, problem, r)
		} else {
			t.signals.fail(item, column, problem, r)
		}
	})
	if err := r.Err(); err != nil {
		return Config{}, err
	}
	return c, nil
}
