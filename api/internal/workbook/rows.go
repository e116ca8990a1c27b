package workbook

import (
	"iter"
	"strconv"
	"strings"
)

// Row is a row of a sheet.
type Row struct {
	Number int // from 1; rows without cells may be missing between two
	// Cells are the texts from column A on, "" where there is nothing.
	Cells []string
	// Bad are the cells that have no text for a reason of their own: a
	// formula without a kept result, or an error value. They are "" in Cells.
	Bad []*Error
}

// Rows reads the rows of a sheet, in ascending order. An error is the last
// that it yields. The rows are the caller's.
func (b *Book) Rows(name string) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for _, s := range b.sheets {
			if s.name == name {
				b.rows(s, yield)
				return
			}
		}
		yield(Row{}, refuse("the workbook has no sheet %q", name))
	}
}

func (b *Book) rows(s sheet, yield func(Row, error) bool) {
	r := rowReader{book: b, sheet: s.name}
	x, err := b.open(s.part)
	if err != nil {
		yield(Row{}, r.at(err, 0))
		return
	}
	defer x.close()
	r.x = x
	for {
		t, err := x.next()
		if err != nil {
			yield(Row{}, r.at(err, 0))
			return
		}
		if t.end && t.name == "sheetData" {
			return // what follows is about looks
		}
		if t.end || t.name != "row" {
			continue
		}
		row, err := r.read(t)
		if !yield(row, err) || err != nil {
			return
		}
	}
}

type rowReader struct {
	book  *Book
	sheet string
	x     *xmlPart
	row   int // the number of the last
}

// at adds the place to err.
func (r *rowReader) at(err error, column int) error {
	if e, ok := err.(*Error); ok && e.Sheet == "" {
		return &Error{r.sheet, r.row, column, e.Problem}
	}
	return err
}

// read reads the row that has just begun.
func (r *rowReader) read(begin tag) (Row, error) {
	number := r.row + 1
	if text := begin.attr("r"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < number {
			return Row{}, r.at(refuse("the next row has the number %q", text), 0)
		}
		number = n
	}
	if number > MaxRows {
		return Row{}, r.at(refuse("there are more than %d rows", MaxRows), 0)
	}
	r.row = number
	row := Row{Number: number}
	for {
		t, err := r.x.next()
		if err != nil {
			return Row{}, r.at(err, 0)
		}
		if t.end && t.name == "row" {
			return row, nil
		}
		if t.end || t.name != "c" {
			continue
		}
		column, err := r.column(t.attr("r"), len(row.Cells)+1)
		if err != nil {
			return Row{}, err
		}
		text, bad, err := r.cell(t.attr("t"))
		if err != nil {
			return Row{}, r.at(err, column)
		}
		for len(row.Cells) < column-1 {
			row.Cells = append(row.Cells, "")
		}
		row.Cells = append(row.Cells, text)
		if bad != "" {
			row.Bad = append(row.Bad, &Error{r.sheet, number, column, bad})
		}
	}
}

// column returns the column of a cell with that reference, such as "B7";
// without one it is the next.
func (r *rowReader) column(reference string, next int) (int, error) {
	column := next
	if reference != "" {
		letters := strings.TrimRight(reference, "0123456789")
		column = 0
		for _, c := range []byte(letters) {
			if c < 'A' || c > 'Z' || column > MaxColumns {
				column = 0
				break
			}
			column = 26*column + int(c-'A') + 1
		}
		if column < next || reference[len(letters):] != strconv.Itoa(r.row) {
			return 0, r.at(refuse("the next cell is called %q", reference), 0)
		}
	}
	if column > MaxColumns {
		return 0, r.at(refuse("there are more than %d columns", MaxColumns), 0)
	}
	return column, nil
}

// cell reads the cell that has just begun. bad says why it has no text.
func (r *rowReader) cell(kind string) (text, bad string, err error) {
	formula, kept := false, false
	for {
		t, err := r.x.next()
		if err != nil {
			return "", "", err
		}
		switch {
		case t.end && t.name == "c":
			if formula && !kept {
				bad = "the file keeps no result of this formula: open and save it with a spreadsheet program"
			}
			return text, bad, nil
		case t.end:
		case t.name == "f":
			formula = true
			err = r.x.skip()
		case t.name == "v", t.name == "is":
			if text, err = r.x.text(t.name); err == nil && t.name == "v" && text != "" {
				text, bad, err = r.value(kind, text)
			}
			kept = kept || text != "" || bad != "" || kind == "str"
		case t.name != "":
			err = r.x.skip()
		}
		if err != nil {
			return "", "", err
		}
	}
}

// value turns what a cell of that kind keeps (ECMA-376-1, 18.18.11) into text.
func (r *rowReader) value(kind, kept string) (text, bad string, err error) {
	switch kind {
	case "s":
		i, err := strconv.Atoi(strings.TrimSpace(kept))
		text, ok := r.book.strings.get(i)
		if err != nil || !ok {
			return "", "", refuse("there is no shared string %q", kept)
		}
		return text, "", nil
	case "b":
		switch strings.TrimSpace(kept) {
		case "1", "true":
			return "TRUE", "", nil
		case "0", "false":
			return "FALSE", "", nil
		}
		return "", "", refuse("%q is no boolean", kept)
	case "e":
		return "", "this cell has the error " + strconv.Quote(kept), nil
	case "", "n":
		return strings.TrimSpace(kept), "", nil
	case "str", "d", "inlineStr":
		return kept, "", nil
	}
	return "", "", refuse("there is no kind of cell %q", kind)
}
