package packaging

import (
	"strings"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
)

// all returns the elements of a kind below a node.
func all(n *html.Node, kind string) (found []*html.Node) {
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && d.Data == kind {
			found = append(found, d)
		}
	}
	return found
}

func attribute(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

// words is the text of an element, with single spaces.
func words(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data + " ")
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// control is a field of a form: what a browser shows and sends for it.
type control struct {
	label, name, value string
	sent               bool // as the page came
}

// controls are those of a form, in their order: what is inside, and what names
// it from elsewhere.
func controls(document, form *html.Node) (list []control) {
	own, _ := attribute(form, "id")
	inside := make(map[*html.Node]bool)
	for d := range form.Descendants() {
		inside[d] = true
	}
	labels := make(map[string]string) // by id
	for _, label := range all(document, "label") {
		id, _ := attribute(label, "for")
		for _, input := range all(label, "input") {
			id, _ = attribute(input, "id")
		}
		labels[id] = words(label)
	}
	for d := range document.Descendants() {
		if of, is := attribute(d, "form"); is && of != own || !is && !inside[d] {
			continue
		}
		c := control{sent: true}
		id, _ := attribute(d, "id")
		c.name, _ = attribute(d, "name")
		c.value, _ = attribute(d, "value")
		if aria, is := attribute(d, "aria-label"); is {
			c.label = aria
		} else {
			c.label = labels[id]
		}
		switch d.Data {
		case "input":
			if kind, _ := attribute(d, "type"); kind == "checkbox" {
				_, c.sent = attribute(d, "checked")
			}
		case "textarea":
			c.value = words(d)
		case "select":
			for _, option := range all(d, "option") {
				if _, is := attribute(option, "selected"); is {
					c.value, _ = attribute(option, "value")
				}
			}
		default:
			continue
		}
		if c.name != "" {
			list = append(list, c)
		}
	}
	return list
}

// submit fills in the form of a page that has the button and all the fields,
// both by their labels, presses the button and returns the page that follows.
// What is not told is sent as it came, as a browser does.
func (p page) submit(path, button string, values map[string]string) string {
	t := p.m.t
	t.Helper()
	text := p.get(path)
	document, err := html.Parse(strings.NewReader(text))
	require.NoError(t, err)
	for _, form := range all(document, "form") {
		var fields []string
		filled, pressed := 0, false
		for _, c := range controls(document, form) {
			if value, is := values[c.label]; is && c.label != "" {
				filled++
				c.sent = true
				if value != "on" { // a box has a value of its own
					c.value = value
				}
			}
			if c.sent {
				fields = append(fields, c.name+"="+c.value)
			}
		}
		for _, b := range all(form, "button") {
			label, is := attribute(b, "aria-label")
			if !is {
				label = words(b)
			}
			if label == button {
				pressed = true
				if name, is := attribute(b, "name"); is {
					value, _ := attribute(b, "value")
					fields = append(fields, name+"="+value)
				}
				break
			}
		}
		if filled == len(values) && pressed {
			action, _ := attribute(form, "action")
			return p.get(action, fields...)
		}
	}
	require.Fail(t, "no such form", "%s: %s with %v: %s", path, button, values, text)
	return ""
}

// row is the text of the first row of a table that begins with a name.
func (p page) row(path, name string) string {
	p.m.t.Helper()
	document, err := html.Parse(strings.NewReader(p.get(path)))
	require.NoError(p.m.t, err)
	for _, row := range all(document, "tr") {
		if text := words(row); strings.HasPrefix(text, name) {
			return text
		}
	}
	return ""
}
