package vici

import (
	"encoding/binary"
	"fmt"
	"math"
)

// The elements of a message.
const (
	sectionStart = 1
	sectionEnd   = 2
	keyValue     = 3
	listStart    = 4
	listItem     = 5
	listEnd      = 6
)

// AppendMessage appends the encoding of a message; nil is an empty one. It
// fails where a name is longer than 255 bytes, or a text than 65535.
func AppendMessage(b []byte, m *Message) ([]byte, error) {
	if m == nil {
		return b, nil
	}
	var err error
	for _, i := range m.items {
		switch i.kind {
		case isText:
			b, err = appendName(append(b, keyValue), i.key)
			if err == nil {
				b, err = appendValue(b, i.key, i.text)
			}
		case isList:
			b, err = appendList(b, i.key, i.list)
		case isSection:
			b, err = appendName(append(b, sectionStart), i.key)
			if err == nil {
				b, err = AppendMessage(b, i.section)
			}
			b = append(b, sectionEnd)
		}
		if err != nil {
			return nil, err
		}
	}
	return b, nil
}

func appendList(b []byte, key string, list []string) ([]byte, error) {
	b, err := appendName(append(b, listStart), key)
	for _, text := range list {
		if err == nil {
			b, err = appendValue(append(b, listItem), key, text)
		}
	}
	return append(b, listEnd), err
}

func appendName(b []byte, name string) ([]byte, error) {
	if len(name) > math.MaxUint8 {
		return nil, fmt.Errorf("vici: the name %.40q... has more than 255 bytes", name)
	}
	return append(append(b, byte(len(name))), name...), nil
}

func appendValue(b []byte, key, text string) ([]byte, error) {
	if len(text) > math.MaxUint16 {
		return nil, fmt.Errorf("vici: the value of %s has %d bytes, more than 65535", key, len(text))
	}
	return append(binary.BigEndian.AppendUint16(b, uint16(len(text))), text...), nil
}
