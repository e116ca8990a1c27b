package nats

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/fieldgate/fieldgate/telemetry/receiver"
)

// The subjects: tele.<group>.<serial>, and tele.batch.<shard> for batches.
const (
	subjectRoot  = "tele."
	subjectBatch = "batch"
)

// maxToken is the longest escaped serial that a subject carries, in bytes: a
// server takes lines of 4,096 bytes and ends the connection over a longer one.
const maxToken = 192

// Token returns serial as one part of a subject. ASCII letters, digits, "-"
// and "_" stand for themselves, every other byte is "%" and two upper-case
// hexadecimal digits; "%" alone is the empty serial. A serial that would take
// more than 192 bytes becomes "%" and the 64 hexadecimal digits, in lower
// case, of its SHA-256. Different serials have different tokens.
func Token(serial string) string {
	if serial == "" {
		return "%"
	}
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(serial) {
		c := serial[i]
		if plain(c) {
			b.WriteByte(c)
			continue
		}
		b.Write([]byte{'%', digits[c>>4], digits[c&15]})
	}
	if b.Len() > maxToken {
		sum := sha256.Sum256([]byte(serial))
		return "%" + hex.EncodeToString(sum[:])
	}
	return b.String()
}

func plain(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
		return true
	}
	return false
}

// MessageID returns the Nats-Msg-Id of a record: <serial>/<boot>/<seq>, and
// /<part> for a part of a split report, with the serial as by [Token]. A
// message without a boot counter is <serial>/-/<hash>: its seq may come again
// after the next start, so the hash of its bytes tells it apart.
func MessageID(r *receiver.Record) string {
	m := r.Message
	id := Token(r.Device)
	if !m.Boot.Known {
		return id + "/-/" + contentID(r.Raw)
	}
	id += "/" + strconv.FormatUint(uint64(m.Boot.Value), 10) + "/" + strconv.FormatUint(m.Seq, 10)
	if m.Part.Index != 0 {
		id += "/" + strconv.FormatUint(m.Part.Index, 10)
	}
	return id
}

// contentID returns 32 hexadecimal digits that stand for the bytes of b.
func contentID(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}
