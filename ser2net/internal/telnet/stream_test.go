package telnet_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/fieldgate/fieldgate/ser2net/internal/telnet"
)

// hexBytes reads hexadecimal digits with spaces between.
func hexBytes(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

func repeat(s string, n int) string { return strings.Repeat(s, n) }

// singles cuts b into pieces of one byte.
func singles(b []byte) [][]byte {
	return slices.Collect(slices.Chunk(b, 1))
}

// feed gives the engine the pieces and returns its events in words. Data that
// no event parts is one entry, however it came.
func feed(e *telnet.Engine, pieces ...[]byte) []string {
	var log []string
	var data []byte
	flush := func() {
		if len(data) > 0 {
			log = append(log, fmt.Sprintf("data %x", data))
			data = nil
		}
	}
	for _, in := range pieces {
		for in = bytes.Clone(in); len(in) > 0; {
			var ev telnet.Event
			ev, in = e.Next(in)
			data = append(data, ev.Data...)
			if text := words(ev); text != "" {
				flush()
				log = append(log, text)
			}
		}
	}
	flush()
	return log
}

// words describes what an event has besides data.
func words(ev telnet.Event) string {
	text := map[telnet.Kind]string{
		telnet.Break:      "break",
		telnet.Sync:       "sync",
		telnet.ComPortOn:  "com-port on",
		telnet.ComPortOff: "com-port off",
		telnet.Suspend:    "suspend",
		telnet.Resume:     "resume",
	}[ev.Kind]
	if r := ev.Request; ev.Kind == telnet.ComPortRequest {
		text = fmt.Sprintf("request %d", r.Command)
		if r.Command == telnet.Signature {
			text += " " + r.Text
		} else {
			text += fmt.Sprintf(" %d", r.Value)
		}
		if r.Cisco {
			text += " cisco"
		}
	}
	if len(ev.Reply) > 0 {
		text = strings.TrimSpace(text + fmt.Sprintf(" reply %x", ev.Reply))
	}
	return text
}
