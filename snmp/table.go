package snmp

import "slices"

// Builder collects the instances of scalars and tables for a [List]. The zero
// value is ready.
type Builder struct {
	objects []OID
	binds   []VarBind
	arcs    []uint32 // room for identifiers
}

// Object declares an object type, which may have no instance: the identifier
// of a scalar without its .0, or of a column.
func (b *Builder) Object(object OID) { b.objects = append(b.objects, object) }

// Scalar declares an object type and adds its instance .0. The zero Value
// leaves the instance out.
func (b *Builder) Scalar(object OID, v Value) {
	b.Object(object)
	if v != (Value{}) {
		b.add(b.join(object, 0), v)
	}
}

// Add adds an instance of an object type that is declared with [Builder.Object].
func (b *Builder) Add(object OID, index []uint32, v Value) { b.add(b.join(object, index...), v) }

func (b *Builder) add(instance OID, v Value) { b.binds = append(b.binds, VarBind{instance, v}) }

// join makes an identifier in a block that many share.
func (b *Builder) join(object OID, index ...uint32) OID {
	const block = 1024
	n := len(object) + len(index)
	if cap(b.arcs)-len(b.arcs) < n {
		b.arcs = make([]uint32, 0, max(n, block))
	}
	start := len(b.arcs)
	b.arcs = append(append(b.arcs, object...), index...)
	return OID(b.arcs[start:len(b.arcs):len(b.arcs)])
}

// Column is an accessible column of a table.
type Column[Row any] struct {
	Arc uint32 // its last arc
	// Value returns the value in a row; the zero Value leaves it out.
	Value func(*Row) Value
}

// AddTable declares the columns of a table and adds its rows, in any order.
// entry is the identifier above the columns. index returns the arcs behind
// that of the column (RFC 2578, section 7.7).
func AddTable[Row any](b *Builder, entry OID, columns []Column[Row], rows []Row, index func(*Row) []uint32) {
	ordered := make([]indexed, len(rows))
	for i := range rows {
		ordered[i] = indexed{index(&rows[i]), i}
	}
	sortRows(ordered)
	b.binds = slices.Grow(b.binds, len(rows)*len(columns))
	for _, column := range columns {
		object := entry.Append(column.Arc)
		b.Object(object)
		for _, o := range ordered {
			if v := column.Value(&rows[o.row]); v != (Value{}) {
				b.Add(object, o.index, v)
			}
		}
	}
}

// indexed is a row by its number, so that the tables of all types of rows are
// sorted by the same code.
type indexed struct {
	index OID
	row   int
}

func sortRows(rows []indexed) {
	slices.SortFunc(rows, func(x, y indexed) int { return x.index.Compare(y.index) })
}

// StringIndex is the index of a text in front of further indexes, or alone:
// its length, and an arc for each octet (RFC 2578, section 7.7).
func StringIndex(text string) []uint32 {
	index := make([]uint32, 1, 1+len(text))
	index[0] = uint32(len(text))
	for i := range len(text) {
		index = append(index, uint32(text[i]))
	}
	return index
}

// List returns what was collected. The builder is empty afterwards.
func (b *Builder) List() (*List, error) {
	objects, binds := b.objects, b.binds
	*b = Builder{}
	return NewList(objects, binds)
}
