package markup

import (
	"errors"
	"strings"
)

// place is where in the page the next byte goes. Names of elements and
// attributes, and the quote after "=", stand whole in one piece.
type place struct {
	at        at
	element   string // the tag that was begun last, with / when it ends one
	attribute string // of a value
	quote     byte   // around a value
	empty     bool   // nothing of the value was written yet
}

type at uint8

const (
	between     at = iota // tags: in the text of the page
	declaration           // <!DOCTYPE ...>
	tag                   // before the name of an attribute, or the end of the tag
	value                 // of an attribute, in quotes
	raw                   // the content of a script or style
)

// pass follows a piece of HTML.
func (p *place) pass(piece string) error {
	for piece != "" {
		var err error
		switch p.at {
		case between:
			piece, err = p.begin(piece, "<")
		case raw:
			piece, err = p.begin(piece, "</")
		case declaration:
			_, rest, ends := strings.Cut(piece, ">")
			if piece = rest; ends {
				p.at = between
			}
		case value:
			end := strings.IndexByte(piece, p.quote)
			if end < 0 {
				p.empty = false
				return nil
			}
			p.at, piece = tag, piece[end+1:]
		case tag:
			piece, err = p.within(piece)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// begin looks for the next tag, and returns what follows its name.
func (p *place) begin(piece, sign string) (string, error) {
	_, rest, found := strings.Cut(piece, sign)
	if !found {
		return "", nil
	}
	if strings.HasPrefix(rest, "!DOCTYPE ") { // a comment could end elsewhere than it seems
		p.at = declaration
		return rest, nil
	}
	slash := strings.TrimPrefix(rest, "/")
	name := nameOf(slash)
	if name == "" {
		return "", errors.New("a tag has no name")
	}
	p.at, p.element = tag, strings.ToLower(name)
	if sign != "<" || len(slash) < len(rest) {
		p.element = "/" + p.element
	}
	return slash[len(name):], nil
}

// within takes the next thing in a tag.
func (p *place) within(piece string) (string, error) {
	switch piece[0] {
	case ' ', '\n', '/':
		return piece[1:], nil
	case '>':
		p.at = between
		if p.element == "script" || p.element == "style" {
			p.at = raw
		}
		return piece[1:], nil
	}
	name := nameOf(piece)
	if name == "" {
		return "", errors.New("an attribute has no name")
	}
	rest, has := strings.CutPrefix(piece[len(name):], "=")
	if !has {
		return rest, nil
	}
	if rest == "" || rest[0] != '"' && rest[0] != '\'' {
		return "", errors.New("the value of an attribute has no quotes")
	}
	p.at, p.attribute, p.quote, p.empty = value, strings.ToLower(name), rest[0], true
	return rest[1:], nil
}

// nameOf returns the name that a text begins with.
func nameOf(text string) string {
	end := strings.IndexFunc(text, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-'
	})
	if end < 0 {
		return text
	}
	return text[:end]
}

// kind is what may stand at a place.
type kind uint8

const (
	words kind = iota // any text
	link              // a path of the same host
)

// takes returns what value may stand here. The error says why none may.
func (p *place) takes() (kind, error) {
	switch p.at {
	case between:
		return words, nil
	case value:
	default:
		return words, errors.New("a value stands where none may stand")
	}
	switch p.attribute {
	case "href", "action":
		if !p.empty {
			return link, errors.New("a value is only a part of a link")
		}
		return link, nil
	case "id", "name", "value", "class", "for", "form", "title",
		"width", "height", "viewbox", "points", "x", "y", "x1", "y1", "x2", "y2":
		return words, nil
	}
	data := strings.HasPrefix(p.attribute, "data-") && !strings.HasPrefix(p.attribute, "data-hx-") // htmx takes these as its own
	if data || strings.HasPrefix(p.attribute, "aria-") {
		return words, nil
	}
	return words, errors.New("a value stands in the attribute " + p.attribute)
}
