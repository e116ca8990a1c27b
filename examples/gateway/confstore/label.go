package confstore

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
	"unicode"
	"unicode/utf16"

	"github.com/fieldgate/fieldgate/examples/gateway/document"
)

// labelPrefix begins the first line of a stored revision.
const labelPrefix = "# fieldgate "

// label is what the first line tells.
type label struct {
	Format   int       `json:"format"` // of the text
	Revision uint64    `json:"revision"`
	At       time.Time `json:"at"`
	By       string    `json:"by"`
	What     string    `json:"what,omitempty"`
	Sum      string    `json:"sum"` // of what follows: tells whether people have edited it
}

// newerVersion says why a text of a later format is refused: its keys may mean
// something else.
func newerVersion(of int) string {
	return fmt.Sprintf("written by a newer version of the gateway (format %d, this one knows %d): install that version, or restore an older revision", of, document.Format)
}

// maxRevision is the last one whose file in the history has its place.
const maxRevision = 9_999_999_999

// seal returns text, of [document.Format], with its label before it.
func seal(l label, text []byte) ([]byte, error) {
	l.Format, l.Sum = document.Format, sum(text)
	line, err := json.Marshal(l)
	if err != nil {
		return nil, err
	}
	return bytes.Join([][]byte{[]byte(labelPrefix), plain(line), []byte("\n"), text}, nil), nil
}

// plain returns JSON with everything escaped that is not printed. Some of it
// ends a line for YAML, and with it the comment that a label is in; some may
// not be in YAML at all. People choose what the label says.
func plain(text []byte) []byte {
	var b bytes.Buffer
	for _, r := range string(text) {
		switch {
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r > 0xFFFF:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.Bytes()
}

// unseal takes a text and its label apart. Not ok: it has none, or was edited
// since. The text is in the format of the label, and without the mark that
// some editors begin a text with: behind a label it would be part of a key.
func unseal(content []byte) (l label, text []byte, ok bool) {
	content = bytes.TrimPrefix(content, []byte("\ufeff"))
	line, text, _ := bytes.Cut(content, []byte("\n"))
	rest, labelled := bytes.CutPrefix(line, []byte(labelPrefix))
	if !labelled || json.Unmarshal(rest, &l) != nil || l.Revision >= maxRevision {
		return label{}, content, false
	}
	return l, text, l.Revision > 0 && l.Sum == sum(text)
}

func sum(text []byte) string {
	h := sha256.Sum256(text)
	return hex.EncodeToString(h[:8])
}
