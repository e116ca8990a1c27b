package cconfig

import "strings"

// Dialect is one of the formats.
type Dialect string

// The formats.
const (
	YAML1 Dialect = "YAML version 1"
	YAML2 Dialect = "YAML version 2"
	Lines Dialect = "ser2net 3.x"
)

// File is a configuration as it is written, with what was included.
type File struct {
	Dialect     Dialect
	Connections []Connection
	Rotators    []Rotator
	// Warnings are about what was read but has no effect.
	Warnings []Warning
}

// Connection is an accepter with its connector.
type Connection struct {
	Name    string
	At      Place
	Enabled bool
	Timeout int // seconds, 0 = never
	// Accepter and Connector are the stacks, topmost layer first, and the
	// texts they were read from.
	Accepter, Connector         []Layer
	AccepterText, ConnectorText string
	// WriteOnly is the state rawlp of 3.x.
	WriteOnly bool
	// Options are those of ser2net, in the order written.
	Options []Setting

	accepterAt, connectorAt Place
	defaults                defaults // at the place where it stands
}

// Setting is an option of a connection, and where it stands.
type Setting struct {
	Name, Value string
	At          Place
}

// Rotator is an accepter for several connections.
type Rotator struct {
	Name         string
	At           Place
	Accepter     []Layer
	AccepterText string
	Connections  []string
	Options      []Setting

	accepterAt  Place
	defaults    defaults
	anyProtocol bool // each connection keeps its own, as in 3.x
}

// Input is what Parse reads: the lines of the options -C, a file, and the
// strings of the options -Y, in this order.
type Input struct {
	Name    string // of the file, for errors; its folder is where includes start
	Text    []byte
	Lines   []string
	Strings []string
}

// Parse reads a configuration. The error is a [Faults] with everything that
// cannot be read.
func Parse(in Input, files Files) (*File, error) {
	r := &reader{files: files, file: &File{}, names: map[string]Place{}}
	if len(in.Text) > MaxFile {
		return nil, Faults{{Place{File: in.Name}, "it is too large to be a configuration"}}
	}
	if len(in.Lines) > 0 {
		r.parseLines("-C", wholeLine(strings.Join(in.Lines, "\n")))
	}
	segments := []segment{}
	if len(in.Text) > 0 || len(in.Strings)+len(in.Lines) == 0 {
		segments = append(segments, segment{in.Name, wholeLine(cleaned(in.Text)), 1})
	}
	lines := 1
	for _, s := range in.Strings {
		t := Unquote(s)
		segments = append(segments, segment{"-Y", t, lines})
		lines += strings.Count(t, "\n")
	}
	whole := joined(segments)
	switch {
	case len(segments) == 0:
	case len(in.Strings) == 0 && isLines(whole):
		r.parseLines(in.Name, whole)
	default:
		r.file.Dialect = ""
		r.parseYAML(segments, in.Name, 0)
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	r.file.Warnings = r.warnings
	return r.file, nil
}

// cleaned returns a text without the mark that some editors put before it,
// with plain line ends, and with %YAML as a comment: C looks at no version.
func cleaned(content []byte) string {
	var out strings.Builder
	for line := range strings.Lines(strings.TrimPrefix(string(content), "\ufeff")) {
		if rest, ok := strings.CutPrefix(line, "%YAML "); ok {
			line = "#YAML " + rest
		}
		if rest, ok := strings.CutSuffix(line, "\r\n"); ok {
			line = rest + "\n"
		}
		out.WriteString(line)
	}
	return out.String()
}

// reader gathers a File.
type reader struct {
	findings
	files    Files
	file     *File
	names    map[string]Place // of connections and rotators
	defaults defaults
	aliases  map[string]string // of defines
	read     int               // bytes of all files
	count    int               // of files
}

// name claims a name of a connection or rotator.
func (r *reader) name(name string, at Place) bool {
	if first, again := r.names[name]; again {
		r.faultf(at, "connection %s: the name is taken already, at %v", name, first)
		return false
	}
	r.names[name] = at
	return true
}

// stack reads an accepter or connector of what is called owner.
func (r *reader) stack(owner, key string, t text) []Layer {
	stack, err := parseStack(t.value)
	if err != nil {
		r.faultf(t.at, "%s: %s: %v", owner, key, err)
	}
	return stack
}
