package workbook

import (
	"fmt"
	"strconv"
	"strings"
)

// Error is a fault of a workbook at its place.
type Error struct {
	Sheet   string // its name; empty: the fault is not in a sheet
	Row     int    // from 1; 0: the fault is not in a row
	Column  int    // from 1; 0: the fault is not in a cell
	Problem string // what is wrong, and what to do
}

// Error returns the place and the problem.
func (e *Error) Error() string {
	if place := Place(e.Sheet, e.Row, e.Column); place != "" {
		return place + ": " + e.Problem
	}
	return e.Problem
}

// Place names a place for people, such as "sheet Devices, row 3, column B". A
// number that is 0 is left out, as is an empty name.
func Place(sheet string, row, column int) string {
	var parts []string
	if sheet != "" {
		if quoted := strconv.Quote(sheet); len(quoted) != len(sheet)+2 {
			sheet = quoted // it has characters that would garble the line
		}
		parts = append(parts, "sheet "+sheet)
	}
	if row > 0 {
		parts = append(parts, "row "+strconv.Itoa(row))
	}
	if column > 0 {
		parts = append(parts, "column "+ColumnName(column))
	}
	return strings.Join(parts, ", ")
}

// ColumnName returns the letters of a column: A for 1, AA for 27.
func ColumnName(column int) string {
	var letters []byte
	for ; column > 0; column = (column - 1) / 26 {
		letters = append([]byte{byte('A' + (column-1)%26)}, letters...)
	}
	return string(letters)
}

func refuse(format string, args ...any) *Error {
	return &Error{Problem: fmt.Sprintf(format, args...)}
}
