package markup_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/gateway/markup"
	"github.com/fieldgate/fieldgate/examples/gateway/markup/markuptest"
)

func ExampleWriter() {
	var w markup.Writer
	w.HTML(`<a href="`).Text("/log?level=WARN&follow=no").HTML(`">`).Text("the <newest> lines").HTML(`</a>`)
	page, err := w.Bytes()
	fmt.Println(string(page), err)
	// Output: <a href="/log?level=WARN&amp;follow=no">the &lt;newest&gt; lines</a> <nil>
}

func TestPieces(t *testing.T) {
	var w markup.Writer
	w.HTML(`<!DOCTYPE html><p`).If(true, ` hidden`).If(false, ` class="x"`).HTML(`>`).Either(true, `a`, `b`).Either(false, `a`, `b`).
		Maybe(`<i>`, "", `</i>`).Maybe(`<b>`, "c", `</b>`).Int(-7).Uint(18446744073709551615).HTML(`</p>`)
	page, err := w.Bytes()
	require.NoError(t, err)
	assert.Equal(t, `<!DOCTYPE html><p hidden>ab<b>c</b>-718446744073709551615</p>`, string(page))
}

func TestEscapes(t *testing.T) {
	var w markup.Writer
	w.HTML(`<p title="`).Text("\x00\"&'+<>é").HTML(`">`).Text("\x00\"&'+<>é").HTML(`</p>`)
	page, err := w.Bytes()
	require.NoError(t, err)
	const escaped = "\uFFFD&#34;&amp;&#39;&#43;&lt;&gt;é"
	assert.Equal(t, `<p title="`+escaped+`">`+escaped+`</p>`, string(page))
}

// Links lead to this host, whatever browsers make of them.
func TestLinks(t *testing.T) {
	for link, want := range map[string]string{
		"/ipsec?a=b&c=d#e":      "/ipsec?a=b&amp;c=d#e",
		"/openvpn/instances/+":  "/openvpn/instances/&#43;",
		"/a//b":                 "/a//b",
		"":                      "#refused",
		"javascript:alert(1)":   "#refused",
		" javascript:alert(1)":  "#refused",
		"java\nscript:alert(1)": "#refused",
		"data:text/html,x":      "#refused",
		"https://example.com/":  "#refused",
		"//example.com/":        "#refused",
		`/\example.com/`:        "#refused",
		"/\t/example.com/":      "#refused",
		"relative":              "#refused",
	} {
		var w markup.Writer
		w.HTML(`<a href="`).Text(link).HTML(`">x</a>`)
		page, err := w.Bytes()
		require.NoError(t, err)
		assert.Equal(t, `<a href="`+want+`">x</a>`, string(page), "%q", link)
	}
}

