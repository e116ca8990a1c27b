package vici

import "iter"

// Message is a tree of named values in an order. The zero Message is empty
// and ready for use.
type Message struct {
	items []item
}

// item is one value of a message; kind tells which field counts.
type item struct {
	key     string
	kind    kind
	text    string
	list    []string
	section *Message
}

type kind byte

// The kinds of an item.
const (
	isText kind = iota
	isList
	isSection
)

// Set puts a text at the end, and returns m.
func (m *Message) Set(key, text string) *Message {
	m.items = append(m.items, item{key: key, kind: isText, text: text})
	return m
}

// SetList puts a list at the end, and returns m.
func (m *Message) SetList(key string, list ...string) *Message {
	m.items = append(m.items, item{key: key, kind: isList, list: list})
	return m
}

// SetSection puts a section at the end, and returns m.
func (m *Message) SetSection(key string, section *Message) *Message {
	m.items = append(m.items, item{key: key, kind: isSection, section: section})
	return m
}

// Text returns the first text of that name, or nothing.
func (m *Message) Text(key string) string {
	if i := m.find(key, isText); i != nil {
		return i.text
	}
	return ""
}

// Has tells whether there is a value of any kind under that name.
func (m *Message) Has(key string) bool {
	for i := range m.items {
		if m.items[i].key == key {
			return true
		}
	}
	return false
}

// List returns the first list of that name, or nil.
func (m *Message) List(key string) []string {
	if i := m.find(key, isList); i != nil {
		return i.list
	}
	return nil
}

// Section returns the first section of that name, or nil.
func (m *Message) Section(key string) *Message {
	if i := m.find(key, isSection); i != nil {
		return i.section
	}
	return nil
}

func (m *Message) find(key string, k kind) *item {
	if m == nil {
		return nil
	}
	for i := range m.items {
		if m.items[i].key == key && m.items[i].kind == k {
			return &m.items[i]
		}
	}
	return nil
}

// Sections returns the sections in order.
func (m *Message) Sections() iter.Seq2[string, *Message] {
	return func(yield func(string, *Message) bool) {
		if m == nil {
			return
		}
		for _, i := range m.items {
			if i.kind == isSection && !yield(i.key, i.section) {
				return
			}
		}
	}
}

// Texts returns the texts in order.
func (m *Message) Texts() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		if m == nil {
			return
		}
		for _, i := range m.items {
			if i.kind == isText && !yield(i.key, i.text) {
				return
			}
		}
	}
}

// Lists returns the lists in order.
func (m *Message) Lists() iter.Seq2[string, []string] {
	return func(yield func(string, []string) bool) {
		if m == nil {
			return
		}
		for _, i := range m.items {
			if i.kind == isList && !yield(i.key, i.list) {
				return
			}
		}
	}
}
