package pages

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"net/netip"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/gateway/account"
	"github.com/fieldgate/fieldgate/examples/gateway/form"
	"github.com/fieldgate/fieldgate/examples/gateway/markup/markuptest"
)

// filler fills content, so that a text stands wherever a page can show one.
type filler struct {
	text string
	yes  bool // what is on or off is on, and numbers are not zero
}

// deepest bounds fields that hold fields.
const deepest = 8

func (f filler) fill(v reflect.Value, depth int) {
	if depth > deepest {
		return
	}
	switch at := v.Addr().Interface().(type) {
	case *time.Time:
		*at = time.Unix(1e9, 0)
		return
	case *netip.Addr:
		*at = netip.MustParseAddr("192.0.2.1")
		return
	case *netip.AddrPort:
		*at = netip.MustParseAddrPort("192.0.2.1:500")
		return
	case *error:
		*at = errors.New(f.text)
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(f.text)
	case reflect.Bool:
		v.SetBool(f.yes)
	case reflect.Int, reflect.Int64:
		if f.yes {
			v.SetInt(2)
		}
	case reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if f.yes {
			v.SetUint(2)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		f.fill(v.Index(0), depth+1)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem(), depth+1)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				f.fill(v.Field(i), depth+1)
			}
		}
	}
}

// filled returns a value with texts everywhere.
func filled[T any](f filler) T {
	var v T
	f.fill(reflect.ValueOf(&v).Elem(), 0)
	return v
}

// allKinds are fields of every kind, with and without what is optional.
func allKinds(f filler) []form.Field {
	var fields []form.Field
	for _, kind := range []form.Kind{form.Text, form.Number, form.Check, form.Choice, form.Secret, form.Lines, form.Table, form.Picks} {
		field := filled[form.Field](f)
		field.Kind = kind
		fields = append(fields, field)
		field.Error, field.Show = "", nil
		fields = append(fields, field)
		field.Help = ""
		fields = append(fields, field)
	}
	return fields
}

// everyContent returns all that pages can show.
func everyContent(f filler) []content {
	section := filled[settingsData](f)
	section.Form.Basic = allKinds(f)
	with := func(more special) content {
		s := section
		s.More = more
		return s
	}
	recipes := filled[recipeData](f)
	recipes.Recipe = nil
	history := filled[historyData](f)
	history.Sections = []settings{{path: f.text, title: f.text}}
	noted := filled[ipsecData](f) // without a failure
	for i := range noted.Rows {
		noted.Rows[i].LastError = nil
	}
	stopped := filled[instanceData](f)
	stopped.Status = nil
	server := filled[instanceData](f)
	server.Status.Role = "server"
	server.Files[0].Origin, server.Issued[0].Use = "here", "client"
	return []content{
		section, with(filled[telemetryData](f)), with(filled[ipsecData](f)), with(noted), with(filled[openvpnData](f)), with(filled[ser2netData](f)),
		with(filled[snmpData](f)), with(filled[apiData](f)),
		filled[statusData](f), filled[planData](f), history, filled[diffData](f), filled[findings](f), findings(nil), filled[switches](f), filled[logData](f),
		filled[tagsData](f), tagsData{}, filled[upgradeData](f), filled[usersData](f), filled[recordPage](f), filled[browseData](f), filled[instanceData](f), stopped, server,
		filled[optionsData](f), filled[recipeData](f), recipes, filled[importData](f), filled[certificateData](f), problem(f.text),
	}
}

// written writes content with all that is around it.
func written(t *testing.T, f filler, c content, role account.Role) []byte {
	t.Helper()
	around := filled[frame](f)
	around.User.Role = role
	for i := range around.Menu {
		around.Menu[i].Role = account.Viewer
	}
	s := &sheet{user: around.User}
	around.write(s, c)
	s.message(f.text, "")
	s.message("", f.text)
	page, err := s.Bytes()
	require.NoError(t, err, "%T", c)
	return page
}

