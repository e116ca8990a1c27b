package workbook_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api/internal/workbook"
)

const relationships = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

// pack returns a zip of parts; one whose text is nil is left out.
func pack(t testing.TB, parts map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range parts {
		w, err := z.Create(name)
		require.NoError(t, err)
		_, err = w.Write([]byte(text))
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	return b.Bytes()
}

// parts is a workbook of one sheet with that data and those shared strings.
func parts(data, shared string) map[string]string {
	return map[string]string{
		"_rels/.rels": `<?xml version="1.0" encoding="UTF-8"?><Relationships>` +
			`<Relationship Id="rId1" Type="` + relationships + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
		"xl/workbook.xml": `<workbook xmlns:r="` + relationships + `"><sheets><sheet name="One" sheetId="1" r:id="rId1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships>` +
			`<Relationship Id="rId1" Type="` + relationships + `/worksheet" Target="worksheets/sheet1.xml"/>` +
			`<Relationship Id="rId2" Type="` + relationships + `/sharedStrings" Target="/xl/sharedStrings.xml"/></Relationships>`,
		"xl/worksheets/sheet1.xml": `<worksheet><sheetData>` + data + `</sheetData><drawing/></worksheet>`,
		"xl/sharedStrings.xml":     `<sst>` + shared + `</sst>`,
	}
}

func open(file []byte) (*workbook.Book, error) {
	return workbook.Open(bytes.NewReader(file), int64(len(file)))
}

// read returns all rows of the first sheet.
func read(file []byte) ([]workbook.Row, error) {
	book, err := open(file)
	if err != nil {
		return nil, err
	}
	var rows []workbook.Row
	for row, err := range book.Rows(book.Sheets()[0]) {
		if err != nil {
			return rows, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func TestCells(t *testing.T) {
	const shared = `<si><t>first</t></si><si><r><rPr><b/></rPr><t>rich </t></r><r><t xml:space="preserve">text</t></r>` +
		`<rPh sb="0" eb="1"><t>hint</t></rPh></si><si><t/></si><si><t>a_x000D_b _xyz_ _x00e4_</t></si>` +
		"\n<si>\n <r>\n  <t>rich </t>\n </r>\n <r>\n  <t>text</t>\n </r>\n</si>\n"
	for name, c := range map[string]struct {
		row  string
		want []string
	}{
		"shared":           {`<c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v> 1 </v></c><c r="C1" t="s"><v>2</v></c>`, []string{"first", "rich text", ""}},
		"escaped":          {`<c t="s"><v>3</v></c>`, []string{"a\rb _xyz_ ä"}},
		"inline":           {`<c r="A1" t="inlineStr"><is><t>in</t><r><t>line</t></r></is></c>`, []string{"inline"}},
		"numbers":          {`<c r="A1"><v>502</v></c><c r="B1" t="n"><v>1.5E-3</v></c><c r="C1" s="7"><v>45000.5</v></c>`, []string{"502", "1.5E-3", "45000.5"}},
		"booleans":         {`<c r="A1" t="b"><v>1</v></c><c r="B1" t="b"><v>0</v></c>`, []string{"TRUE", "FALSE"}},
		"formulas":         {`<c r="A1"><f>B1+1</f><v>3</v></c><c r="B1" t="str"><f>"x"</f><v>x y</v></c><c t="str"><f>""</f><v></v></c>`, []string{"3", "x y", ""}},
		"gaps":             {`<c r="B1"><v>1</v></c><c><v>2</v></c><c r="E1"><v>3</v></c>`, []string{"", "1", "2", "", "3"}},
		"empty cell":       {`<c r="A1" s="1"/><c r="B1"><v/></c>`, []string{"", ""}},
		"comments between": {`<!-- c --><c r="A1"><!-- c --><v>1<!-- c -->2</v><extLst><ext><v>9</v></ext></extLst></c>`, []string{"12"}},
		"entities of XML":  {`<c t="str"><v>&lt;&#228;&amp;</v></c>`, []string{"<ä&"}},
		"indented":         {"\n <c r=\"A1\" t=\"s\">\n  <v>4</v>\n </c>\n <c t=\"inlineStr\">\n  <is>\n   <t> in</t>\n  </is>\n </c>", []string{"rich text", " in"}},
		"column AA":        {`<c r="AA1"><v>1</v></c>`, append(make([]string, 26), "1")},
	} {
		t.Run(name, func(t *testing.T) {
			rows, err := read(pack(t, parts(`<row r="1">`+c.row+`</row>`, shared)))
			require.NoError(t, err)
			assert.Equal(t, []workbook.Row{{Number: 1, Cells: c.want}}, rows)
		})
	}
}

func TestRows(t *testing.T) {
	rows, err := read(pack(t, parts(`<row><c><v>1</v></c></row><row r="3"><c r="A3"><v>3</v></c></row><row/><row spans="1:2"></row>`, "")))
	require.NoError(t, err)
	var numbers []int
	for _, row := range rows {
		numbers = append(numbers, row.Number)
	}
	assert.Equal(t, []int{1, 3, 4, 5}, numbers)
}

// A cell without a text of its own is told with its place; reading goes on.
func TestBadCells(t *testing.T) {
	rows, err := read(pack(t, parts(`<row r="1"><c r="B1"><f>A1</f><v></v></c><c r="C1" t="e"><v>#REF!</v></c><c r="D1"><v>4</v></c></row>`, "")))
	require.NoError(t, err)
	require.Len(t, rows, 1)
	assert.Equal(t, []string{"", "", "", "4"}, rows[0].Cells)
	require.Len(t, rows[0].Bad, 2)
	require.EqualError(t, rows[0].Bad[0],
		"sheet One, row 1, column B: the file keeps no result of this formula: open and save it with a spreadsheet program")
	require.EqualError(t, rows[0].Bad[1], `sheet One, row 1, column C: this cell has the error "#REF!"`)
}

func TestRefusesSheets(t *testing.T) {
	deep := strings.Repeat("<x>", 40) + strings.Repeat("</x>", 40)
	for name, c := range map[string]struct{ data, want string }{
		"rows that go back":     {`<row r="2"/><row r="2"/>`, `sheet One, row 2: the next row has the number "2"`},
		"row that is no number": {`<row r="x"/>`, `sheet One: the next row has the number "x"`},
		"row of 10^6":           {`<row r="1000000"/>`, "sheet One: there are more than 100000 rows"},
		"cells that go back":    {`<row><c r="B1"/><c r="A1"/></row>`, `sheet One, row 1: the next cell is called "A1"`},
		"cell of another row":   {`<row r="1"><c r="A2"/></row>`, `sheet One, row 1: the next cell is called "A2"`},
		"cell without letters":  {`<row r="1"><c r="1"/></row>`, `sheet One, row 1: the next cell is called "1"`},
		"cell of small letters": {`<row r="1"><c r="a1"/></row>`, `sheet One, row 1: the next cell is called "a1"`},
		"too many columns":      {`<row r="1"><c r="IW1"/></row>`, "sheet One, row 1: there are more than 256 columns"},
		"endless column":        {`<row r="1"><c r="` + strings.Repeat("Z", 50) + `1"/></row>`, `sheet One, row 1: the next cell is called`},
		"no such string":        {`<row r="1"><c t="s"><v>1</v></c></row>`, `sheet One, row 1, column A: there is no shared string "1"`},
		"string -1":             {`<row r="1"><c t="s"><v>-1</v></c></row>`, `sheet One, row 1, column A: there is no shared string "-1"`},
		"boolean of 2":          {`<row r="1"><c t="b"><v>2</v></c></row>`, `sheet One, row 1, column A: "2" is no boolean`},
		"unknown kind":          {`<row r="1"><c t="q"><v>2</v></c></row>`, `sheet One, row 1, column A: there is no kind of cell "q"`},
		"long text":             {`<row r="1"><c t="str"><v>` + strings.Repeat("x", 33_000) + `</v></c></row>`, "sheet One, row 1, column A: a text has more than 32767 bytes"},
		"long token":            {`<row r="1" x="` + incompressible(1_200_000) + `"/>`, "sheet One: a tag or text of the workbook has more than 1048576 bytes"},
		"ends too early":        {`<row r="1">`, "sheet One, row 1: part xl/worksheets/sheet1.xml cannot be read: XML syntax error"},
		"unknown entity":        {`<row r="1"><c><v>&bomb;</v></c></row>`, "invalid character entity &bomb;"},
		"deep":                  {deep, "sheet One: part xl/worksheets/sheet1.xml nests elements more than 32 deep"},
		"10^6 rows":             {strings.Repeat("<row/>", 1_000_000), "sheet One, row 100000: there are more than 100000 rows"},
		"ratio":                 {strings.Repeat("<x> </x>", 1<<20), "a part of the workbook unpacks to more than 200 times its size"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := read(pack(t, parts(c.data, "")))
			var e *workbook.Error
			require.ErrorAs(t, err, &e)
			assert.Contains(t, err.Error(), c.want)
		})
	}
}

// incompressible returns n letters in no order.
func incompressible(n int) string {
	random := rand.New(rand.NewPCG(1, 2))
	text := make([]byte, n)
	for i := range text {
		text[i] = byte('a' + random.IntN(26))
	}
	return string(text)
}

func TestRefusesWorkbooks(t *testing.T) {
	edit := func(change func(p map[string]string)) []byte {
		p := parts(`<row><c><v>1</v></c></row>`, "")
		change(p)
		return pack(t, p)
	}
	many := make(map[string]string)
	for i := range workbook.MaxParts {
		many[fmt.Sprintf("part%d", i)] = ""
	}
	good := pack(t, parts("", ""))
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"nothing":         {nil, "this is no .xlsx workbook"},
		"text":            {[]byte("device_alias: INV1\n"), "this is no .xlsx workbook"},
		"old .xls":        {[]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1...."), "save it as .xlsx without one"},
		"truncated":       {good[:len(good)-30], "this is no .xlsx workbook"},
		"other zip":       {pack(t, map[string]string{"a": "b"}), `has no part "_rels/.rels"`},
		"no main part":    {edit(func(p map[string]string) { p["_rels/.rels"] = "<Relationships></Relationships>" }), "it names no main part"},
		"missing sheet":   {edit(func(p map[string]string) { delete(p, "xl/worksheets/sheet1.xml") }), `sheet One: the workbook has no part "xl/worksheets/sheet1.xml"`},
		"missing strings": {edit(func(p map[string]string) { delete(p, "xl/sharedStrings.xml") }), `has no part "xl/sharedStrings.xml"`},
		"too many parts":  {edit(func(p map[string]string) { mapsCopy(p, many) }), "the workbook has 1005 parts, allowed are 1000"},
		"outside":         {edit(func(p map[string]string) { replace(p, "worksheets/sheet1.xml", "../../../etc/passwd") }), `has no part "etc/passwd"`},
		"external entity": {edit(func(p map[string]string) { prefix(p, `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>`) }), "has a document type or entities"},
		"billion laughs":  {edit(func(p map[string]string) { prefix(p, `<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>`) }), "has a document type or entities"},
		"other encoding":  {edit(func(p map[string]string) { prefix(p, `<?xml version="1.0" encoding="UTF-16"?>`) }), "cannot be read"},
		"twice the sheet": {edit(func(p map[string]string) { double(p) }), `two sheets called "One"`},
		"ratio of strings": {edit(func(p map[string]string) {
			p["xl/sharedStrings.xml"] = "<sst>" + strings.Repeat("<si><t>"+strings.Repeat("x", 4000)+"</t></si>", 4000)
		}), "more than 200 times its size"},
		"many strings":   {edit(func(p map[string]string) { p["xl/sharedStrings.xml"] = "<sst>" + manyStrings(200_001) }), "more than 200000 shared strings"},
		"strings' bytes": {edit(func(p map[string]string) { p["xl/sharedStrings.xml"] = "<sst>" + longStrings(700) }), "the shared strings of the workbook have more than 8388608 bytes"},
		"size":           {make([]byte, workbook.MaxFile+1), "the workbook has 8388609 bytes, allowed are 8388608"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := read(c.file)
			var e *workbook.Error
			require.ErrorAs(t, err, &e)
			assert.Contains(t, err.Error(), c.want)
		})
	}
}

func mapsCopy(to, from map[string]string) {
	for name, text := range from {
		to[name] = text
	}
}

func replace(p map[string]string, old, new string) {
	p["xl/_rels/workbook.xml.rels"] = strings.Replace(p["xl/_rels/workbook.xml.rels"], old, new, 1)
}

func prefix(p map[string]string, text string) { p["xl/workbook.xml"] = text + p["xl/workbook.xml"] }

func double(p map[string]string) {
	const one = `<sheet name="One" sheetId="1" r:id="rId1"/>`
	p["xl/workbook.xml"] = strings.Replace(p["xl/workbook.xml"], one, one+one, 1)
}

func manyStrings(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "<si><t>%x</t></si>", uint32(i)*2654435761)
	}
	return b.String()
}

