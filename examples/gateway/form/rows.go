package form

import (
	"fmt"
	"net/url"
	"reflect"
	"strconv"
	"strings"
)

// row is a row of a table as it was sent. When a form is shown again its rows
// keep their numbers, for what is saved has not changed; but in the record the
// removed ones are gone.
type row struct {
	sent    int           // its number in the form
	index   int           // its number in the record
	removed bool          // it is not in the record
	record  reflect.Value // of a removed one
}

func rowsOf(table reflect.Value) []row {
	rows := make([]row, table.Len())
	for i := range rows {
		rows[i] = row{sent: i, index: i}
	}
	return rows
}

// asSent returns a path of the record with the rows numbered as they were
// sent.
func (f *Form) asSent(path string) string {
	at := ""
	for {
		before, rest, found := strings.Cut(path, "[")
		at += before
		if !found {
			return at
		}
		number, after, _ := strings.Cut(rest, "]")
		i, err := strconv.Atoi(number)
		for _, r := range f.rows[at] {
			if err == nil && !r.removed && r.index == i {
				number = strconv.Itoa(r.sent)
				break
			}
		}
		at, path = at+"["+number+"]", after
	}
}

// decodeRecords reads the rows of a table. A new row counts when something was
// typed into it; a row whose "remove" box is checked goes.
func (f *Form) decodeRecords(v reflect.Value, path string) {
	if !f.sent.below[path] {
		return
	}
	records := reflect.MakeSlice(v.Type(), 0, v.Len())
	rows := make([]row, 0, v.Len())
	for i := range min(max(f.sent.rows[path], v.Len()), v.Len()+maxRows) {
		at := fmt.Sprintf("%s[%d]", path, i)
		record := reflect.New(v.Type().Elem()).Elem()
		if i < v.Len() {
			record.Set(v.Index(i))
		}
		if f.typed.Get(at+".remove") == "on" {
			rows = append(rows, row{sent: i, removed: true, record: record})
			continue
		}
		faults := len(f.faults)
		f.decode(record, at)
		if i >= v.Len() && !f.sent.filled[at] && len(f.faults) == faults {
			continue
		}
		rows = append(rows, row{sent: i, index: records.Len()})
		records = reflect.Append(records, record)
	}
	f.rows[path] = rows
	if records.Len() == 0 {
		v.SetZero()
		return
	}
	v.Set(records)
}

// sent is what a request has, so that it is looked through once, however many
// fields it names.
type sent struct {
	below  map[string]bool // there is a field below this path
	filled map[string]bool // something was typed there; choices always send one of their words and do not count
	rows   map[string]int  // how many rows the table at this path has
}

// maxName is longer than the name of any field.
const maxName = 200

func namesOf(typed url.Values) sent {
	s := sent{below: make(map[string]bool), filled: make(map[string]bool), rows: make(map[string]int)}
	for name, values := range typed {
		if len(name) > maxName {
			continue
		}
		filled := len(values) > 0 && strings.TrimSpace(values[0]) != "" && !typed.Has("choice:"+name)
		for i, c := range name {
			path, rest := name[:i], name[i:]
			switch c {
			case '.':
				s.below[path] = true
				s.filled[path] = s.filled[path] || filled
			case '[':
				s.below[path] = true
				number, _, _ := strings.Cut(rest[1:], "]")
				if n, err := strconv.Atoi(number); err == nil && n >= 0 && n < 1<<20 {
					s.rows[path] = max(s.rows[path], n+1)
				}
			}
		}
	}
	return s
}
