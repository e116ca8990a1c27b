package snmp

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// family is a Family that was read (RFC 3415, vacmViewTreeFamilyTable).
type family struct {
	arcs    OID    // 0 where any arc matches
	wild    []bool // per arc; nil where none is
	include bool
}

// parseFamily reads a Family.
func parseFamily(f Family, include bool) (family, error) {
	parts := strings.Split(strings.TrimPrefix(string(f), "."), ".")
	parsed := family{include: include}
	for i, part := range parts {
		if part == "*" {
			if parsed.wild == nil {
				parsed.wild = make([]bool, len(parts))
			}
			parsed.wild[i], parts[i] = true, "0"
		}
	}
	if f == "" || f == "." {
		return parsed, nil // the whole tree
	}
	var err error
	if parsed.arcs, err = ParseOID(strings.Join(parts, ".")); err != nil {
		return family{}, fmt.Errorf("%q is no family of subtrees: write an identifier such as .1.3.6.1.2.1, with * for any arc", f)
	}
	return parsed, nil
}

// matches tells whether oid lies in the family.
func (f *family) matches(oid OID) bool {
	if len(oid) < len(f.arcs) {
		return false
	}
	for i, arc := range f.arcs {
		if oid[i] != arc && (f.wild == nil || !f.wild[i]) {
			return false
		}
	}
	return true
}

// next returns the first identifier after oid, which does not match, that
// does.
func (f *family) next(oid OID) (OID, bool) {
	turn := -1 // the last wild arc of those that match so far
	for i, arc := range f.arcs {
		wild := f.wild != nil && f.wild[i]
		switch {
		case i == len(oid), !wild && oid[i] < arc:
			return append(oid[:i:i], f.arcs[i:]...), true
		case wild:
			if oid[i] < math.MaxUint32 {
				turn = i
			}
		case oid[i] > arc:
			if turn < 0 {
				return nil, false
			}
			next := append(oid[:turn:turn], oid[turn]+1)
			return append(next, f.arcs[turn+1:]...), true
		}
	}
	return nil, false
}

// mask is vacmViewTreeFamilyMask: a bit per arc, 0 where any matches.
func (f *family) mask() string {
	if f.wild == nil {
		return ""
	}
	bits := make([]byte, (len(f.wild)+7)/8)
	for i := range bits {
		bits[i] = 0xff
	}
	for i, wild := range f.wild {
		if wild {
			bits[i/8] &^= 0x80 >> (i % 8)
		}
	}
	return string(bits)
}

// view is a part of the tree. A nil view has nothing in it.
type view struct {
	name     string
	whole    bool // families are those of "all"
	families []family
}

// allView is the view of the name "all".
func allView() *view {
	return &view{name: viewAll, whole: true, families: []family{{arcs: OID{1}, include: true}}}
}

// best returns the family that decides on oid: the longest that matches, of
// those the last (RFC 3415, section 5, vacmViewTreeFamilyTable); nil if none
// does.
func (v *view) best(oid OID) *family {
	var best *family
	for i := range v.families {
		f := &v.families[i]
		if best != nil && (len(f.arcs) < len(best.arcs) || len(f.arcs) == len(best.arcs) && f.arcs.Compare(best.arcs) < 0) {
			continue
		}
		if f.matches(oid) {
			best = f
		}
	}
	return best
}

// empty tells whether nothing can be in the view.
func (v *view) empty() bool {
	return v == nil || !slices.ContainsFunc(v.families, func(f family) bool { return f.include })
}

// contains tells whether oid is in the view.
func (v *view) contains(oid OID) bool {
	if v == nil {
		return false
	}
	if v.whole {
		return true
	}
	f := v.best(oid)
	return f != nil && f.include
}

// skip returns the least identifier after oid, which is not in the view, that
// may be in it; false when there is none. Nothing between the two is in it.
func (v *view) skip(oid OID) (OID, bool) {
	var least OID
	found := false
	take := func(o OID, ok bool) {
		if ok && (!found || o.Compare(least) < 0) {
			least, found = o, true
		}
	}
	if v == nil {
		return nil, false
	}
	if f := v.best(oid); f != nil {
		take(behind(oid[:len(f.arcs)]))
	}
	for i := range v.families {
		if f := &v.families[i]; f.include && !f.matches(oid) {
			take(f.next(oid))
		}
	}
	return least, found
}

// behind returns the first identifier after the subtree of prefix.
func behind(prefix OID) (OID, bool) {
	for n := len(prefix); n > 0; n-- {
		if last := prefix[n-1]; last < math.MaxUint32 {
			return append(prefix[:n-1:n-1], last+1), true
		}
	}
	return nil, false
}
