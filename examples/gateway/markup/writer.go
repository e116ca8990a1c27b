package markup

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// literal is HTML that stands in the program.
type literal string

// Writer writes a page. The zero value is ready to use; it is for one
// goroutine.
type Writer struct {
	b     bytes.Buffer
	place place
	err   error
}

// HTML writes a piece of the page as it stands.
func (w *Writer) HTML(piece literal) *Writer {
	if err := w.place.pass(string(piece)); err != nil {
		w.fail(err, string(piece))
	}
	w.b.WriteString(string(piece))
	return w
}

// If writes a piece of the page if yes.
func (w *Writer) If(yes bool, piece literal) *Writer {
	if yes {
		w.HTML(piece)
	}
	return w
}

// Either writes one piece if yes, or else the other.
func (w *Writer) Either(yes bool, piece, other literal) *Writer {
	if yes {
		return w.HTML(piece)
	}
	return w.HTML(other)
}

// Text writes a value, escaped for the place where it stands.
func (w *Writer) Text(value string) *Writer {
	kind, err := w.place.takes()
	switch {
	case err != nil:
		w.fail(err, value)
		return w
	case kind == link && !local(value):
		value = refused
	}
	w.place.empty = false
	w.escape(value)
	return w
}

// Maybe writes a value between two pieces, or nothing if it is empty.
func (w *Writer) Maybe(before literal, value string, after literal) *Writer {
	if value == "" {
		return w
	}
	return w.HTML(before).Text(value).HTML(after)
}

// Int writes a number.
func (w *Writer) Int(value int) *Writer { return w.Text(strconv.Itoa(value)) }

// Uint writes a number.
func (w *Writer) Uint(value uint64) *Writer { return w.Text(strconv.FormatUint(value, 10)) }

// Bytes returns the page. The error is that of the first value that stood
// where none may stand, or says that the page ends within a tag: a fault of
// the program, and the page must not be shown.
func (w *Writer) Bytes() ([]byte, error) {
	if w.err == nil && w.place.at != between {
		w.fail(errors.New("the page ends within a tag"), "")
	}
	return w.b.Bytes(), w.err
}

func (w *Writer) fail(err error, at string) {
	if w.err == nil {
		w.err = fmt.Errorf("markup: %w: %.40q", err, at)
	}
}

// refused stands for a link that leads elsewhere.
const refused = "#refused"

// local reports whether a link is a path of the same host. Browsers read
// backslashes as slashes, and leave control characters out.
func local(link string) bool {
	return strings.HasPrefix(link, "/") && !strings.HasPrefix(link, "//") && !strings.HasPrefix(link, `/\`) &&
		!strings.ContainsFunc(link, func(r rune) bool { return r < ' ' })
}

// escape writes a value so that it is one text, or one value in quotes. A plus
// is escaped for browsers that guess at UTF-7.
func (w *Writer) escape(value string) {
	from := 0
	for i := range len(value) {
		var escaped string
		switch value[i] {
		case 0:
			escaped = "\uFFFD"
		case '"':
			escaped = "&#34;"
		case '&':
			escaped = "&amp;"
		case '\'':
			escaped = "&#39;"
		case '+':
			escaped = "&#43;"
		case '<':
			escaped = "&lt;"
		case '>':
			escaped = "&gt;"
		default:
			continue
		}
		w.b.WriteString(value[from:i])
		w.b.WriteString(escaped)
		from = i + 1
	}
	w.b.WriteString(value[from:])
}
