package strongswan

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/fieldgate/fieldgate/ipsec/internal/vici"
)

// maxRecord is how long a record may be that is read.
const maxRecord = 4 << 20

// record is what the lock file keeps over the end of a program: which
// certificates and private keys in charon are ours. Charon cannot tell. It
// holds no secret, but SHA-256 sums of certificates and charon's ids of keys.
type record struct{ file *os.File }

// write replaces the record. It is written before charon gets anything, with
// what charon still has, and again afterwards.
func (r record) write(all ...credentials) error {
	lines := make(map[string]bool)
	for _, c := range all {
		for f := range c.trusted {
			lines["certificate "+hex.EncodeToString(f[:])] = true
		}
		for _, id := range c.keys {
			if !c.foreign[id] {
				lines["key "+id] = true
			}
		}
	}
	var b strings.Builder
	for _, line := range slices.Sorted(maps.Keys(lines)) {
		b.WriteString(line + "\n")
	}
	if _, err := r.file.WriteAt([]byte(b.String()), 0); err != nil {
		return fmt.Errorf("record what is ours: %w", err)
	}
	if err := r.file.Truncate(int64(b.Len())); err != nil {
		return fmt.Errorf("record what is ours: %w", err)
	}
	return nil
}

// read returns what was recorded. A line that makes no sense does not count.
func (r record) read() (certificates map[fingerprint]bool, keys map[string]bool, err error) {
	b, err := io.ReadAll(io.NewSectionReader(r.file, 0, maxRecord))
	if err != nil {
		return nil, nil, fmt.Errorf("read what is ours: %w", err)
	}
	certificates, keys = make(map[fingerprint]bool), make(map[string]bool)
	for line := range strings.Lines(string(b)) {
		kind, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		sum, err := hex.DecodeString(text)
		switch {
		case err != nil || len(sum) == 0:
		case kind == "certificate" && len(sum) == len(fingerprint{}):
			certificates[fingerprint(sum)] = true
		case kind == "key":
			keys[text] = true
		}
	}
	return certificates, keys, nil
}

// recall takes over the certificates and private keys that an earlier program
// of this owner has left in charon, which may be another charon meanwhile.
func (s *session) recall(ctx context.Context) error {
	certificates, keys, err := s.record.read()
	if err != nil || len(certificates) == 0 && len(keys) == 0 {
		return err
	}
	m, err := s.commands.call(ctx, "get-keys", nil)
	if err != nil {
		return err
	}
	for _, id := range keyIDs(m) {
		if keys[id] { // whatever its text was: it is unloaded, or loaded again
			s.creds.keys[fingerprintOf("recalled "+id)] = id
		}
	}
	return s.lists.stream(ctx, s.listTimeout(), "list-certs", "list-cert", new(vici.Message).Set("type", "X509"), func(m *vici.Message) {
		if f := fingerprintOf(m.Text("data")); certificates[f] {
			s.creds.trusted[f] = true
		}
	})
}