// No text that a page shows, wherever it comes from, becomes a part of the
// page: with every one of them the page has the same elements and attributes,
// and its links lead to the gateway.
func TestTextsStayTexts(t *testing.T) {
	hostile := []string{
		`"><script>alert(1)</script>`, `'><img src=x onerror=alert(1)>`, `" onmouseover="alert(1)`, `' autofocus onfocus='alert(1)`, "` onclick=alert(1) `",
		`javascript:alert(1)`, ` JavaScript:alert(1)`, "java\tscript:alert(1)", `data:text/html,<script>alert(1)</script>`, `//evil.example/`, `/\evil.example/`,
		`https://evil.example/`, `</textarea></select></title></script></style></pre></svg><b>`, `<!--`, `--><b>`, `]]><b>`, `&lt;script&gt;`, `&#34;&#62;`, `{{.}}${x}`,
		"\x00<b>", "a\x00b", "\xc0\xbcb\xc0\xbe", "\xe2\"", "\r\n<b>", "+ADw-b+AD4-",
	}
	for _, role := range []account.Role{account.Viewer, account.Operator, account.Admin} {
		for _, yes := range []bool{true, false} {
			texts := hostile
			if role != account.Admin { // who sees the most
				texts = hostile[:1]
			}
			var want []string
			for _, c := range everyContent(filler{"x", yes}) {
				shape, err := markuptest.Of(written(t, filler{"x", yes}, c, role))
				require.NoError(t, err)
				want = append(want, shape.Tree)
			}
			for _, text := range texts {
				f := filler{text, yes}
				for i, c := range everyContent(f) {
					got, err := markuptest.Of(written(t, f, c, role))
					require.NoError(t, err)
					require.Equal(t, want[i], got.Tree, "%T with %q", c, text)
					for _, link := range got.Links {
						require.True(t, strings.HasPrefix(link, "/") && !strings.HasPrefix(link, "//") && !strings.HasPrefix(link, `/\`) || strings.HasPrefix(link, "#"), "%T with %q leads to %q", c, text, link)
					}
				}
			}
		}
	}
}

// A page that runs no script of its own needs no exception from the policy:
// there is no script but those in files, no handler and no style in any tag.
func TestNothingInline(t *testing.T) {
	for _, c := range everyContent(filler{"x", true}) {
		shape, err := markuptest.Of(written(t, filler{"x", true}, c, account.Admin))
		require.NoError(t, err)
		scripts := 0
		for line := range strings.Lines(shape.Tree) {
			words := strings.Fields(line)[1:]
			assert.NotEqual(t, "style", words[0], "%T", c)
			if words[0] == "script" {
				scripts++
				assert.Contains(t, words[1:], "src", "%T", c)
			}
			for _, attribute := range words[1:] {
				assert.False(t, attribute == "style" || strings.HasPrefix(attribute, "on") || strings.HasPrefix(attribute, "hx-on"), "%T: %s", c, attribute)
			}
		}
		assert.Equal(t, 2, scripts, "%T", c)
	}
}

// The tests above are about all content that there is.
func TestEveryContent(t *testing.T) {
	known := make(map[string]bool)
	for _, c := range everyContent(filler{"x", true}) {
		known[reflect.TypeOf(c).Name()] = true
		if s, is := c.(settingsData); is && s.More != nil {
			known[reflect.TypeOf(s.More).Name()] = true
		}
	}
	entries, err := os.ReadDir(".")
	require.NoError(t, err)
	found := 0
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), e.Name(), nil, 0)
		require.NoError(t, err)
		for _, d := range file.Decls {
			method, is := d.(*ast.FuncDecl)
			if !is || method.Recv == nil || method.Name.Name != "body" && method.Name.Name != "now" {
				continue
			}
			found++
			name := method.Recv.List[0].Type.(*ast.Ident).Name
			assert.True(t, known[name], "%s is not in everyContent", name)
		}
	}
	assert.Greater(t, found, 20)
}
