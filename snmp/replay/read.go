package replay

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/fieldgate/fieldgate/internal/order"
	"github.com/fieldgate/fieldgate/snmp"
)

// The bounds of a walk.
const (
	maxBytes  = 64 << 20
	maxOctets = 65535 // of one value
)

// Error is a fault of a walk.
type Error struct {
	Line int // from 1; that of the binding's beginning
	Err  error
}

// Error tells line and fault.
func (e *Error) Error() string { return fmt.Sprintf("replay: line %d: %v", e.Line, e.Err) }

// Unwrap returns the fault.
func (e *Error) Unwrap() error { return e.Err }

// recorded is a binding and its line.
type recorded struct {
	snmp.VarBind
	line int
}

// Read reads a walk of up to 64 MiB. The order of its bindings does not
// matter. The error is an *Error, or that of r.
func Read(r io.Reader) (*snmp.List, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxBytes {
		return nil, &Error{Line: strings.Count(string(text), "\n") + 1, Err: fmt.Errorf("the walk is longer than %d octets", maxBytes)}
	}
	s := scanner{rest: string(text)}
	var all []recorded
	for s.next() {
		b, ok, err := s.binding()
		if err != nil {
			return nil, &Error{Line: s.start, Err: err}
		}
		if ok {
			all = append(all, recorded{b, s.start})
		}
	}
	return list(all)
}

// list sorts bindings and guesses the object types.
func list(all []recorded) (*snmp.List, error) {
	order.Stable(all, func(a, b recorded) int { return a.OID.Compare(b.OID) })
	var objects []snmp.OID
	binds := make([]snmp.VarBind, len(all))
	for i, b := range all {
		if i > 0 && b.OID.Compare(all[i-1].OID) == 0 {
			return nil, &Error{Line: b.line, Err: fmt.Errorf("%v is in line %d already", b.OID, all[i-1].line)}
		}
		binds[i] = b.VarBind
		objects = append(objects, b.OID[:len(b.OID)-1])
	}
	order.Sort(objects, snmp.OID.Compare)
	kept := objects[:0]
	for _, o := range objects {
		if len(kept) == 0 || !o.HasPrefix(kept[len(kept)-1]) {
			kept = append(kept, o)
		}
	}
	return snmp.NewList(kept, binds)
}

// scanner goes through the lines of a walk.
type scanner struct {
	rest  string
	line  string // the current one, without its end
	at    int    // its number
	start int    // the number of the line where the binding begins
}

// next goes to the line of the next binding.
func (s *scanner) next() bool {
	for s.advance() {
		if strings.TrimSpace(s.line) != "" {
			s.start = s.at
			return true
		}
	}
	return false
}

func (s *scanner) advance() bool {
	if s.rest == "" {
		return false
	}
	s.line, s.rest, _ = strings.Cut(s.rest, "\n")
	s.at++
	return true
}

// binding reads the current line, and those that its value goes on in. It
// returns false for a line without a value.
func (s *scanner) binding() (snmp.VarBind, bool, error) {
	oid, value, ok := split(s.line)
	if !ok {
		return snmp.VarBind{}, false, fmt.Errorf("want `.1.3.6... = TYPE: value`, got %.40q", s.line)
	}
	switch {
	case len(oid) < 2:
		return snmp.VarBind{}, false, fmt.Errorf("%v is too short for an instance", oid)
	case oid[0] > 2 || oid[0] < 2 && oid[1] > 39:
		return snmp.VarBind{}, false, fmt.Errorf("%v is no object identifier: it begins with neither .0, .1 (up to .39) nor .2", oid)
	}
	if isException(value) {
		return snmp.VarBind{}, false, nil
	}
	v, err := s.value(value)
	if err != nil {
		return snmp.VarBind{}, false, fmt.Errorf("%v: %w", oid, err)
	}
	return snmp.VarBind{OID: oid, Value: v}, true, nil
}

// split parts a line that begins a binding.
func split(line string) (snmp.OID, string, bool) {
	name, value, ok := strings.Cut(line, " =")
	if !ok || value != "" && value[0] != ' ' && value[0] != '\r' {
		return nil, "", false
	}
	oid, err := snmp.ParseOID(name)
	return oid, strings.TrimPrefix(value, " "), err == nil
}

func isException(value string) bool {
	for _, text := range []string{
		"No Such Object available on this agent at this OID",
		"No Such Instance currently exists at this OID",
		"No more variables left in this MIB View",
	} {
		if strings.HasPrefix(value, text) {
			return true
		}
	}
	return false
}

// continued returns text with the lines that belong to it, up to the next
// binding.
func (s *scanner) continued(text string) (string, error) {
	var b strings.Builder
	b.WriteString(text)
	for s.rest != "" {
		line, _, _ := strings.Cut(s.rest, "\n")
		if _, _, ok := split(line); ok {
			break
		}
		s.advance()
		b.WriteString("\n" + line)
		if b.Len() > 8*maxOctets {
			return "", errTooLong
		}
	}
	return b.String(), nil
}

var errTooLong = errors.New("the value has more than 65535 octets")
