package control_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/gateway/confstore"
	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
)

// engine remembers what it runs.
type engine struct {
	control.Parts
	mu   sync.Mutex
	runs []string // the models applied
	fail error
	time time.Duration // what an apply takes
}

func (e *engine) hold(d time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.time = d
}

func (e *engine) Plan(document.Document) []control.Step { return nil }

func (e *engine) Apply(_ context.Context, doc document.Document) ([]control.Step, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	time.Sleep(e.time)
	e.runs = append(e.runs, doc.Device.Model)
	return []control.Step{{Service: "web", Action: control.Restarted}}, e.fail
}

func (e *engine) applied() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]string(nil), e.runs...)
}

// folder is a disk that can be full.
type folder struct {
	confstore.Disk
	full atomic.Bool
}

func (f *folder) WriteFile(name string, content []byte) error {
	if f.full.Load() {
		return syscall.ENOSPC
	}
	return f.Disk.WriteFile(name, content)
}

func (f *folder) Remove(name string) error {
	if f.full.Load() {
		return syscall.EROFS
	}
	return f.Disk.Remove(name)
}

// start returns a gateway on a folder with revision 1, model "one".
func start(t *testing.T, dir string) (*control.Gateway, *engine) {
	t.Helper()
	return startOn(t, dir, &folder{Disk: confstore.Disk(dir)})
}

func startOn(t *testing.T, dir string, disk *folder) (*control.Gateway, *engine) {
	t.Helper()
	path := filepath.Join(dir, "gateway.yaml")
	if _, err := os.Stat(path); err != nil {
		require.NoError(t, os.WriteFile(path, []byte("device: {model: one}\n"), 0o600))
	}
	store, err := confstore.Open(disk, confstore.Options{})
	require.NoError(t, err)
	e := &engine{}
	g := control.New(store, e, slog.New(slog.DiscardHandler))
	g.Boot()
	return g, e
}

func save(t *testing.T, g *control.Gateway, model string) control.Revision {
	t.Helper()
	doc, base := g.Saved()
	doc.Device.Model = model
	r, err := g.Save(t.Context(), "anna", "", base, doc)
	require.NoError(t, err)
	return r
}

func TestSaveIsNotApply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, e := start(t, t.TempDir())
		save(t, g, "two")
		_, saved := g.Saved()
		doc, applied := g.Applied()
		assert.EqualValues(t, 2, saved)
		assert.EqualValues(t, 1, applied)
		assert.Equal(t, "one", doc.Device.Model)
		assert.Empty(t, e.applied())

		_, err := g.Apply(t.Context(), "anna", 0)
		require.NoError(t, err)
		_, applied = g.Applied()
		assert.Equal(t, saved, applied)
		assert.Equal(t, []string{"two"}, e.applied())
		assert.True(t, g.Pending().IsZero())
	})
}

func TestConfirmed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, e := start(t, t.TempDir())
		save(t, g, "two")
		_, err := g.Apply(t.Context(), "anna", time.Minute)
		require.NoError(t, err)
		assert.Equal(t, time.Now().Add(time.Minute), g.Pending())
		_, err = g.Apply(t.Context(), "ben", 0)
		require.ErrorIs(t, err, control.ErrUnconfirmed)
		time.Sleep(59 * time.Second)
		require.NoError(t, g.Confirm("anna"))
		require.ErrorIs(t, g.Confirm("anna"), control.ErrNothingPending)
		time.Sleep(time.Hour)
		assert.Equal(t, []string{"two"}, e.applied())
	})
}

func TestNotConfirmed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, e := start(t, t.TempDir())
		save(t, g, "two")
		_, err := g.Apply(t.Context(), "anna", time.Minute)
		require.NoError(t, err)
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Equal(t, []string{"two", "one"}, e.applied())
		doc, saved := g.Saved()
		_, applied := g.Applied()
		assert.Equal(t, "one", doc.Device.Model)
		assert.EqualValues(t, 3, saved, "it is a revision of its own: nothing that was saved is lost")
		assert.Equal(t, saved, applied)
		history, err := g.History()
		require.NoError(t, err)
		assert.Contains(t, history[0].What, "not confirmed in time")
		assert.ErrorIs(t, g.Confirm("anna"), control.ErrNothingPending)
	})
}

