package pages

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/ipsec"
)

// ipsecData is what the IPsec page shows beyond settings.
type ipsecData struct {
	Running bool
	Daemon  ipsec.DaemonStatus
	Rows    []connectionRow
	Diagram *diagram
}

// connectionRow is a connection with what can be done to it.
type connectionRow struct {
	ipsec.ConnectionStatus
	Item    control.Item
	Good    bool
	RetryIn string
	Newest  []ipsec.Transition // the newest first
}

func (p *Pages) ipsec(*http.Request) (special, error) {
	doc, _ := p.Control.Saved()
	data := ipsecData{Diagram: newDiagram(doc.IPsec)}
	service := p.Live.IPsec()
	if service == nil {
		return data, nil
	}
	status := service.Status()
	data.Running, data.Daemon = true, status.Daemon
	items := make(map[string]control.Item)
	for _, item := range p.Control.Items("ipsec") {
		items[item.Name] = item
	}
	for _, c := range status.Connections {
		row := connectionRow{ConnectionStatus: c, Item: items[c.Name], Good: c.State == ipsec.StateUp || c.State == ipsec.StateArmed, RetryIn: until(c.RetryAt)}
		row.Newest = slices.Clone(c.History)
		slices.Reverse(row.Newest)
		data.Rows = append(data.Rows, row)
	}
	return data, nil
}

// maxDiagram bounds the diagram: more than so many connections nobody can
// follow with the eye.
const maxDiagram = 40

// diagram shows what refers to what.
type diagram struct {
	Width, Height int
	Boxes         []box
	Lines         []line
	Words         []string // the same in sentences
}

type box struct {
	X, Y, Width, Height int
	Text, Kind          string
	Missing             bool
}

type line struct{ X1, Y1, X2, Y2 int }

// Sizes of the diagram in its own units.
const (
	boxWidth, boxHeight = 180, 26
	rowHeight           = 36
	columnWidth         = 300
)

// newDiagram draws the connections at the left, and what they refer to at the
// right; nil when there is nothing to draw.
func newDiagram(c ipsec.Config) *diagram {
	if len(c.Connections) == 0 || len(c.Connections) > maxDiagram {
		return nil
	}
	d := &diagram{Width: columnWidth + boxWidth + 2}
	type target struct{ kind, name string }
	places := make(map[target]int)
	var order []target
	missing := make(map[target]bool)
	put := func(kind, name string, gone bool) {
		at := target{kind, strings.ReplaceAll(name, "-", "_")}
		if _, known := places[at]; !known {
			places[at] = len(order)
			missing[at] = gone
			order = append(order, target{kind, name})
		}
	}
	for _, set := range c.Phase1Proposals {
		put("phase 1", set.Name, false)
	}
	for _, set := range c.Phase2Proposals {
		put("phase 2", set.Name, false)
	}
	for _, set := range c.CertificateSets {
		put("certificates", set.Name, false)
	}
	for i, connection := range c.Connections {
		y := i*rowHeight + 1
		d.Boxes = append(d.Boxes, box{X: 1, Y: y, Width: boxWidth, Height: boxHeight, Text: short(connection.Name), Kind: "connection"})
		refers := func(kind string, names ...string) {
			for _, name := range names {
				put(kind, name, true)
				to := places[target{kind, strings.ReplaceAll(name, "-", "_")}]
				d.Lines = append(d.Lines, line{1 + boxWidth, y + boxHeight/2, columnWidth, to*rowHeight + 1 + boxHeight/2})
			}
		}
		refers("phase 1", connection.Phase1...)
		refers("phase 2", connection.Phase2...)
		words := connection.Name + " uses phase 1 " + strings.Join(connection.Phase1, ", ") + " and phase 2 " + strings.Join(connection.Phase2, ", ")
		if connection.Authentication == ipsec.AuthRSA && connection.CertificateSet != "" {
			refers("certificates", connection.CertificateSet)
			words += " and the certificate set " + connection.CertificateSet
		}
		d.Words = append(d.Words, words+".")
	}
	for i, to := range order {
		d.Boxes = append(d.Boxes, box{
			X: columnWidth, Y: i*rowHeight + 1, Width: boxWidth, Height: boxHeight, Text: short(to.kind + ": " + to.name), Kind: to.kind,
			Missing: missing[target{to.kind, strings.ReplaceAll(to.name, "-", "_")}],
		})
	}
	d.Height = max(len(c.Connections), len(order))*rowHeight + 2
	return d
}

// short cuts a text for a box.
func short(text string) string {
	const most = 24
	if letters := []rune(text); len(letters) > most {
		return string(letters[:most-1]) + "…"
	}
	return text
}

// at says when something will be, or was, in the words of [since].
func at(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	if left := until(t); left != "" {
		return "in " + left
	}
	return since(t) + " ago"
}
