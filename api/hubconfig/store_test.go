package hubconfig_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/apitest/suite"
	"github.com/fieldgate/fieldgate/api/hubconfig"
)

// hub stands for one: it takes configurations.
type hub struct {
	config hubconfig.Config
	calls  int
	fail   error
}

func (h *hub) apply(c hubconfig.Config) error {
	h.calls++
	if h.fail != nil {
		return h.fail
	}
	h.config = c
	return nil
}

// one is the configuration of one virtual device.
func one(alias string) []byte {
	return []byte("devices: [{device_alias: " + alias + ", protocol: virtual device}]\n")
}

func TestStoreConforms(t *testing.T) {
	for name, files := range map[string][3][]byte{
		"yaml": {one("A"), one("B"), []byte("devices: [{}]")},
		"workbook": {
			book(t, with(deviceSheet, "device", "", "/dev/ttyS0", ""), signalSheet, moreSignals),
			book(t, with(deviceSheet, "device", "", "/dev/ttyS1", ""), signalSheet),
			book(t, deviceSheet),
		},
	} {
		t.Run(name, func(t *testing.T) {
			suite.TestSync(t, func(t *testing.T) suite.SyncRig {
				var h hub
				folder := t.TempDir()
				s := hubconfig.NewStore(folder, h.apply)
				return suite.SyncRig{
					Sync: s, First: files[0], Second: files[1], Refused: files[2],
					InForce: func(t *testing.T) string {
						stored, err := s.Load()
						require.NoError(t, err)
						assert.Equal(t, stored, h.config, "what is stored is what is in force")
						return h.config.String()
					},
				}
			})
		})
	}
}

// sync takes a file that is fine.
func sync(t *testing.T, s *hubconfig.Store, file []byte) {
	t.Helper()
	report, err := s.Sync(t.Context(), bytes.NewReader(file))
	require.NoError(t, err, report)
}

// aliases returns the devices that are stored.
func aliases(t *testing.T, s *hubconfig.Store) (found string) {
	t.Helper()
	c, err := s.Load()
	require.NoError(t, err)
	for _, d := range c.Devices {
		found += d.Alias
	}
	return found
}

func TestRestore(t *testing.T) {
	var h hub
	folder := t.TempDir()
	s := hubconfig.NewStore(folder, h.apply)
	require.ErrorIs(t, s.Restore(), hubconfig.ErrNoPrevious)
	assert.Empty(t, aliases(t, s))
	sync(t, s, one("A"))
	sync(t, s, one("B"))
	require.NoError(t, s.Restore())
	assert.Equal(t, "A", aliases(t, s))
	assert.Equal(t, "A", h.config.Devices[0].Alias)
	require.NoError(t, s.Restore())
	assert.Equal(t, "B", aliases(t, s), "restoring twice brings back what was")

	again := hubconfig.NewStore(folder, h.apply) // after a start
	assert.Equal(t, "B", aliases(t, again))
	require.NoError(t, again.Restore())
	assert.Equal(t, "A", aliases(t, s))
	assert.Equal(t, []string{"hub.previous.yaml", "hub.yaml"}, names(t, folder))
}

func names(t *testing.T, folder string) (found []string) {
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	for _, e := range entries {
		found = append(found, e.Name())
		info, err := e.Info()
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	}
	return found
}

// What a hub does not take is not stored.
func TestApplyFails(t *testing.T) {
	var h hub
	folder := t.TempDir()
	s := hubconfig.NewStore(folder, h.apply)
	sync(t, s, one("A"))
	h.fail = errors.New("the hub has stopped")
	_, err := s.Sync(t.Context(), bytes.NewReader(one("B")))
	require.ErrorIs(t, err, h.fail)
	require.NotErrorIs(t, err, api.ErrRefused)
	assert.Equal(t, "A", aliases(t, s))
	assert.Equal(t, []string{"hub.previous.yaml", "hub.yaml"}, names(t, folder))
}

// Where the disk does not take it, nothing is applied.
func TestStoringFails(t *testing.T) {
	var h hub
	folder := filepath.Join(t.TempDir(), "missing")
	s := hubconfig.NewStore(folder, h.apply)
	_, err := s.Sync(t.Context(), bytes.NewReader(one("A")))
	require.ErrorIs(t, err, os.ErrNotExist)
	assert.Zero(t, h.calls)

	require.NoError(t, os.MkdirAll(filepath.Join(folder, "hub.yaml", "x"), 0o700)) // a folder in its place
	_, err = s.Sync(t.Context(), bytes.NewReader(one("A")))
	require.Error(t, err)
	assert.Zero(t, h.config)
}

// A power cut leaves files that the next change writes over, and a damaged
// configuration is told, kept aside and replaced.
func TestLeftoversAndDamage(t *testing.T) {
	var h hub
	folder := t.TempDir()
	s := hubconfig.NewStore(folder, h.apply)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "hub.yaml.new"), []byte("half a fi"), 0o600))
	assert.Empty(t, aliases(t, s))
	sync(t, s, one("A"))
	assert.Equal(t, "A", aliases(t, s))

	require.NoError(t, os.WriteFile(filepath.Join(folder, "hub.yaml"), []byte("devices: [{"), 0o600))
	_, err := s.Load()
	require.ErrorContains(t, err, "hub.yaml: refused: this is neither a workbook nor YAML")
	sync(t, s, one("B"))
	assert.Equal(t, "B", aliases(t, s))
	require.ErrorIs(t, s.Restore(), api.ErrRefused)
	assert.Equal(t, "B", aliases(t, s))
}

func TestSyncRefusesALongFile(t *testing.T) {
	var h hub
	s := hubconfig.NewStore(t.TempDir(), h.apply)
	report, err := s.Sync(t.Context(), strings.NewReader(strings.Repeat("#", hubconfig.MaxWorkbook+1)))
	assert.Equal(t, "refused: the file has more than 8388608 bytes\n", report)
	require.ErrorIs(t, err, api.ErrRefused)
	require.ErrorContains(t, err, "the file has more than 8388608 bytes")
}
