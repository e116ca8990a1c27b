package conf

import "fmt"

// Place is where a line stands.
type Place struct {
	File string
	Line int // from 1
}

// Note is what is wrong with a line, or has no effect.
type Note struct {
	At    Place
	Error bool // else a warning
	Text  string
}

// String returns "file: line N: Warning: text", as snmpd writes it.
func (n Note) String() string {
	kind := "Warning"
	if n.Error {
		kind = "Error"
	}
	return fmt.Sprintf("%s: line %d: %s: %s", n.At.File, n.At.Line, kind, n.Text)
}

// maxNotes bounds the report of a file that is something else altogether.
const maxNotes = 200

func (p *parser) note(isError bool, format string, args ...any) {
	if len(p.file.Notes) < maxNotes {
		p.file.Notes = append(p.file.Notes, Note{p.at, isError, fmt.Sprintf(format, args...)})
	}
}

func (p *parser) errorf(format string, args ...any) { p.note(true, format, args...) }
func (p *parser) warnf(format string, args ...any)  { p.note(false, format, args...) }