// The power goes while a change waits: the one before comes back.
func TestRestartedBeforeConfirmed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		g, _ := start(t, dir)
		save(t, g, "two")
		_, err := g.Apply(t.Context(), "anna", time.Minute)
		require.NoError(t, err)
		g.Close()

		again, _ := start(t, dir)
		doc, _ := again.Applied()
		assert.Equal(t, "one", doc.Device.Model)
		once, _ := start(t, dir)
		_, revision := once.Applied()
		assert.EqualValues(t, 3, revision, "it is taken back once only")
	})
}

// A disk that is full, or cannot be written, does not keep the way back closed.
func TestTakenBackOnAFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		disk := &folder{Disk: confstore.Disk(dir)}
		g, e := startOn(t, dir, disk)
		save(t, g, "two")
		_, err := g.Apply(t.Context(), "anna", time.Minute)
		require.NoError(t, err)
		disk.full.Store(true)
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Equal(t, []string{"two", "one"}, e.applied())

		for range 2 { // each start, as long as it is not stored
			again, _ := startOn(t, dir, disk)
			doc, revision := again.Applied()
			assert.Equal(t, "one", doc.Device.Model)
			assert.EqualValues(t, 1, revision)
		}
		again, _ := startOn(t, dir, disk)
		_, err = again.Apply(t.Context(), "anna", 0)
		require.ErrorIs(t, err, syscall.EROFS, "the next start would take it back")
		disk.full.Store(false)
		_, err = again.Apply(t.Context(), "anna", 0)
		require.NoError(t, err)
		again, _ = startOn(t, dir, disk)
		doc, revision := again.Applied()
		assert.Equal(t, "two", doc.Device.Model, "it was applied after all")
		assert.EqualValues(t, 2, revision)
	})
}

// A confirmation that is not stored is none: it can be tried again, and else
// what was said happens.
func TestConfirmOnAFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		disk := &folder{Disk: confstore.Disk(dir)}
		g, e := startOn(t, dir, disk)
		save(t, g, "two")
		_, err := g.Apply(t.Context(), "anna", time.Minute)
		require.NoError(t, err)
		disk.full.Store(true)
		require.ErrorIs(t, g.Confirm("anna"), syscall.EROFS)
		assert.NotZero(t, g.Pending())
		disk.full.Store(false)
		require.NoError(t, g.Confirm("anna"))
		assert.Zero(t, g.Pending())
		time.Sleep(time.Hour)
		assert.Equal(t, []string{"two"}, e.applied())
	})
}

// What others save meanwhile does not change what comes back.
func TestSavedWhileItWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, e := start(t, t.TempDir())
		save(t, g, "two")
		_, err := g.Apply(t.Context(), "anna", time.Minute)
		require.NoError(t, err)
		for range confstore.DefaultKeep + 5 {
			doc, _ := g.Saved()
			save(t, g, doc.Device.Model+"x")
		}
		_, err = g.Apply(t.Context(), "bert", 0)
		require.ErrorIs(t, err, control.ErrUnconfirmed)
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Equal(t, []string{"two", "one"}, e.applied())
		doc, _ := g.Saved()
		assert.Equal(t, "one", doc.Device.Model)
		history, err := g.History()
		require.NoError(t, err)
		assert.Equal(t, "revision 1 again: revision 2 was not confirmed in time", history[0].What)
	})
}

// A confirmation that comes while it is taken back comes too late, and says so.
func TestConfirmWhileItIsTakenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, e := start(t, t.TempDir())
		save(t, g, "two")
		_, err := g.Apply(t.Context(), "anna", time.Minute)
		require.NoError(t, err)
		e.hold(time.Second)
		time.Sleep(time.Minute + 500*time.Millisecond)
		require.ErrorIs(t, g.Confirm("anna"), control.ErrNothingPending)
		time.Sleep(time.Second)
		doc, _ := g.Applied()
		assert.Equal(t, "one", doc.Device.Model)
	})
}

func TestFailedApply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, e := start(t, t.TempDir())
		e.fail = errors.New("web keeps its old configuration")
		save(t, g, "two")
		steps, err := g.Apply(t.Context(), "anna", 0)
		require.ErrorIs(t, err, e.fail)
		assert.NotEmpty(t, steps)
		_, applied := g.Applied()
		assert.EqualValues(t, 1, applied, "the change still waits to be applied")
	})
}

func TestTimeToConfirm(t *testing.T) {
	g, _ := start(t, t.TempDir())
	for _, d := range []time.Duration{-1, time.Second, 2 * time.Hour} {
		_, err := g.Apply(t.Context(), "anna", d)
		assert.ErrorContains(t, err, "allowed is 5s to 1h0m0s")
	}
}