func longStrings(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("<si><t>")
		for j := range 1700 {
			fmt.Fprintf(&b, "%x", uint32(i*1700+j)*2654435761)
		}
		b.WriteString("</t></si>")
	}
	return b.String()
}

// Many files that are not read cost nothing, even if each is a bomb.
func TestUnreadPartsAreNotUnpacked(t *testing.T) {
	p := parts(`<row><c><v>1</v></c></row>`, "")
	p["xl/media/image1.png"] = strings.Repeat("\x00", 100<<20)
	rows, err := read(pack(t, p))
	require.NoError(t, err)
	assert.Len(t, rows, 1)
}

func TestUnknownSheet(t *testing.T) {
	book, err := open(pack(t, parts("", "")))
	require.NoError(t, err)
	for _, err := range book.Rows("Two") {
		require.EqualError(t, err, `the workbook has no sheet "Two"`)
	}
}

func TestPlace(t *testing.T) {
	assert.Equal(t, "sheet Devices, row 3, column B", workbook.Place("Devices", 3, 2))
	assert.Equal(t, `sheet "a\nb"`, workbook.Place("a\nb", 0, 0))
	for column, want := range map[int]string{1: "A", 26: "Z", 27: "AA", 256: "IV", 702: "ZZ", 703: "AAA", 0: ""} {
		assert.Equal(t, want, workbook.ColumnName(column))
	}
}

