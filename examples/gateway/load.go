package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// configError is every fault of a configuration file.
type configError struct {
	file   string
	faults []placedFault
}

// placedFault is a fault with its place in the file; line 0 = no place.
type placedFault struct {
	fault
	line, column int
}

// Error returns one line per fault: "file:line:column: path: problem".
func (e *configError) Error() string {
	var b strings.Builder
	for i, f := range e.faults {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(e.file)
		if f.line > 0 {
			fmt.Fprintf(&b, ":%d:%d", f.line, f.column)
		}
		if f.path != "" {
			b.WriteString(": " + f.path)
		}
		b.WriteString(": " + f.problem)
	}
	return b.String()
}

// maxConfig bounds what is read; a full configuration has a few kilobytes.
const maxConfig = 4 << 20

// loadDocument reads and checks a configuration file. The error is a
// *configError with every fault when the file can be read.
func loadDocument(path string) (document, error) {
	info, err := os.Stat(path)
	if err != nil {
		return document{}, err
	}
	if info.Size() > maxConfig {
		return document{}, &configError{path, []placedFault{{fault: fault{"", "too large to be a configuration"}}}}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return document{}, err
	}
	doc, faults := parseDocument(text)
	if len(faults) > 0 {
		return document{}, &configError{path, faults}
	}
	return doc, nil
}

// parseDocument reads a configuration over the defaults and returns it with
// everything that is wrong, in the order of the file.
func parseDocument(text []byte) (document, []placedFault) {
	var root yaml.Node
	if err := yaml.Load(text, &root); err != nil {
		return document{}, yamlFaults(err, nil)
	}
	places := placesOf(&root)
	doc := defaultDocument()
	var faults []placedFault
	if err := yaml.Load(text, &doc, yaml.WithKnownFields()); err != nil {
		faults = yamlFaults(err, places)
	}
	unread := faults
	for _, f := range doc.faults() {
		// A value that could not be read stands at its zero value: what is
		// said of that would only confuse.
		if !slices.ContainsFunc(unread, func(u placedFault) bool { return within(f.path, u.path) }) {
			line, column := places.find(f.path)
			faults = append(faults, placedFault{f, line, column})
		}
	}
	slices.SortStableFunc(faults, func(a, b placedFault) int {
		return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.column, b.column))
	})
	return doc, faults
}

// yamlFaults turns an error of the YAML library into faults. places may be
// nil: then the text is no YAML at all.
func yamlFaults(err error, places places) []placedFault {
	var list *yaml.LoadErrors
	if !errors.As(err, &list) {
		list = &yaml.LoadErrors{}
		var one *yaml.LoadError
		if !errors.As(err, &one) {
			return []placedFault{{fault: fault{"", err.Error()}}}
		}
		list.Errors = append(list.Errors, one)
	}
	faults := make([]placedFault, len(list.Errors))
	for i, e := range list.Errors {
		faults[i] = placedFault{
			fault: fault{places.pathAt(e.Mark.Line, e.Mark.Column), plainProblem(e.Message)},
			line:  e.Mark.Line, column: e.Mark.Column,
		}
	}
	return faults
}

var (
	unknownKey = regexp.MustCompile(`^field .* not found in type `)
	wrongType  = regexp.MustCompile("^cannot construct !!(\\w+)(?: `(.*)`)? into (.*)$")
)

// plainProblem says in an operator's words what the library says in Go's.
func plainProblem(message string) string {
	if unknownKey.MatchString(message) {
		return "unknown key"
	}
	if m := wrongType.FindStringSubmatch(message); m != nil {
		return fmt.Sprintf("%s, want %s", found(m[1], m[2]), wanted(m[3]))
	}
	return strings.TrimPrefix(message, "yaml: ")
}

func found(tag, value string) string {
	switch tag {
	case "map":
		return "a group of keys stands here"
	case "seq":
		return "a list stands here"
	case "null":
		return "nothing stands here"
	}
	return strconv.Quote(value)
}

func wanted(goType string) string {
	switch {
	case goType == "bool":
		return "true or false"
	case strings.HasPrefix(goType, "int"), strings.HasPrefix(goType, "uint"):
		return "a whole number"
	case strings.HasPrefix(goType, "[]"):
		return "a list"
	case goType == "string":
		return "a text"
	}
	return "a group of keys"
}

// place is a node of the document: where it stands and its path.
type place struct {
	path         string
	line, column int
}

type places []place

// placesOf lists the keys and values of a document. A key and its value
// have the same path.
func placesOf(root *yaml.Node) places {
	var all places
	var walk func(n *yaml.Node, path string)
	walk = func(n *yaml.Node, path string) {
		all = append(all, place{path, n.Line, n.Column})
		switch n.Kind {
		case yaml.DocumentNode:
			for _, c := range n.Content {
				walk(c, path)
			}
		case yaml.MappingNode:
			for i := 0; i+1 < len(n.Content); i += 2 {
				key := n.Content[i]
				below := strings.TrimPrefix(path+"."+key.Value, ".")
				all = append(all, place{below, key.Line, key.Column})
				walk(n.Content[i+1], below)
			}
		case yaml.SequenceNode:
			for i, c := range n.Content {
				walk(c, fmt.Sprintf("%s[%d]", path, i))
			}
		}
	}
	walk(root, "")
	return all
}

// find returns where the value at path stands, or else the nearest group
// that it would stand in.
func (p places) find(path string) (line, column int) {
	longest := -1
	for _, at := range p {
		// the value comes after its key and is the better place
		if within(path, at.path) && len(at.path) >= longest {
			longest, line, column = len(at.path), at.line, at.column
		}
	}
	return line, column
}

// pathAt returns the path of what stands at a place.
func (p places) pathAt(line, column int) string {
	path := ""
	for _, at := range p {
		if at.line == line && at.column == column {
			path = at.path
		}
	}
	return path
}

// within reports whether path is group or lies in it.
func within(path, group string) bool {
	rest, ok := strings.CutPrefix(path, group)
	return ok && (rest == "" || group == "" || rest[0] == '.' || rest[0] == '[')
}
