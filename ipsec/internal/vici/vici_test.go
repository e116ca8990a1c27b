package vici_test

import (
	"bytes"
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ipsec/internal/vici"
)

// sample has each kind of value, nested and empty ones.
func sample() *vici.Message {
	return new(vici.Message).Set("key", "value").Set("empty", "").
		SetList("list", "a", "", "b").SetList("none").
		SetSection("section", new(vici.Message).Set("x", "1").
			SetSection("inner", new(vici.Message).SetList("l", "z"))).
		SetSection("nothing", new(vici.Message))
}

// The bytes are those of the protocol's own description: its example of
// section "section1" in the README of the plugin, and a request around it.
func TestWire(t *testing.T) {
	m := new(vici.Message).Set("key1", "value1").SetSection("section1", new(vici.Message).
		SetSection("sub-section", new(vici.Message).Set("key2", "value2")).SetList("list1", "item1", "item2"))
	want := "\x03\x04key1\x00\x06value1" + "\x01\x08section1" + "\x01\x0bsub-section" + "\x03\x04key2\x00\x06value2" +
		"\x02" + "\x04\x05list1" + "\x05\x00\x05item1" + "\x05\x00\x05item2" + "\x06" + "\x02"
	b, err := vici.AppendMessage(nil, m)
	require.NoError(t, err)
	assert.Equal(t, want, string(b))
	b, err = vici.Packet{Type: vici.CommandRequest, Name: "version"}.Append(nil)
	require.NoError(t, err)
	assert.Equal(t, "\x00\x00\x00\x09\x00\x07version", string(b))
	b, err = vici.Packet{Type: vici.EventConfirm, Name: "ignored"}.Append(nil)
	require.NoError(t, err)
	assert.Equal(t, "\x00\x00\x00\x01\x05", string(b))
}

func TestThereAndBack(t *testing.T) {
	for name, p := range map[string]vici.Packet{
		"request":  {Type: vici.CommandRequest, Name: "load-conn", Message: sample()},
		"response": {Type: vici.CommandResponse, Message: sample()},
		"event":    {Type: vici.Event, Name: "list-sa", Message: new(vici.Message)},
	} {
		t.Run(name, func(t *testing.T) {
			var stream bytes.Buffer
			require.NoError(t, vici.Write(&stream, p))
			require.NoError(t, vici.Write(&stream, p))
			for range 2 {
				back, err := vici.Read(&stream)
				require.NoError(t, err)
				assert.Equal(t, p, back)
			}
			_, err := vici.Read(&stream)
			assert.EqualError(t, err, "EOF")
		})
	}
}

func TestLookUp(t *testing.T) {
	m := sample()
	assert.Equal(t, "value", m.Text("key"))
	assert.Equal(t, []string{"a", "", "b"}, m.List("list"))
	assert.Equal(t, []string{"z"}, m.Section("section").Section("inner").List("l"))
	assert.True(t, m.Has("none"))
	assert.False(t, m.Has("absent"))
	assert.Empty(t, m.Text("list"), "of another kind")
	assert.Empty(t, m.Section("absent").Section("deeper").Text("x"), "no section has nothing")
	assert.Equal(t, map[string]string{"key": "value", "empty": ""}, maps.Collect(m.Texts()))
	assert.Len(t, maps.Collect(m.Lists()), 2)
	assert.Len(t, maps.Collect(m.Sections()), 2)
}

func TestTooLong(t *testing.T) {
	for name, m := range map[string]*vici.Message{
		"name":    new(vici.Message).Set(strings.Repeat("n", 256), ""),
		"section": new(vici.Message).SetSection(strings.Repeat("n", 256), nil),
		"value":   new(vici.Message).Set("v", strings.Repeat("v", 65536)),
		"item":    new(vici.Message).SetList("l", "", strings.Repeat("v", 65536)),
		"packet":  new(vici.Message).SetList("l", slicesOf(strings.Repeat("v", 65535), 9)...),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := vici.Packet{Type: vici.CommandResponse, Message: m}.Append(nil)
			assert.ErrorContains(t, err, "vici: ")
		})
	}
}

func slicesOf(text string, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = text
	}
	return list
}

func TestMalformed(t *testing.T) {
	for name, text := range map[string]string{
		"empty packet":       "\x00\x00\x00\x00",
		"huge packet":        "\xff\xff\xff\xff",
		"unknown type":       "\x00\x00\x00\x01\x08",
		"unknown element":    "\x00\x00\x00\x02\x01\x09",
		"short name":         "\x00\x00\x00\x03\x00\x05v",
		"section not closed": "\x00\x00\x00\x04\x01\x01\x01s",
		"section not opened": "\x00\x00\x00\x02\x01\x02",
		"list not closed":    "\x00\x00\x00\x04\x01\x04\x01l",
		"text in a list":     "\x00\x00\x00\x05\x01\x04\x01l\x03",
		"short value":        "\x00\x00\x00\x05\x01\x03\x01k\x00",
		"too deep":           "\x00\x00\x00\x44\x01" + strings.Repeat("\x01\x01s", 17) + strings.Repeat("\x02", 16),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := vici.Read(strings.NewReader(text))
			assert.ErrorIs(t, err, vici.ErrMalformed)
		})
	}
	for name, text := range map[string]string{"in the length": "\x00\x00", "in the packet": "\x00\x00\x00\x05\x01", "at the packet": "\x00\x00\x00\x05"} {
		t.Run(name, func(t *testing.T) {
			_, err := vici.Read(strings.NewReader(text))
			assert.EqualError(t, err, "unexpected EOF")
		})
	}
}

func FuzzDecode(f *testing.F) {
	for _, m := range []*vici.Message{sample(), new(vici.Message)} {
		for _, kind := range []vici.Type{vici.CommandRequest, vici.CommandResponse, vici.Event} {
			b, err := vici.Packet{Type: kind, Name: "name", Message: m}.Append(nil)
			require.NoError(f, err)
			f.Add(b[4:])
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := vici.DecodePacket(b)
		if err != nil {
			assert.ErrorIs(t, err, vici.ErrMalformed)
			return
		}
		again, err := p.Append(nil)
		require.NoError(t, err)
		assert.Equal(t, string(b), string(again[4:]), "each packet has one notation")
	})
}
