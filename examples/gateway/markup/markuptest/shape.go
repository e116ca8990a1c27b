// Package markuptest looks at pages as a browser does, so that tests can tell
// whether a value has become a part of one.
package markuptest

import (
	"bytes"
	"fmt"
	"strings"

	"golang.org/x/net/html"
)

// Shape is a page without its texts and values.
type Shape struct {
	// Tree has a line for each element, in the order of the page, with its
	// depth and the names of its attributes.
	Tree string
	// Texts are what is between tags, and Values what attributes have, in the
	// order of the page.
	Texts, Values []string
	// Links are the values of attributes that lead somewhere.
	Links []string
}

// Of returns the shape of a page or of a part of one.
func Of(page []byte) (Shape, error) {
	root, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		return Shape{}, err
	}
	var s Shape
	var tree strings.Builder
	var visit func(n *html.Node, depth int)
	visit = func(n *html.Node, depth int) {
		switch n.Type {
		case html.TextNode:
			s.Texts = append(s.Texts, n.Data)
		case html.CommentNode:
			_, _ = fmt.Fprintf(&tree, "%d comment\n", depth)
		case html.ElementNode:
			_, _ = fmt.Fprintf(&tree, "%d %s", depth, n.Data)
			for _, a := range n.Attr {
				_, _ = fmt.Fprintf(&tree, " %s", a.Key)
				s.Values = append(s.Values, a.Val)
				switch a.Key {
				case "href", "src", "action", "formaction", "hx-get", "hx-post":
					s.Links = append(s.Links, a.Val)
				}
			}
			tree.WriteByte('\n')
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			visit(c, depth+1)
		}
	}
	visit(root, 0)
	s.Tree = tree.String()
	return s, nil
}
