package control

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/fieldgate/fieldgate/examples/gateway/document"
)

// Store keeps the revisions; package confstore has the real one.
type Store interface {
	Newest() (document.Document, Version)
	Save(by, what string, base Revision, doc document.Document) (Version, error)
	Import(by string, base Revision, text []byte) (Version, error)
	// Restore stores what was in force before, whatever is the newest.
	Restore(what string, doc document.Document) (Version, error)
	Export(secrets bool) ([]byte, error)
	History() ([]Version, error)
	At(r Revision) (document.Document, error)
	Diff(from, to Revision) ([]Change, error)
	// SetUnconfirmed stores which apply waits for its confirmation, nil: none.
	SetUnconfirmed(u *Unconfirmed) error
	Unconfirmed() *Unconfirmed
}

// Unconfirmed is an apply that waits for its confirmation.
type Unconfirmed struct {
	Previous Revision `json:"previous"` // comes back without it
	By       string   `json:"by"`
}

// Engine runs the services of a document.
type Engine interface {
	Parts
	// Plan tells what Apply would do.
	Plan(doc document.Document) []Step
	// Apply brings the services to what doc says, and touches only those that
	// differ. One that does not start keeps its old configuration; the error
	// names all of these.
	Apply(ctx context.Context, doc document.Document) ([]Step, error)
}

// The errors of Apply and Confirm.
var (
	// ErrUnconfirmed: an apply before waits for its confirmation.
	ErrUnconfirmed = errors.New("the change before is not confirmed yet: confirm it, or wait until it is taken back")
	// ErrNothingPending: there is nothing to confirm, or it came too late.
	ErrNothingPending = errors.New("there is nothing to confirm: it was confirmed, or taken back, before")
)

// The bounds of the time to confirm.
const (
	MinConfirm = 5 * time.Second
	MaxConfirm = time.Hour
)

// revertTimeout bounds how long taking back an apply may take.
const revertTimeout = time.Minute

// Gateway is the [Control] of a gateway: a [Store] and an [Engine] brought
// together. Make it with [New], and call [Gateway.Boot] first.
type Gateway struct {
	Engine
	store Store
	log   *slog.Logger

	applying sync.Mutex // one apply at a time; held before mu

	mu      sync.Mutex
	applied applied
	pending *pending
}

type applied struct {
	doc      document.Document
	revision Revision
}

// pending is an apply that waits for its confirmation.
type pending struct {
	revision Revision // what was applied
	previous applied  // what comes back
	until    time.Time
	timer    *time.Timer
}

var _ Control = (*Gateway)(nil)

// New returns the control of a gateway. It starts nothing.
func New(store Store, engine Engine, log *slog.Logger) *Gateway {
	return &Gateway{Engine: engine, store: store, log: log}
}

// Boot returns the configuration to start with, and counts it as applied: the
// newest one, or the one before an apply that nobody had confirmed when the
// gateway ended.
func (g *Gateway) Boot() document.Document {
	doc, version := g.store.Newest()
	now := applied{doc, version.Revision}
	if waiting := g.store.Unconfirmed(); waiting != nil {
		now = g.bootBack(waiting.Previous, now)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.applied = now
	return now.doc
}

// bootBack returns what an apply that nobody has confirmed takes back, or now
// if that cannot be read.
func (g *Gateway) bootBack(to Revision, now applied) applied {
	doc, err := g.store.At(to)
	if err != nil {
		g.log.Error("an unconfirmed configuration stays, the one before cannot be read", "revision", uint64(now.revision), "error", err)
		return now
	}
	r, err := g.restore(applied{doc, to}, fmt.Sprintf("revision %d was restarted before it was confirmed", now.revision))
	if err != nil { // the note stays, for the next start
		g.log.Error("the configuration before is in force, but is not stored as the newest one", "revision", uint64(to), "error", err)
		return applied{doc, to}
	}
	if err := g.store.SetUnconfirmed(nil); err != nil {
		g.log.Error("the note of an unconfirmed configuration stays", "error", err)
	}
	return applied{doc, r}
}

// restore makes an older configuration the newest revision.
func (g *Gateway) restore(old applied, why string) (Revision, error) {
	version, err := g.store.Restore(fmt.Sprintf("revision %d again: %s", old.revision, why), old.doc)
	return version.Revision, err
}

// Saved implements [Configuration].
func (g *Gateway) Saved() (document.Document, Revision) {
	doc, version := g.store.Newest()
	return doc, version.Revision
}

// Applied implements [Configuration].
func (g *Gateway) Applied() (document.Document, Revision) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.applied.doc, g.applied.revision
}

// Save implements [Configuration].
func (g *Gateway) Save(_ context.Context, by, what string, base Revision, doc document.Document) (Revision, error) {
	version, err := g.store.Save(by, what, base, doc)
	if err != nil {
		return 0, err
	}
	g.log.Info("configuration saved", "revision", uint64(version.Revision), "by", by, "what", what)
	return version.Revision, nil
}

