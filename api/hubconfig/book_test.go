package hubconfig_test

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api/internal/workbook"
)

// sheet is a sheet of texts: its name, and rows of which nil is left out of
// the file.
type sheet struct {
	name string
	rows [][]string
}

// book returns a workbook of these sheets.
func book(t testing.TB, sheets ...sheet) []byte {
	t.Helper()
	const kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	add := func(name, text string) {
		w, err := z.Create(name)
		require.NoError(t, err)
		_, err = w.Write([]byte(text))
		require.NoError(t, err)
	}
	add("_rels/.rels", `<Relationships><Relationship Id="r" Type="`+kind+`officeDocument" Target="xl/workbook.xml"/></Relationships>`)
	var list, relations strings.Builder
	for i, s := range sheets {
		fmt.Fprintf(&list, `<sheet name="%s" id="r%d"/>`, escaped(s.name), i)
		fmt.Fprintf(&relations, `<Relationship Id="r%d" Type="%sworksheet" Target="s%d.xml"/>`, i, kind, i)
		var rows strings.Builder
		for n, cells := range s.rows {
			if cells == nil {
				continue
			}
			fmt.Fprintf(&rows, `<row r="%d">`, n+1)
			for c, text := range cells {
				fmt.Fprintf(&rows, `<c r="%s%d" t="inlineStr"><is><t>%s</t></is></c>`, workbook.ColumnName(c+1), n+1, escaped(text))
			}
			rows.WriteString("</row>")
		}
		add(fmt.Sprintf("xl/s%d.xml", i), "<worksheet><sheetData>"+rows.String()+"</sheetData></worksheet>")
	}
	add("xl/workbook.xml", "<workbook><sheets>"+list.String()+"</sheets></workbook>")
	add("xl/_rels/workbook.xml.rels", "<Relationships>"+relations.String()+"</Relationships>")
	require.NoError(t, z.Close())
	return b.Bytes()
}

func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // never fails
	return b.String()
}
