package pki_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/pki"
)

// snapshot is the content of a folder, by name.
type snapshot map[string][]byte

func snap(t *testing.T, path string) snapshot {
	t.Helper()
	s := make(snapshot)
	for _, dir := range []string{"", "issued"} {
		for _, name := range files(t, filepath.Join(path, dir)) {
			full := filepath.Join(path, dir, name)
			if info, err := os.Stat(full); err == nil && info.Mode().IsRegular() {
				text, err := os.ReadFile(full)
				require.NoError(t, err)
				s[filepath.Join(dir, name)] = text
			}
		}
	}
	return s
}

// restore makes a folder of it.
func (s snapshot) restore(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ca")
	require.NoError(t, os.MkdirAll(filepath.Join(path, "issued"), 0o700))
	for name, text := range s {
		require.NoError(t, os.WriteFile(filepath.Join(path, name), text, 0o600))
	}
	return path
}

// The power fails after each single file of a change has reached the disk, in
// every order in which the files could have: what is found then is the state
// before or after the change, whole and consistent.
func TestPowerCut(t *testing.T) {
	changes := map[string]func(t *testing.T, a *pki.Authority, one pki.Serial){
		"issue":  func(t *testing.T, a *pki.Authority, _ pki.Serial) { client(t, a, "two") },
		"revoke": func(t *testing.T, a *pki.Authority, one pki.Serial) { require.NoError(t, a.Revoke(one)) },
		"renew": func(t *testing.T, a *pki.Authority, one pki.Serial) {
			_, err := a.Renew(one)
			require.NoError(t, err)
		},
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			a, path := authority(t, pki.AuthorityConfig{})
			one := client(t, a, "one")
			before := snap(t, path)
			change(t, a, one.Serial())
			after := snap(t, path)
			list, err := a.List()
			require.NoError(t, err)

			// The order in which a change touches its files: new identity,
			// index, revocation list, old identity.
			var steps []string
			for name := range after {
				if _, old := before[name]; !old {
					steps = append(steps, name)
				}
			}
			steps = append(steps, "index.json", "crl.pem")
			for name := range before {
				if _, left := after[name]; !left {
					steps = append(steps, name)
				}
			}
			for done := range len(steps) + 1 {
				state := make(snapshot)
				for name, text := range before {
					state[name] = text
				}
				for _, name := range steps[:done] {
					if text, there := after[name]; there {
						state[name] = text
					} else {
						delete(state, name)
					}
				}
				if done < len(steps) { // what a cut leaves of the next file
					state[steps[done]+".new"] = []byte("half a fi")
				}
				begun := slices.Contains(steps[:done], "index.json")
				consistent(t, state.restore(t), one.Serial(), list, begun)
			}
		})
	}
}

// consistent opens what a power cut left. begun tells whether the index knows
// of the change.
func consistent(t *testing.T, path string, one pki.Serial, after []pki.Issued, begun bool) {
	t.Helper()
	a, err := pki.OpenAuthority(path)
	require.NoError(t, err)
	list, err := a.List()
	require.NoError(t, err)
	if begun {
		assert.Equal(t, len(after), len(list))
	} else {
		assert.Len(t, list, 1)
		assert.Equal(t, one, list[0].Serial)
		assert.True(t, list[0].Revoked.IsZero())
	}
	var gone []pki.Serial
	var kept []string
	for _, i := range list {
		if i.Revoked.IsZero() {
			kept = append(kept, string(i.Serial)+".pem")
			_, err := a.Identity(i.Serial)
			require.NoError(t, err)
		} else {
			gone = append(gone, i.Serial)
		}
	}
	assert.ElementsMatch(t, kept, files(t, filepath.Join(path, "issued")))
	assert.Equal(t, gone, revoked(crl(t, a)))
	client(t, a, "three")
	private(t, path)
}

// A creation that was cut off is begun anew.
func TestPowerCutWhileCreating(t *testing.T) {
	a, path := authority(t, pki.AuthorityConfig{})
	_ = a
	s := snap(t, path)
	delete(s, "ca.pem")
	delete(s, "crl.pem")
	s["ca.pem.new"] = []byte("half")
	left := s.restore(t)
	_, err := pki.OpenAuthority(left)
	require.ErrorIs(t, err, os.ErrNotExist)
	again, err := pki.CreateAuthority(left, pki.AuthorityConfig{})
	require.NoError(t, err)
	client(t, again, "one")
}
