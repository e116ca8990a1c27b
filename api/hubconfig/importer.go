package hubconfig

import (
	"bytes"
	"strings"

	"github.com/fieldgate/fieldgate/api/internal/workbook"
)

// Limits of the files that [Import] takes.
const (
	MaxWorkbook = workbook.MaxFile // 8 MiB
	MaxYAML     = 4 << 20          // which may take twenty times as much memory for a moment
)

// Import reads a workbook or YAML, whichever file is. An error wraps
// [api.ErrRefused]; the report tells all faults then, and the Config is empty.
func Import(file []byte) (Config, Report, error) {
	var r Report
	t := newTables()
	switch {
	case len(bytes.TrimSpace(file)) == 0:
		r.fault("", "the file is empty")
	case bytes.HasPrefix(file, []byte("PK")), bytes.HasPrefix(file, []byte("\xd0\xcf\x11\xe0")):
		t.readWorkbook(file, &r)
	default:
		if t.readStored(file, &r) {
			break
		}
		t, r = newTables(), Report{}
		t.readYAML(file, &r)
	}
	c, err := t.finish(&r)
	return c, r, err
}

func (t *tables) readWorkbook(file []byte, r *Report) {
	book, err := workbook.Open(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		r.fault("", err.Error())
		return
	}
	devices, signals := false, false
	for _, sheet := range book.Sheets() {
		switch {
		case strings.EqualFold(sheet, "Devices"):
			devices = true
			readSheet(book, sheet, &t.devices, maxDevices, r)
		case len(sheet) >= 7 && strings.EqualFold(sheet[:7], "Signals"):
			signals = true
			readSheet(book, sheet, &t.signals, maxSignals, r)
		default:
			r.warning(workbook.Place(sheet, 0, 0), "this sheet is left out, known are Devices and Signals")
		}
	}
	if !devices {
		r.fault("", "the workbook has no sheet Devices")
	}
	if !signals {
		r.warning("", "the workbook has no sheet Signals")
	}
}

// sheetOrigin is a row of a sheet.
type sheetOrigin struct {
	header *header
	row    int
}

func (o sheetOrigin) place(column string) string {
	return workbook.Place(o.header.sheet, o.row, o.header.number(column))
}

// header is the first row of a sheet.
type header struct {
	sheet string
	names []string // of the known columns, "" for others
}

// number returns the column called name, 0 where there is none.
func (h *header) number(name string) int {
	for i, n := range h.names {
		if n == name && n != "" {
			return i + 1
		}
	}
	return 0
}

func readSheet[T any](book *workbook.Book, sheet string, t *table[T], most int, r *Report) {
	h := &header{sheet: sheet}
	var columns []*column[T]
	last := 0
	for row, err := range book.Rows(sheet) {
		if err != nil {
			r.fault("", err.Error())
			return
		}
		for _, bad := range row.Bad {
			r.fault("", bad.Error())
		}
		if empty(row) || row.Number > last+1 {
			break
		}
		last = row.Number
		if row.Number == 1 {
			columns = readHeader(h, row.Cells, t, r)
			continue
		}
		if len(t.items) == most {
			r.fault(workbook.Place(sheet, row.Number, 0), "there are too many rows")
			return
		}
		t.begin(sheetOrigin{h, row.Number})
		for i, text := range row.Cells {
			if i < len(columns) && columns[i] != nil {
				t.set(columns[i], text, r)
			}
		}
	}
	if last == 0 {
		r.fault(workbook.Place(sheet, 1, 0), "the first row must have the names of the columns")
	}
}

func empty(row workbook.Row) bool {
	if len(row.Bad) > 0 {
		return false
	}
	for _, text := range row.Cells {
		if strings.TrimSpace(text) != "" {
			return false
		}
	}
	return true
}

func readHeader[T any](h *header, cells []string, t *table[T], r *Report) []*column[T] {
	columns := make([]*column[T], len(cells))
	h.names = make([]string, len(cells))
	for i, text := range cells {
		name := strings.TrimSpace(text)
		place := workbook.Place(h.sheet, 1, i+1)
		c := t.find(name)
		switch {
		case name == "":
		case c == nil:
			r.warning(place, "the column "+quote(name)+" is not known and left out")
		case h.number(c.name) > 0:
			r.fault(place, "there is a second column "+c.name)
		default:
			columns[i], h.names[i] = c, c.name
		}
	}
	return columns
}