// What openpyxl writes reads as it was meant.
func TestIntegrationOpenpyxl(t *testing.T) {
	const python = "/usr/bin/python3"
	if err := exec.Command(python, "-c", "import openpyxl").Run(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("needs python3-openpyxl, run scripts/peers")
		}
		t.Skip("needs python3-openpyxl")
	}
	path := filepath.Join(t.TempDir(), "book.xlsx")
	out, err := exec.Command(python, "-c", `
import sys, datetime, openpyxl
from openpyxl.styles import Font
book = openpyxl.Workbook()
sheet = book.active
sheet.title = "First & last"
sheet.append(["text", "Grüße", 502, 0.1, True, None, "=1+1", " spaces ", datetime.datetime(2026, 1, 2)])
sheet["B4"] = "two\nlines"
sheet["B4"].font = Font(bold=True)
book.create_sheet("Empty")
book.create_chartsheet("Chart")
hidden = book.create_sheet("Hidden")
hidden.sheet_state = "hidden"
for i in range(1000):
    hidden.append(["row %d" % i, i])
book.save(sys.argv[1])
`, path).CombinedOutput()
	require.NoError(t, err, "%s", out)
	file, err := os.ReadFile(path)
	require.NoError(t, err)
	book, err := open(file)
	require.NoError(t, err)
	assert.Equal(t, []string{"First & last", "Empty", "Hidden"}, book.Sheets())

	rows, err := read(file)
	require.NoError(t, err)
	require.Len(t, rows, 2)
	assert.Equal(t, []string{"text", "Grüße", "502", "0.1", "TRUE", "", "", " spaces ", "46024"}, rows[0].Cells)
	require.Len(t, rows[0].Bad, 1)
	assert.Contains(t, rows[0].Bad[0].Error(), "sheet First & last, row 1, column G: the file keeps no result")
	assert.Equal(t, 4, rows[1].Number)
	assert.Equal(t, []string{"", "two\nlines"}, rows[1].Cells)

	n := 0
	for row, err := range book.Rows("Hidden") {
		require.NoError(t, err)
		assert.Equal(t, []string{fmt.Sprintf("row %d", n), fmt.Sprint(n)}, row.Cells)
		n++
	}
	assert.Equal(t, 1000, n)
}

