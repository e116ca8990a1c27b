package document

import (
	"bytes"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// Format is that of the texts that this package reads and writes. A text of
// another one may have the same keys with another meaning.
//
//	1  openvpn.folder.off; without it the folder is watched
//	2  openvpn.folder.enabled; without it the folder is left alone
const Format = 2

// Upgraded returns a text of an older format as one of [Format] with the same
// meaning, and with all else in its place. Format 0: it is not known, as of what
// people have written; then only what cannot be mistaken is brought up to date.
// What is no configuration stays as it is: [Parse] tells what is wrong.
func Upgraded(text []byte, format int) []byte {
	if format >= Format {
		return text
	}
	var root yaml.Node
	if yaml.Load(text, &root) != nil || len(root.Content) != 1 || root.Content[0].Kind != yaml.MappingNode {
		return text
	}
	openvpn := valueOf(root.Content[0], "openvpn")
	if openvpn == nil || openvpn.Kind != yaml.MappingNode {
		return text
	}
	folder := valueOf(openvpn, "folder")
	enabled, upgraded := true, text
	switch {
	case folder == nil:
		if format == 1 {
			upgraded = inserted(text, openvpn, "folder: {enabled: true}")
		}
	case folder.Kind == yaml.MappingNode && valueOf(folder, "enabled") == nil:
		if off := valueOf(folder, "off"); off != nil {
			enabled, upgraded = offToEnabled(text, folder, off)
		} else if format == 1 {
			upgraded = inserted(text, folder, "enabled: true")
		}
	}
	if !upgradedWell(text, upgraded, enabled) {
		return text // it is written in a way of its own
	}
	return upgraded
}

// upgradedWell reports whether nothing but the switch of the folder differs.
func upgradedWell(text, upgraded []byte, enabled bool) bool {
	var before, after map[string]any
	if yaml.Load(text, &before) != nil || yaml.Load(upgraded, &after) != nil {
		return false
	}
	openvpn, ok := before["openvpn"].(map[string]any)
	if !ok {
		return false
	}
	folder, ok := openvpn["folder"].(map[string]any)
	if !ok {
		folder = make(map[string]any)
		openvpn["folder"] = folder
	}
	delete(folder, "off")
	folder["enabled"] = enabled
	return reflect.DeepEqual(before, after)
}

// offToEnabled writes enabled for off, and the opposite of its value; off stays
// when it is neither true nor false.
func offToEnabled(text []byte, folder, off *yaml.Node) (enabled bool, upgraded []byte) {
	var is bool
	if off.Kind != yaml.ScalarNode || off.Load(&is) != nil {
		return false, text
	}
	key := folder.Content[slices.Index(folder.Content, off)-1]
	text = replaced(text, off, strconv.FormatBool(!is)) // the one behind first: the key keeps its place
	return !is, replaced(text, key, "enabled")
}

// inserted writes an entry before the others of a mapping.
func inserted(text []byte, mapping *yaml.Node, entry string) []byte {
	at := offset(text, mapping.Line, mapping.Column)
	switch {
	case mapping.Style&yaml.FlowStyle == 0: // it stands where its first key does
		entry += "\n" + strings.Repeat(" ", mapping.Column-1)
	case len(mapping.Content) == 0:
		at++
	default:
		at++
		entry += ", "
	}
	return slices.Insert(slices.Clone(text), min(at, len(text)), []byte(entry)...)
}

// replaced writes another word in the place of a plain one.
func replaced(text []byte, n *yaml.Node, word string) []byte {
	at := offset(text, n.Line, n.Column)
	if !bytes.HasPrefix(text[at:], []byte(n.Value)) {
		return text
	}
	return slices.Replace(slices.Clone(text), at, at+len(n.Value), []byte(word)...)
}

// offset returns where a line and a column, both from 1, stand in a text.
func offset(text []byte, line, column int) int {
	at := 0
	for ; line > 1; line-- {
		at += bytes.IndexByte(text[at:], '\n') + 1 // stays where no more are
	}
	for ; column > 1 && at < len(text); column-- {
		_, size := utf8.DecodeRune(text[at:])
		at += size
	}
	return at
}
