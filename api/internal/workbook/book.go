package workbook

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// Book is an open workbook. It is for one goroutine.
type Book struct {
	parts    map[string]*zip.File
	unpacked int64 // bytes so far, of all parts
	sheets   []sheet
	strings  sharedStrings
}

type sheet struct {
	name, part string
}

// Open reads the directory and the shared strings of a workbook, of which
// file has size bytes. The file must stay open while rows are read.
func Open(file io.ReaderAt, size int64) (*Book, error) {
	b := &Book{}
	if err := b.openZip(file, size); err != nil {
		return nil, err
	}
	book, err := b.mainPart()
	if err != nil {
		return nil, err
	}
	relations, err := b.relations(book)
	if err != nil {
		return nil, err
	}
	if err := b.readSheets(book, relations); err != nil {
		return nil, err
	}
	for _, r := range relations {
		if strings.HasSuffix(r.kind, "/sharedStrings") {
			if err := b.readStrings(r.part); err != nil {
				return nil, err
			}
		}
	}
	return b, nil
}

// Sheets returns the names of the sheets with cells, in their order.
func (b *Book) Sheets() []string {
	names := make([]string, len(b.sheets))
	for i, s := range b.sheets {
		names[i] = s.name
	}
	return names
}

func (b *Book) openZip(file io.ReaderAt, size int64) error {
	if size > MaxFile {
		return refuse("the workbook has %d bytes, allowed are %d", size, MaxFile)
	}
	magic := make([]byte, 8)
	if n, err := file.ReadAt(magic, 0); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the workbook: %w", err)
	} else if magic = magic[:n]; bytes.Equal(magic, []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")) {
		return refuse("this is an old .xls or a workbook with a password: save it as .xlsx without one")
	}
	parts, err := countParts(file, size)
	if err != nil {
		return fmt.Errorf("read the workbook: %w", err)
	}
	if parts > MaxParts {
		return refuse("the workbook has %d parts, allowed are %d", parts, MaxParts)
	}
	z, err := zip.NewReader(file, size)
	if err != nil {
		return refuse("this is no .xlsx workbook: %v", err)
	}
	b.parts = make(map[string]*zip.File, len(z.File))
	for _, f := range z.File {
		if _, twice := b.parts[f.Name]; twice {
			return refuse("the workbook has its part %q twice", f.Name)
		}
		b.parts[f.Name] = f
	}
	return nil
}

// countParts counts the headers of the directory where they stand: its own
// count is what the file claims, and [zip.NewReader] makes an entry of each
// header whatever was claimed.
func countParts(file io.ReaderAt, size int64) (int, error) {
	header := []byte("PK\x01\x02")
	buffer := make([]byte, 32<<10)
	count := 0
	for at := int64(0); at < size; at += int64(len(buffer) - len(header) + 1) {
		n, err := file.ReadAt(buffer[:min(int64(len(buffer)), size-at)], at)
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		count += bytes.Count(buffer[:n], header)
	}
	return count, nil
}

// mainPart returns the part that describes the workbook.
func (b *Book) mainPart() (string, error) {
	relations, err := b.relations("")
	if err != nil {
		return "", err
	}
	for _, r := range relations {
		if strings.HasSuffix(r.kind, "/officeDocument") {
			return r.part, nil
		}
	}
	return "", refuse("this is no .xlsx workbook: it names no main part")
}

// relation tells that one part needs another.
type relation struct {
	kind string // a URI, of which the end tells
	part string
}

// relations returns what the part from needs, by id; "" is the whole file.
func (b *Book) relations(from string) (map[string]relation, error) {
	folder, base := path.Split(from)
	x, err := b.open(folder + "_rels/" + base + ".rels")
	if err != nil {
		return nil, err
	}
	defer x.close()
	found := make(map[string]relation)
	for {
		t, err := x.next()
		if err != nil {
			return nil, err
		}
		if t.end && t.name == "Relationships" {
			return found, nil
		}
		if t.end || t.name != "Relationship" || t.attr("TargetMode") == "External" {
			continue
		}
		target := t.attr("Target")
		if !strings.HasPrefix(target, "/") {
			target = folder + target
		}
		found[t.attr("Id")] = relation{t.attr("Type"), strings.TrimPrefix(path.Clean("/"+target), "/")}
	}
}

func (b *Book) readSheets(book string, relations map[string]relation) error {
	x, err := b.open(book)
	if err != nil {
		return err
	}
	defer x.close()
	taken := make(map[string]bool)
	for {
		t, err := x.next()
		if err != nil {
			return err
		}
		if t.end && t.name == "sheets" {
			break
		}
		if t.end || t.name != "sheet" {
			continue
		}
		name := t.attr("name")
		if taken[name] {
			return refuse("the workbook has two sheets called %q", name)
		}
		taken[name] = true
		if len(taken) > MaxSheets {
			return refuse("the workbook has more than %d sheets", MaxSheets)
		}
		// The prefix of the attribute r:id is the file's own choice.
		if r := relations[t.attr("id")]; strings.HasSuffix(r.kind, "/worksheet") {
			b.sheets = append(b.sheets, sheet{name, r.part})
		}
	}
	return nil
}
