package workbook

import (
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
)

// xmlPart reads the elements of one part.
type xmlPart struct {
	name    string
	guard   guard
	file    io.Closer
	decoder *xml.Decoder
	depth   int
}

// tag is the begin or the end of an element, or text.
type tag struct {
	name string // without its prefix; "" for text
	end  bool
	text []byte // valid until the next
	xml  xml.StartElement
}

func (t tag) attr(name string) string {
	for _, a := range t.xml.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func (b *Book) open(part string) (*xmlPart, error) {
	f := b.parts[part]
	if f == nil {
		return nil, refuse("the workbook has no part %q", part)
	}
	r, err := f.Open()
	if err != nil {
		return nil, refuse("part %s cannot be unpacked: %v", part, err)
	}
	x := &xmlPart{name: part, file: r}
	x.guard = guard{
		from: bufio.NewReader(r), total: &b.unpacked,
		limit: max(freeOfRatio, MaxRatio*int64(min(f.CompressedSize64, MaxFile))),
	}
	x.decoder = xml.NewDecoder(&x.guard)
	return x, nil
}

func (x *xmlPart) close() { _ = x.file.Close() } // only read from

// next returns the next tag. The end of the part is an error.
func (x *xmlPart) next() (tag, error) {
	for {
		x.guard.token = 0
		t, err := x.decoder.Token()
		if err != nil {
			return tag{}, x.problem(err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			if x.depth++; x.depth > maxDepth {
				return tag{}, refuse("part %s nests elements more than %d deep", x.name, maxDepth)
			}
			return tag{name: t.Name.Local, xml: t}, nil
		case xml.EndElement:
			x.depth--
			return tag{name: t.Name.Local, end: true}, nil
		case xml.CharData:
			return tag{text: t}, nil
		case xml.Directive:
			return tag{}, refuse("part %s has a document type or entities, which no workbook has", x.name)
		}
	}
}

func (x *xmlPart) problem(err error) error {
	var refused *Error
	switch {
	case errors.As(err, &refused):
		return refused
	case errors.Is(err, io.EOF):
		return refuse("part %s ends too early", x.name)
	}
	return refuse("part %s cannot be read: %v", x.name, err)
}

// skip reads to the end of the element that has just begun.
func (x *xmlPart) skip() error {
	for end := x.depth - 1; x.depth > end; {
		if _, err := x.next(); err != nil {
			return err
		}
	}
	return nil
}

// text returns the text of the element called name that has just begun: of a
// value (v) all of it, of others what stands in their elements t, and not what
// only indents these. Phonetic hints for the pronunciation are left out.
func (x *xmlPart) text(name string) (string, error) {
	var text []byte
	wanted := name == "v"
	for end := x.depth - 1; x.depth > end; {
		t, err := x.next()
		if err == nil && t.name == "rPh" && !t.end {
			err = x.skip()
		}
		if err != nil {
			return "", err
		}
		if t.name == "t" {
			wanted = !t.end
		}
		if !wanted {
			continue
		}
		if len(text)+len(t.text) > MaxText {
			return "", refuse("a text has more than %d bytes", MaxText)
		}
		text = append(text, t.text...)
	}
	return unescape(string(text)), nil
}

// guard counts what the XML decoder reads, and stops it at the limits. As an
// io.ByteReader it is read without a buffer in between.
type guard struct {
	from  *bufio.Reader
	part  int64  // bytes of this part
	limit int64  // of it
	total *int64 // bytes of all parts
	token int    // bytes since the last tag
}

func (g *guard) ReadByte() (byte, error) {
	g.part++
	*g.total++
	g.token++
	switch {
	case *g.total > MaxUnpacked:
		return 0, refuse("the workbook unpacks to more than %d bytes", int64(MaxUnpacked))
	case g.part > g.limit:
		return 0, refuse("a part of the workbook unpacks to more than %d times its size", MaxRatio)
	case g.token > maxToken:
		return 0, refuse("a tag or text of the workbook has more than %d bytes", maxToken)
	}
	return g.from.ReadByte()
}

// Read is not called by a decoder that finds ReadByte.
func (g *guard) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	c, err := g.ReadByte()
	if err != nil {
		return 0, fmt.Errorf("read: %w", err)
	}
	p[0] = c
	return 1, nil
}
