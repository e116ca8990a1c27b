package snmp

// Builder collects the instances of scalars and tables for a [List].
type Builder struct{ binds []VarBind }

// Scalar adds the instance .0 of an object type.
func (b *Builder) Scalar(object OID, v Value) { b.Add(object.Append(0), v) }

// Add adds an instance.
func (b *Builder) Add(instance OID, v Value) { b.binds = append(b.binds, VarBind{instance, v}) }

// Column is an accessible column of a table.
type Column[Row any] struct {
	Arc uint32 // its last arc
	// Value returns the value in a row; the zero Value leaves it out.
	Value func(*Row) Value
}

// AddTable adds the rows of a table, whose entry is the identifier above its
// columns. index returns the arcs behind that of the column (RFC 2578,
// section 7.7).
func AddTable[Row any](b *Builder, entry OID, columns []Column[Row], rows []Row, index func(*Row) []uint32) {
	indexes := make([][]uint32, len(rows))
	for i := range rows {
		indexes[i] = index(&rows[i])
	}
	for _, column := range columns {
		for i := range rows {
			if v := column.Value(&rows[i]); v != (Value{}) {
				b.Add(append(entry.Append(column.Arc), indexes[i]...), v)
			}
		}
	}
}

// List returns what was collected. The builder is empty afterwards.
func (b *Builder) List() (*List, error) {
	binds := b.binds
	b.binds = nil
	return NewList(binds)
}
