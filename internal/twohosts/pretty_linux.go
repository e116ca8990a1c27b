package twohosts

import (
	"fmt"
	"strings"
)

// section is a part of what swanctl prints with --pretty.
type section struct {
	name   string
	values map[string]string
	lists  map[string][]string
	parts  []*section
}

func newSection(name string) *section {
	return &section{name: name, values: make(map[string]string), lists: make(map[string][]string)}
}

// parsePretty reads the output of swanctl --pretty: one message after another,
// each a section; one line for each value, each end and each item of a list.
func parsePretty(text string) (*section, error) {
	root := newSection("")
	open := []*section{root}
	list := ""
	for number, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		top := open[len(open)-1]
		key, value, isValue := strings.Cut(line, " = ")
		switch {
		case line == "":
		case list != "" && line == "]":
			list = ""
		case list != "":
			top.lists[list] = append(top.lists[list], line)
		case line == "}" && len(open) > 1:
			open = open[:len(open)-1]
		case isValue && value == "[":
			list = key
			top.lists[list] = nil
		case isValue:
			top.values[key] = value
		case strings.HasSuffix(line, " ="):
			top.values[strings.TrimSuffix(line, " =")] = ""
		case strings.HasSuffix(line, "{"):
			part := newSection(strings.TrimSpace(strings.TrimSuffix(line, "{")))
			top.parts = append(top.parts, part)
			open = append(open, part)
		default:
			return nil, fmt.Errorf("twohosts: swanctl printed something else at line %d: %q", number+1, line)
		}
	}
	if len(open) > 1 || list != "" {
		return nil, fmt.Errorf("twohosts: swanctl printed half a message: %q", text)
	}
	return root, nil
}

func parseSAs(text string) ([]SA, error) {
	root, err := parsePretty(text)
	if err != nil {
		return nil, err
	}
	var all []SA
	for _, message := range root.parts {
		if message.name != "list-sa event" {
			continue
		}
		for _, ike := range message.parts {
			sa := SA{Name: ike.name, Values: ike.values, Lists: ike.lists}
			for _, group := range ike.parts {
				for _, child := range group.parts { // of child-sas
					sa.Children = append(sa.Children, Child{Name: child.values["name"], Values: child.values, Lists: child.lists})
				}
			}
			all = append(all, sa)
		}
	}
	return all, nil
}