// Whatever the file is, reading it ends, with rows in order or an error.
func FuzzBook(f *testing.F) {
	f.Add(pack(f, parts(`<row r="2"><c r="B2" t="s"><v>0</v></c><c><f>1</f></c></row>`, `<si><t>x_x0041_</t></si>`)))
	f.Add(pack(f, parts(`<row><c t="inlineStr"><is><t>y</t></is></c><c t="b"><v>1</v></c></row>`, "")))
	f.Fuzz(func(t *testing.T, file []byte) { checkBook(t, file) })
}

// The same with the parts unpacked, which a fuzzer can change.
func FuzzParts(f *testing.F) {
	p := parts("", "")
	f.Add(p["xl/workbook.xml"], p["xl/_rels/workbook.xml.rels"], `<row r="2"><c r="B2" t="s"><v>0</v></c><c><f>1</f></c></row>`, `<si><r><t>x</t></r></si>`)
	f.Add(p["xl/workbook.xml"], p["xl/_rels/workbook.xml.rels"], `<row><c t="e"><v>#N/A</v></c></row><row r="9"/>`, "")
	f.Fuzz(func(t *testing.T, book, relations, data, shared string) {
		p := parts(data, shared)
		p["xl/workbook.xml"], p["xl/_rels/workbook.xml.rels"] = book, relations
		checkBook(t, pack(t, p))
	})
}

func checkBook(t *testing.T, file []byte) {
	book, err := open(file)
	if err != nil {
		return
	}
	for _, name := range book.Sheets() {
		last := 0
		for row, err := range book.Rows(name) {
			if err != nil {
				break
			}
			require.Greater(t, row.Number, last)
			require.LessOrEqual(t, len(row.Cells), workbook.MaxColumns)
			last = row.Number
		}
	}
}
