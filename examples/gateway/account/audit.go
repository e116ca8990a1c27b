package account

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/fieldgate/fieldgate/internal/order"
)

// Entry is a line of the audit log.
type Entry struct {
	At     time.Time `json:"at"`
	User   string    `json:"user"`
	From   string    `json:"from"` // address
	What   string    `json:"what"`
	Status int       `json:"status,omitzero"` // of the answer (RFC 9110); 0: none was due
}

// The bounds of the audit log: of one file, and of what is kept to be shown.
const (
	maxTrail = 128 << 10
	maxShown = 200
)

// trail is a file of entries, a line of JSON each, and the file before it.
type trail struct {
	path string
	log  *slog.Logger

	mu    sync.Mutex
	shown []Entry // the newest, at most maxShown
	size  int64
}

func openTrail(path string, log *slog.Logger) *trail {
	t := &trail{path: path, log: log}
	for _, part := range []string{path + ".1", path} {
		text, err := os.ReadFile(part)
		if err != nil {
			if !errors.Is(err, fs.ErrNotExist) {
				log.Warn("the audit log cannot be read", "error", err)
			}
			continue
		}
		t.size = int64(len(text))
		for line := range bytes.Lines(text) {
			var e Entry
			if json.Unmarshal(line, &e) == nil { // a power cut leaves half a line
				t.show(e)
			}
		}
	}
	return t
}

func (t *trail) show(e Entry) {
	if len(t.shown) >= maxShown {
		t.shown = slices.Delete(t.shown, 0, len(t.shown)-maxShown+1)
	}
	t.shown = append(t.shown, e)
}

// add writes an entry. A full disk must not keep an owner out: the entry is
// shown then, and lost with the process.
func (t *trail) add(e Entry) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.show(e)
	line, err := json.Marshal(e)
	if err == nil {
		err = t.append(append(line, '\n'))
	}
	if err != nil {
		t.log.Error("an entry of the audit log is not stored", "user", e.User, "what", e.What, "error", err)
	}
}

func (t *trail) append(line []byte) error {
	if t.size+int64(len(line)) > maxTrail {
		if err := os.Rename(t.path, t.path+".1"); err != nil {
			return err
		}
		t.size = 0
	}
	f, err := os.OpenFile(t.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	n, err := f.Write(line)
	t.size += int64(n)
	return errors.Join(err, f.Close())
}

func (t *trail) newest() []Entry {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := slices.Clone(t.shown)
	slices.Reverse(all)
	return all
}

// audit is both trails: what users did, and who was turned away.
type audit struct{ done, refused *trail }

func openAudit(folder string, log *slog.Logger) audit {
	return audit{
		done:    openTrail(filepath.Join(folder, "audit.log"), log),
		refused: openTrail(filepath.Join(folder, "audit-refused.log"), log),
	}
}

// newest returns both, the newest first, as many as one page shows.
func (a audit) newest() []Entry {
	all := append(a.done.newest(), a.refused.newest()...)
	order.Stable(all, func(x, y Entry) int { return y.At.Compare(x.At) })
	return all[:min(len(all), maxShown)]
}

// note is what a request says of itself.
type note struct {
	mu   sync.Mutex
	what string
}

type noteKey struct{}

// Note says for the audit log what the request of ctx does, such as "stop
// ser2net meter"; without it the log has method and path. It must hold no
// secrets. Outside [Manager.Wrap] it does nothing.
func Note(ctx context.Context, what string) {
	if n, ok := ctx.Value(noteKey{}).(*note); ok {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.what = what
	}
}

func (n *note) text() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.what
}