// Import implements [Configuration].
func (g *Gateway) Import(_ context.Context, by string, base Revision, text []byte) (Revision, error) {
	version, err := g.store.Import(by, base, text)
	if err != nil {
		return 0, err
	}
	g.log.Info("configuration imported", "revision", uint64(version.Revision), "by", by)
	return version.Revision, nil
}

// Export implements [Configuration].
func (g *Gateway) Export(secrets bool) ([]byte, error) { return g.store.Export(secrets) }

// History implements [Configuration].
func (g *Gateway) History() ([]Version, error) { return g.store.History() }

// At implements [Configuration].
func (g *Gateway) At(r Revision) (document.Document, error) { return g.store.At(r) }

// Diff implements [Configuration].
func (g *Gateway) Diff(from, to Revision) ([]Change, error) { return g.store.Diff(from, to) }

// Plan implements [Configuration].
func (g *Gateway) Plan() []Step {
	doc, _ := g.store.Newest()
	return g.Engine.Plan(doc)
}

// Apply implements [Configuration].
func (g *Gateway) Apply(ctx context.Context, by string, confirm time.Duration) ([]Step, error) {
	if confirm != 0 && (confirm < MinConfirm || confirm > MaxConfirm) {
		return nil, fmt.Errorf("the time to confirm is %v, allowed is %v to %v, or 0 for none", confirm, MinConfirm, MaxConfirm)
	}
	g.applying.Lock()
	defer g.applying.Unlock()
	g.mu.Lock()
	waits, before := g.pending != nil, g.applied
	g.mu.Unlock()
	if waits {
		return nil, ErrUnconfirmed
	}
	if confirm > 0 {
		// Stored first: it has to come back even if applying it ends the
		// gateway.
		if err := g.store.SetUnconfirmed(&Unconfirmed{Previous: before.revision, By: by}); err != nil {
			return nil, fmt.Errorf("nothing is applied, since the way back cannot be stored: %w", err)
		}
	}
	if confirm == 0 && g.store.Unconfirmed() != nil { // of one that was taken back, and could not be stored
		if err := g.store.SetUnconfirmed(nil); err != nil {
			return nil, fmt.Errorf("nothing is applied, since the next start would take it back: %w", err)
		}
	}
	doc, version := g.store.Newest()
	steps, err := g.apply(ctx, doc, version.Revision)
	g.log.Info("configuration applied", "revision", uint64(version.Revision), "by", by, "confirm", confirm, "error", err)
	if confirm > 0 {
		g.mu.Lock()
		g.pending = &pending{revision: version.Revision, previous: before, until: time.Now().Add(confirm)}
		g.pending.timer = time.AfterFunc(confirm, g.revert)
		g.mu.Unlock()
	}
	return steps, err
}

// apply is called with applying held.
func (g *Gateway) apply(ctx context.Context, doc document.Document, r Revision) ([]Step, error) {
	steps, err := g.Engine.Apply(ctx, doc)
	if err == nil {
		g.mu.Lock()
		g.applied = applied{doc, r}
		g.mu.Unlock()
	}
	return steps, err
}

// Confirm implements [Configuration].
func (g *Gateway) Confirm(by string) error {
	p := g.waiting()
	if p == nil {
		return ErrNothingPending
	}
	g.applying.Lock() // it may be on its way back
	defer g.applying.Unlock()
	if g.waiting() != p {
		return ErrNothingPending
	}
	if err := g.store.SetUnconfirmed(nil); err != nil {
		return fmt.Errorf("it is not confirmed, and will be taken back: %w", err)
	}
	p.timer.Stop()
	g.takePending()
	g.log.Info("configuration confirmed", "by", by)
	return nil
}

func (g *Gateway) waiting() *pending {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.pending
}

// Pending implements [Configuration].
func (g *Gateway) Pending() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.pending == nil {
		return time.Time{}
	}
	return g.pending.until
}

// takePending gives what waits to one caller only.
func (g *Gateway) takePending() *pending {
	g.mu.Lock()
	defer g.mu.Unlock()
	p := g.pending
	g.pending = nil
	return p
}

// revert takes back an apply that nobody has confirmed.
func (g *Gateway) revert() {
	g.applying.Lock()
	defer g.applying.Unlock()
	p := g.takePending()
	if p == nil {
		return
	}
	revision, stored := g.restore(p.previous, fmt.Sprintf("revision %d was not confirmed in time", p.revision))
	if stored != nil { // the note stays, for the next start
		g.log.Error("the configuration before is not stored as the newest one", "revision", uint64(p.previous.revision), "error", stored)
		revision = p.previous.revision
	}
	ctx, cancel := context.WithTimeout(context.Background(), revertTimeout)
	defer cancel()
	_, err := g.apply(ctx, p.previous.doc, revision)
	g.log.Warn("configuration taken back, nobody confirmed it", "revision", uint64(p.previous.revision), "error", err)
	if stored != nil {
		return
	}
	if err := g.store.SetUnconfirmed(nil); err != nil {
		g.log.Error("the note of an unconfirmed configuration stays", "error", err)
	}
}

// Close forgets an apply that waits; the next Boot takes it back.
func (g *Gateway) Close() {
	if p := g.takePending(); p != nil {
		p.timer.Stop()
	}
}
