package form

// Kind is how a field is shown.
type Kind string

// The kinds.
const (
	Text   Kind = "text"
	Number Kind = "number"
	Check  Kind = "check"
	Choice Kind = "choice" // one of Choices
	Secret Kind = "secret" // its value is never shown; left empty it stays
	Lines  Kind = "lines"  // a list, one entry a line
	Table  Kind = "table"  // records of the same fields
	Picks  Kind = "picks"  // a list of Choices, the most wanted first
)

// Field is one field as a page shows it.
type Field struct {
	// Path is the key of the field in the form, such as pool.addresses; it is
	// the name of the input too.
	Path  string
	Kind  Kind
	Label string
	Help  string // what the documentation of the configuration says
	Group string // label of the group that the field belongs to; empty: the first
	// Value is what was typed, or else what is configured.
	Value   string
	Checked bool // Check; Secret: there is one
	Choices []Option
	Picks   [][]Option // Picks: the choices of each entry, and of one more
	Rows    []Row      // Table; the last one is empty, for one more, unless it is Fixed
	Error   string
	// Fixed fields are shown only: something else sets them, as Help says.
	Fixed bool
	// Extra fields are those that few need: they are behind "additional
	// fields" unless they are set.
	Extra bool
	// Show tells when the field matters; nil: always. Without scripts all
	// fields are there.
	Show *Show
}

// Option is a choice of a field.
type Option struct {
	Value, Label string
	Selected     bool
}

// Row is a record of a table.
type Row struct {
	Index   int
	New     bool
	Removed bool // its "remove" box was checked
	Fields  []Field
}

// Show is a condition: the field of a path has one of these values.
type Show struct {
	Path   string
	Values []string
}

// Set reports whether the field holds anything.
func (f Field) Set() bool {
	return f.Value != "" || f.Checked || len(f.Rows) > 1 || f.Fixed && len(f.Rows) > 0 || f.Error != ""
}

// Guide says how fields are called and explained.
type Guide interface {
	// Label names the field or group at a path without indexes, such as
	// remotes.host.
	Label(path string) string
	// Help explains it.
	Help(path string) string
	// Show and Extra are those of [Field]. Hide leaves the field out: another
	// page is for it.
	Show(path string) *Show
	Extra(path string) bool
	Hide(path string) bool
	// Fixed says why a field is shown and cannot be changed; empty: it can.
	Fixed(path string) string
}
