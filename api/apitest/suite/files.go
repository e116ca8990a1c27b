package suite

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api"
)

// SyncRig is a provider of sync, with files for it.
type SyncRig struct {
	Sync api.Sync
	// First and Second are configurations that differ; Refused is none.
	First, Second, Refused []byte
	// InForce tells the configuration in force, in any form.
	InForce func(t *testing.T) string
}

// TestSync runs the conformance tests of [api.Sync], each on what open
// returns.
func TestSync(t *testing.T, open func(t *testing.T) SyncRig) {
	for name, run := range map[string]func(*testing.T, SyncRig){
		"takes_configurations": func(t *testing.T, h SyncRig) {
			_, err := h.Sync.Sync(t.Context(), bytes.NewReader(h.First))
			require.NoError(t, err)
			first := h.InForce(t)
			_, err = h.Sync.Sync(t.Context(), iotest.OneByteReader(bytes.NewReader(h.Second)))
			require.NoError(t, err, "in small pieces")
			second := h.InForce(t)
			assert.NotEqual(t, first, second)
			_, err = h.Sync.Sync(t.Context(), iotest.DataErrReader(bytes.NewReader(h.First)))
			require.NoError(t, err)
			assert.Equal(t, first, h.InForce(t))
		},
		"refuses": func(t *testing.T, h SyncRig) {
			before := h.settle(t)
			report, err := h.Sync.Sync(t.Context(), bytes.NewReader(h.Refused))
			require.ErrorIs(t, err, api.ErrRefused)
			assert.NotEmpty(t, report)
			assert.Equal(t, before, h.InForce(t))
		},
		"broken_off": func(t *testing.T, h SyncRig) {
			before := h.settle(t)
			for _, n := range []int{0, 1, len(h.Second) / 2, len(h.Second) - 1, len(h.Second)} {
				_, err := h.Sync.Sync(t.Context(), breaksOff(h.Second[:n]))
				require.ErrorIs(t, err, io.ErrUnexpectedEOF, "after %d of %d bytes", n, len(h.Second))
				require.NotErrorIs(t, err, api.ErrRefused)
				assert.Equal(t, before, h.InForce(t))
			}
		},
		"ended_context": func(t *testing.T, h SyncRig) {
			before := h.settle(t)
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_, err := h.Sync.Sync(ctx, bytes.NewReader(h.Second))
			require.ErrorIs(t, err, context.Canceled)
			assert.Equal(t, before, h.InForce(t))
		},
		"busy": func(t *testing.T, h SyncRig) {
			whileBusy(t, h.First, func(file io.Reader) error {
				_, err := h.Sync.Sync(t.Context(), file)
				return err
			})
		},
	} {
		t.Run(name, func(t *testing.T) { run(t, open(t)) })
	}
}

// settle puts the first configuration in force.
func (h SyncRig) settle(t *testing.T) (inForce string) {
	t.Helper()
	_, err := h.Sync.Sync(t.Context(), bytes.NewReader(h.First))
	require.NoError(t, err)
	return h.InForce(t)
}

// UpgradeRig is a provider of upgrades, with images for it.
type UpgradeRig struct {
	Upgrade api.Upgrade
	// Good is an image for this device; Refused is none.
	Good, Refused []byte
	// Applied counts the upgrades that were started.
	Applied func(t *testing.T) int
}

// TestUpgrade runs the conformance tests of [api.Upgrade], each on what open
// returns.
func TestUpgrade(t *testing.T, open func(t *testing.T) UpgradeRig) {
	receive := func(t *testing.T, f UpgradeRig, image io.Reader) (func() error, error) {
		t.Helper()
		apply, err := f.Upgrade.Receive(t.Context(), image)
		assert.Equal(t, err == nil, apply != nil, "apply comes without an error only")
		return apply, err
	}
	for name, run := range map[string]func(*testing.T, UpgradeRig){
		"takes_an_image": func(t *testing.T, f UpgradeRig) {
			apply, err := receive(t, f, iotest.HalfReader(bytes.NewReader(f.Good)))
			require.NoError(t, err)
			assert.Zero(t, f.Applied(t), "before apply")
			require.NoError(t, apply())
			assert.Equal(t, 1, f.Applied(t))
		},
		"never_applied": func(t *testing.T, f UpgradeRig) {
			first, err := receive(t, f, bytes.NewReader(f.Good))
			require.NoError(t, err)
			second, err := receive(t, f, iotest.DataErrReader(bytes.NewReader(f.Good)))
			require.NoError(t, err)
			require.Error(t, first(), "the image that the second replaced")
			assert.Zero(t, f.Applied(t))
			require.NoError(t, second())
			assert.Equal(t, 1, f.Applied(t))
		},
		"refuses": func(t *testing.T, f UpgradeRig) {
			_, err := receive(t, f, bytes.NewReader(f.Refused))
			require.ErrorIs(t, err, api.ErrRefused)
			assert.Zero(t, f.Applied(t))
			_, err = receive(t, f, bytes.NewReader(f.Good))
			require.NoError(t, err, "a good one after it")
		},
		"broken_off": func(t *testing.T, f UpgradeRig) {
			for _, n := range []int{0, 1, len(f.Good) / 2, len(f.Good) - 1, len(f.Good)} {
				_, err := receive(t, f, breaksOff(f.Good[:n]))
				require.ErrorIs(t, err, io.ErrUnexpectedEOF, "after %d of %d bytes", n, len(f.Good))
				require.NotErrorIs(t, err, api.ErrRefused)
			}
			assert.Zero(t, f.Applied(t))
		},
		"ended_context": func(t *testing.T, f UpgradeRig) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_, err := f.Upgrade.Receive(ctx, bytes.NewReader(f.Good))
			require.ErrorIs(t, err, context.Canceled)
			assert.Zero(t, f.Applied(t))
		},
		"busy": func(t *testing.T, f UpgradeRig) {
			whileBusy(t, f.Good, func(file io.Reader) error {
				_, err := f.Upgrade.Receive(t.Context(), file)
				return err
			})
			assert.Zero(t, f.Applied(t))
		},
	} {
		t.Run(name, func(t *testing.T) { run(t, open(t)) })
	}
}

// breaksOff is the begin of a file whose client goes away.
func breaksOff(begin []byte) io.Reader {
	return io.MultiReader(bytes.NewReader(begin), iotest.ErrReader(io.ErrUnexpectedEOF))
}

// whileBusy demands of take that it refuses one file while it takes another,
// without reading it, and takes it afterwards.
func whileBusy(t *testing.T, file []byte, take func(io.Reader) error) {
	reading, goOn := make(chan struct{}), make(chan struct{})
	first := make(chan error, 1)
	go func() {
		first <- take(io.MultiReader(readerFunc(func([]byte) (int, error) {
			close(reading)
			<-goOn
			return 0, io.EOF
		}), bytes.NewReader(file)))
	}()
	select {
	case <-reading:
	case err := <-first:
		require.NoError(t, err)
		require.Fail(t, "the file was not read")
	}
	err := take(readerFunc(func([]byte) (int, error) {
		return 0, errors.New("read although another one is under way")
	}))
	close(goOn)
	require.ErrorIs(t, err, api.ErrBusy)
	require.NoError(t, <-first)
	require.NoError(t, take(bytes.NewReader(file)), "afterwards")
}

// readerFunc is an io.Reader.
type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