// A value that stands where it could do something makes the page fail.
func TestWrongPlaces(t *testing.T) {
	for name, write := range map[string]func(w *markup.Writer){
		"the name of a tag":         func(w *markup.Writer) { w.HTML(`<`).Text("x").HTML(`>`) },
		"behind the name of a tag":  func(w *markup.Writer) { w.HTML(`<p`).Text("x").HTML(`>`) },
		"between attributes":        func(w *markup.Writer) { w.HTML(`<p `).Text("x").HTML(`>`) },
		"a value without quotes":    func(w *markup.Writer) { w.HTML(`<p class=`).Text("x").HTML(`>`) },
		"an unquoted piece":         func(w *markup.Writer) { w.HTML(`<p class=x>`) },
		"a script":                  func(w *markup.Writer) { w.HTML(`<script>`).Text("x").HTML(`</script>`) },
		"a script with tags":        func(w *markup.Writer) { w.HTML(`<script>"<p>"`).Text("x").HTML(`</script>`) },
		"a script in capitals":      func(w *markup.Writer) { w.HTML(`<SCRIPT>`).Text("x").HTML(`</SCRIPT>`) },
		"a style":                   func(w *markup.Writer) { w.HTML(`<style>`).Text("x").HTML(`</style>`) },
		"a style attribute":         func(w *markup.Writer) { w.HTML(`<p style="`).Text("x").HTML(`">`) },
		"a handler":                 func(w *markup.Writer) { w.HTML(`<p onclick="`).Text("x").HTML(`">`) },
		"a handler in capitals":     func(w *markup.Writer) { w.HTML(`<p onClick="`).Text("x").HTML(`">`) },
		"a source":                  func(w *markup.Writer) { w.HTML(`<img src="`).Text("/x").HTML(`">`) },
		"an attribute of htmx":      func(w *markup.Writer) { w.HTML(`<p hx-vals="`).Text("x").HTML(`">`) },
		"another of htmx":           func(w *markup.Writer) { w.HTML(`<p data-hx-on="`).Text("x").HTML(`">`) },
		"an attribute nobody knows": func(w *markup.Writer) { w.HTML(`<p moon="`).Text("x").HTML(`">`) },
		"the middle of a link":      func(w *markup.Writer) { w.HTML(`<a href="/x?`).Text("x").HTML(`">`) },
		"two values of a link":      func(w *markup.Writer) { w.HTML(`<a href="`).Text("/x").Text("/x").HTML(`">`) },
		"a doctype":                 func(w *markup.Writer) { w.HTML(`<!DOCTYPE `).Text("x").HTML(`>`) },
		"a comment":                 func(w *markup.Writer) { w.HTML(`<!-- `).Text("x").HTML(` -->`) },
		"a tag that goes on":        func(w *markup.Writer) { w.HTML(`<p class="x"`) },
		"a value that goes on":      func(w *markup.Writer) { w.HTML(`<p class="x`).Text("y") },
		"a sign that is no tag":     func(w *markup.Writer) { w.HTML(`1 < 2`) },
	} {
		t.Run(name, func(t *testing.T) {
			var w markup.Writer
			write(&w)
			page, err := w.Bytes()
			assert.ErrorContains(t, err, "markup: ", string(page))
		})
	}
}

// Where a script ends, text may stand again.
func TestBehindScript(t *testing.T) {
	var w markup.Writer
	w.HTML(`<script src="/x.js" defer></script><p data-x='{"a":"<b>"}'>`).Text("<").HTML(`</p>`)
	page, err := w.Bytes()
	require.NoError(t, err)
	assert.Equal(t, `<script src="/x.js" defer></script><p data-x='{"a":"<b>"}'>&lt;</p>`, string(page))
}

func FuzzText(f *testing.F) {
	for _, seed := range []string{
		`x`, `"><script>alert(1)</script>`, `' onmouseover='alert(1)`, `javascript:alert(1)`, `/a"b`, `</title></textarea></pre>`, `<!--`, `-->`, `]]>`,
		`&quot;&#34;&`, "\x00", "\xc0\xbc", "\xe2", "+ADw-script+AD4-", "a\r\nb", "\u2028", `//evil`, `/\evil`, "/\t/evil",
	} {
		f.Add(seed)
	}
	write := func(t testing.TB, value string) []byte {
		var w markup.Writer
		w.HTML(`<title>`).Text(value).HTML(`</title><p id="`).Text(value).HTML(`" title='`).Text(value).HTML(`'><a href="`).Text(value).HTML(`" class="a `).Text(value).
			HTML(`">`).Text(value).HTML(`</a><textarea>x`).Text(value).HTML(`</textarea></p><svg><text x="`).Text(value).HTML(`">`).Text(value).
			HTML(`</text></svg><noscript><p>`).Text(value).HTML(`</p></noscript><pre>x`).Text(value).HTML(`</pre>`)
		page, err := w.Bytes()
		require.NoError(t, err)
		return page
	}
	plain, err := markuptest.Of(write(f, "x"))
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, value string) {
		if strings.TrimSpace(strings.Trim(value, "\x00\ufffd")) == "" {
			return // what is empty has no text
		}
		shape, err := markuptest.Of(write(t, value))
		require.NoError(t, err)
		assert.Equal(t, plain.Tree, shape.Tree)
		for _, link := range shape.Links {
			assert.True(t, link == "#refused" || strings.HasPrefix(link, "/") && !strings.HasPrefix(link, "//"), "%q", link)
		}
		if !strings.ContainsAny(value, "\x00\r") { // which parsers change
			assert.True(t, slices.Contains(shape.Texts, value) || slices.Contains(shape.Texts, "x"+value), "%q in %q", value, shape.Texts)
			assert.Equal(t, value, shape.Values[0])
		}
	})
}
