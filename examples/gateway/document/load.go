package document

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
	"golang.org/x/sys/unix"

	"github.com/fieldgate/fieldgate/internal/order"
)

// Error is every fault of a configuration file.
type Error struct {
	File   string
	Faults []PlacedFault
}

// PlacedFault is a fault with its place in the file; line 0 = no place.
type PlacedFault struct {
	Fault
	Line, Column int
}

// Error returns one line per fault: "file:line:column: path: problem".
func (e *Error) Error() string {
	var b strings.Builder
	for i, f := range e.Faults {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(e.File)
		if f.Line > 0 {
			fmt.Fprintf(&b, ":%d:%d", f.Line, f.Column)
		}
		if f.Path != "" {
			b.WriteString(": " + f.Path)
		}
		b.WriteString(": " + f.Problem)
	}
	return b.String()
}

// MaxSize bounds what is read; a full configuration has a few kilobytes.
const MaxSize = 4 << 20

// ReadFile reads a regular file of bounded size. It does not wait for a
// pipe that nobody writes to.
func ReadFile(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read from
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(errors.New("not a regular file"), err)
	}
	text, err := io.ReadAll(io.LimitReader(f, MaxSize+1))
	if len(text) > MaxSize {
		return nil, errors.New("too large to be a configuration")
	}
	return text, err
}

// Parse reads a configuration over the defaults and returns it with
// everything that is wrong, in the order of the file.
func Parse(text []byte) (Document, []PlacedFault) { return ParseWith(text, nil) }

// ParseWith does so with secrets that are kept elsewhere: lookup returns the
// one of a name that the text refers to.
func ParseWith(text []byte, lookup func(name string) (Secret, bool)) (Document, []PlacedFault) {
	var root yaml.Node
	if err := yaml.Load(text, &root); err != nil {
		return Document{}, yamlFaults(err, nil)
	}
	places, unread := placesOf(&root)
	if len(unread) > 0 {
		return Document{}, unread
	}
	doc := Default()
	var faults []PlacedFault
	if err := yaml.Load(text, &doc, yaml.WithKnownFields()); err != nil {
		faults = yamlFaults(err, places)
	}
	nilEmptyLists(&doc)
	if lookup != nil {
		for _, f := range resolve(&doc, lookup) {
			line, column := places.find(f.Path)
			faults = append(faults, PlacedFault{f, line, column})
		}
	}
	misread := faults
	for _, f := range doc.Faults() {
		// A value that could not be read stands at its zero value: what is
		// said of that would only confuse.
		if !slices.ContainsFunc(misread, func(u PlacedFault) bool { return within(f.Path, u.Path) }) {
			line, column := places.find(f.Path)
			faults = append(faults, PlacedFault{f, line, column})
		}
	}
	order.Stable(faults, func(a, b PlacedFault) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return doc, faults
}

// Means reports whether a text, with secrets that are kept elsewhere, reads as
// doc, which has no faults.
func Means(text []byte, doc Document, lookup func(name string) (Secret, bool)) bool {
	read := Default()
	if yaml.Load(text, &read, yaml.WithKnownFields()) != nil {
		return false
	}
	nilEmptyLists(&read)
	return len(resolve(&read, lookup)) == 0 && (reflect.DeepEqual(doc, read) || len(Diff(doc, read)) == 0)
}

// yamlFaults turns an error of the YAML library into faults. places may be
// nil: then the text is no YAML at all.
func yamlFaults(err error, places places) []PlacedFault {
	var list *yaml.LoadErrors
	if !errors.As(err, &list) {
		list = &yaml.LoadErrors{}
		var one *yaml.LoadError
		if !errors.As(err, &one) {
			return []PlacedFault{{Fault: Fault{"", err.Error()}}}
		}
		list.Errors = append(list.Errors, one)
	}
	faults := make([]PlacedFault, len(list.Errors))
	for i, e := range list.Errors {
		faults[i] = PlacedFault{
			Fault: Fault{places.pathAt(e.Mark.Line, e.Mark.Column), plainProblem(e.Message)},
			Line:  e.Mark.Line, Column: e.Mark.Column,
		}
	}
	return faults
}

var (
	unknownKey = regexp.MustCompile(`^field .* not found in type `)
	noTime     = regexp.MustCompile(`^parsing time (".*?") as `)
	noPrefix   = regexp.MustCompile(`^netip\.ParsePrefix\((".*?")\)`)
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
	if m := noTime.FindStringSubmatch(message); m != nil {
		return m[1] + ", want a time such as 2027-12-31T23:59:59Z"
	}
	if m := noPrefix.FindStringSubmatch(message); m != nil {
		return m[1] + ", want addresses such as 192.168.1.0/24"
	}
	if strings.HasSuffix(message, "no documents in stream") {
		return emptyFile
	}
	return strings.TrimPrefix(message, "yaml: ")
}

const emptyFile = "the file holds no configuration"

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

// placesOf lists the keys and values of a document; a key and its value have
// the same path. The faults are of what the gateway does not take although
// it is YAML.
func placesOf(root *yaml.Node) (all places, faults []PlacedFault) {
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
				if key.Value == "<<" {
					faults = append(faults, PlacedFault{Fault{below, "merge keys are not supported, write the keys out"}, key.Line, key.Column})
					continue
				}
				walk(n.Content[i+1], below)
			}
		case yaml.SequenceNode:
			for i, c := range n.Content {
				walk(c, fmt.Sprintf("%s[%d]", path, i))
			}
		}
	}
	walk(root, "")
	if len(root.Content) == 1 && root.Content[0].Tag == "!!null" {
		faults = append(faults, PlacedFault{Fault: Fault{"", emptyFile}})
	}
	return all, faults
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
