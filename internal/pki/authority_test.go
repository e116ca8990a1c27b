package pki_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/config"
	"github.com/fieldgate/fieldgate/internal/pki"
)

const day = 24 * time.Hour

func days(n int) config.Duration { return config.Duration(time.Duration(n) * day) }

func TestAuthorityLists(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, path := authority(t, pki.AuthorityConfig{CertificateLifetime: days(100)})
		c1, c2 := client(t, a, "one"), client(t, a, "two")
		require.NoError(t, a.Revoke(c2.Serial()))
		long, err := a.IssueServer(pki.Request{Name: "long", Lifetime: days(4000), Names: []string{"192.0.2.1"}, Key: pki.Ed25519})
		require.NoError(t, err)
		assert.True(t, long.Leaf().NotAfter.Equal(a.Certificate().NotAfter), "nothing outlives its CA")

		list, err := a.List()
		require.NoError(t, err)
		want := []pki.Issued{
			{Serial: c1.Serial(), Name: "one", Use: pki.UseClient, Key: pki.P256, Lifetime: days(100)},
			{Serial: c2.Serial(), Name: "two", Use: pki.UseClient, Key: pki.P256, Lifetime: days(100), Revoked: time.Now()},
			{Serial: long.Serial(), Name: "long", Use: pki.UseServer, Key: pki.Ed25519, Lifetime: days(4000), Names: []string{"192.0.2.1"}},
		}
		for n, id := range []pki.Identity{c1, c2, long} {
			want[n].NotBefore, want[n].NotAfter = id.Leaf().NotBefore, id.Leaf().NotAfter
		}
		text, err := json.Marshal(list)
		require.NoError(t, err)
		wantText, err := json.Marshal(want)
		require.NoError(t, err)
		assert.JSONEq(t, string(wantText), string(text))

		states := func() (states []pki.State) {
			for _, i := range list {
				states = append(states, i.State(time.Now()))
			}
			return states
		}
		check := func() []string {
			found, err := a.Check(time.Now())
			require.NoError(t, err)
			return texts(found)
		}
		assert.Equal(t, []pki.State{pki.StateValid, pki.StateRevoked, pki.StateValid}, states())
		assert.Empty(t, check())
		time.Sleep(71 * day)
		assert.Equal(t, []pki.State{pki.StateEnding, pki.StateRevoked, pki.StateValid}, states())
		assert.Equal(t, []string{"warning: one: it ends on 2000-04-10: renew it before"}, check())
		time.Sleep(20 * day)
		assert.Equal(t, []string{
			"warning: one: it ends on 2000-04-10: renew it before",
			"warning: revocation list of Fieldgate CA: it should have been made anew, and ends on 2000-06-29: run Maintain",
		}, check())
		time.Sleep(10 * day)
		assert.Equal(t, []pki.State{pki.StateExpired, pki.StateRevoked, pki.StateValid}, states())
		time.Sleep(100 * day)
		assert.Equal(t, []string{
			"fault: one: it expired on 2000-04-10: renew or revoke it",
			"fault: revocation list of Fieldgate CA: it expired on 2000-06-29, and servers refuse every client: run Maintain",
		}, check())
		_, err = a.Maintain(time.Now())
		require.NoError(t, err)
		assert.Equal(t, []string{"fault: one: it expired on 2000-04-10: renew or revoke it"}, check())

		time.Sleep(time.Until(a.Certificate().NotAfter) - 180*day + time.Second)
		_, err = a.Maintain(time.Now())
		require.NoError(t, err)
		assert.Contains(t, check(), "warning: Fieldgate CA: it ends on 2009-12-29: renew it before")
		time.Sleep(181 * day)
		_, err = a.IssueClient(pki.Request{Name: "late"})
		require.ErrorContains(t, err, "the certificate of the authority itself expired on 2009-12-29")
		_, err = pki.OpenAuthority(path)
		require.NoError(t, err, "it is still there to look at")
	})
}

func TestAuthorityConfig(t *testing.T) {
	require.NoError(t, pki.AuthorityConfig{}.Validate())
	assert.Empty(t, pki.AuthorityConfig{}.Warnings())
	bad := pki.AuthorityConfig{Name: "a/b", Key: "dsa", Lifetime: 1, CertificateLifetime: -1, CRLLifetime: days(40000)}
	var faults config.Errors
	require.ErrorAs(t, bad.Validate(), &faults)
	assert.Len(t, faults, 5)
	_, err := pki.CreateAuthority(filepath.Join(t.TempDir(), "ca"), bad)
	require.ErrorAs(t, err, &faults)

	odd := pki.AuthorityConfig{Lifetime: days(900), CertificateLifetime: days(1000), CRLLifetime: days(1)}
	require.NoError(t, odd.Validate())
	var paths []string
	for _, w := range odd.Warnings() {
		paths = append(paths, w.Path)
	}
	assert.Equal(t, []string{"certificate_lifetime", "certificate_lifetime", "crl_lifetime"}, paths)

	a, path := authority(t, odd)
	c, err := a.Config()
	require.NoError(t, err)
	assert.Equal(t, days(900), c.Lifetime)
	assert.Equal(t, pki.P256, c.Key)
	assert.Equal(t, `authority "Fieldgate CA"`, a.String())
	again, err := pki.OpenAuthority(path)
	require.NoError(t, err)
	assert.Equal(t, a.CAPEM(), again.CAPEM())
}

// The clock of a gateway without a battery begins long ago.
func TestAuthorityClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, path := authority(t, pki.AuthorityConfig{})
		c := client(t, a, "one")
		before, err := a.CRL()
		require.NoError(t, err)
		_, err = a.Maintain(time.Unix(0, 0))
		require.ErrorIs(t, err, pki.ErrClock)
		after, err := a.CRL()
		require.NoError(t, err)
		assert.Equal(t, before, after)

		// Set back a little, but before the list: it is made anew.
		time.Sleep(60 * day)
		require.NoError(t, a.Revoke(c.Serial()))
		changed, err := a.Maintain(time.Now().Add(-50 * day))
		require.NoError(t, err)
		assert.True(t, changed)
		assert.Equal(t, []pki.Serial{c.Serial()}, revoked(crl(t, a)))
		assert.True(t, crl(t, a).ThisUpdate.Before(time.Now().Add(-50*day)))
		_ = path
	})
	// An authority of the future is opened, and issues nothing.
	path := filepath.Join(t.TempDir(), "ca")
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(100 * 366 * day)
		_, err := pki.CreateAuthority(path, pki.AuthorityConfig{})
		require.NoError(t, err)
	})
	a, err := pki.OpenAuthority(path)
	require.NoError(t, err)
	_, err = a.IssueClient(pki.Request{Name: "one"})
	require.ErrorIs(t, err, pki.ErrClock)
	require.ErrorIs(t, a.Revoke("0A"), pki.ErrClock)
}

func TestMaintain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, path := authority(t, pki.AuthorityConfig{CRLLifetime: days(10)})
		last := crl(t, a)
		for range 400 {
			time.Sleep(day / 4)
			changed, err := a.Maintain(time.Now())
			require.NoError(t, err)
			list := crl(t, a)
			assert.Equal(t, changed, list.Number.Cmp(last.Number) > 0)
			assert.Greater(t, time.Until(list.NextUpdate), 4*day, "never near its end")
			assert.True(t, list.ThisUpdate.Before(time.Now()))
			last = list
		}
		assert.EqualValues(t, 21, last.Number.Int64(), "made anew each five days of a hundred")

		for _, damage := range []func() error{
			func() error { return os.Remove(filepath.Join(path, "crl.pem")) },
			func() error { return os.WriteFile(filepath.Join(path, "crl.pem"), []byte("junk"), 0o600) },
			func() error { return os.Chmod(filepath.Join(path, "crl.pem"), 0o644) },
			func() error {
				other, _ := authority(t, pki.AuthorityConfig{})
				text, err := other.CRL()
				return errors.Join(err, os.WriteFile(filepath.Join(path, "crl.pem"), text, 0o600))
			},
		} {
			require.NoError(t, damage())
			changed, err := a.Maintain(time.Now())
			require.NoError(t, err)
			assert.True(t, changed)
			next := crl(t, a)
			assert.Greater(t, next.Number.Int64(), last.Number.Int64())
			last = next
		}
	})
}

// Several programs change one authority at the same time.
func TestAuthorityShared(t *testing.T) {
	_, path := authority(t, pki.AuthorityConfig{})
	var work sync.WaitGroup
	for n := range 8 {
		work.Go(func() {
			a, err := pki.OpenAuthority(path)
			if !assert.NoError(t, err) {
				return
			}
			for k := range 4 {
				id, err := a.IssueClient(pki.Request{Name: fmt.Sprintf("client-%d-%d", n, k)})
				if assert.NoError(t, err) && k%2 == 0 {
					assert.NoError(t, a.Revoke(id.Serial()))
				}
				_, err = a.Maintain(time.Now())
				assert.NoError(t, err)
			}
		})
	}
	work.Wait()
	a, err := pki.OpenAuthority(path)
	require.NoError(t, err)
	list, err := a.List()
	require.NoError(t, err)
	assert.Len(t, list, 32)
	assert.Len(t, revoked(crl(t, a)), 16)
	assert.Len(t, files(t, filepath.Join(path, "issued")), 16)
	for _, i := range list {
		_, err := a.Identity(i.Serial)
		if i.Revoked.IsZero() {
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, pki.ErrRevoked)
		}
	}
}

func TestAuthorityFiles(t *testing.T) {
	a, path := authority(t, pki.AuthorityConfig{})
	client(t, a, "one")
	_, err := a.TLSCryptKey()
	require.NoError(t, err)
	_, err = a.TLSCryptV2ClientKey()
	require.NoError(t, err)
	private(t, path)

	require.NoError(t, os.Chmod(path, 0o755))
	_, err = pki.OpenAuthority(path)
	require.ErrorContains(t, err, "make it 0700")
	require.NoError(t, os.Chmod(path, 0o700))
	require.NoError(t, os.Chmod(filepath.Join(path, "ca.pem"), 0o644))
	_, err = pki.OpenAuthority(path)
	require.ErrorContains(t, err, "ca.pem: its mode is 0644, others than its owner may use it: make it 0600")
	_, err = pki.OpenAuthority(filepath.Join(path, "gone"))
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = pki.OpenAuthority(t.TempDir())
	require.Error(t, err)
}

// private demands that nobody but the owner may use what is in a folder.
func private(t *testing.T, path string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		info, err := d.Info()
		require.NoError(t, err)
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		}
		assert.Equal(t, want, info.Mode().Perm(), name)
		return nil
	}))
}

func files(t *testing.T, path string) []string {
	t.Helper()
	entries, err := os.ReadDir(path)
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// A damaged index stops everything, rather than forgetting revocations.
func TestAuthorityDamaged(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "junk": "junk", "unknown field": `{"version":1,"color":1}`, "other version": `{"version":2}`,
		"bad serial": `{"version":1,"issued":[{"serial":"../ca"}]}`, "bad config": `{"version":1,"config":{"key":"dsa"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			a, path := authority(t, pki.AuthorityConfig{})
			require.NoError(t, os.WriteFile(filepath.Join(path, "index.json"), []byte(text), 0o600))
			_, err := pki.OpenAuthority(path)
			require.ErrorContains(t, err, "index.json")
			_, err = a.IssueClient(pki.Request{Name: "x"})
			require.ErrorContains(t, err, "index.json")
			_, err = a.Check(time.Now())
			require.Error(t, err)
			_, err = a.List()
			require.Error(t, err)
		})
	}
	_, path := authority(t, pki.AuthorityConfig{})
	m := &maker{t: t, now: time.Now()}
	require.NoError(t, os.WriteFile(filepath.Join(path, "ca.pem"), certPEM(m.root("x")), 0o600))
	_, err := pki.OpenAuthority(path)
	require.ErrorContains(t, err, "does not hold a CA certificate and its key")
}

// The disk is full at each file in turn: what was begun is not there, or said
// to be unfinished and made good later.
func TestAuthorityDiskFull(t *testing.T) {
	full := func(t *testing.T, path string) (free func()) {
		if _, err := os.Stat("/dev/full"); err != nil {
			t.Skip("needs /dev/full")
		}
		require.NoError(t, os.Symlink("/dev/full", path+".new"))
		return func() { _ = os.Remove(path + ".new") }
	}
	a, path := authority(t, pki.AuthorityConfig{})
	one := client(t, a, "one")
	t.Run("issue", func(t *testing.T) {
		free := full(t, filepath.Join(path, "index.json"))
		defer free()
		_, err := a.IssueClient(pki.Request{Name: "two"})
		require.ErrorIs(t, err, syscall.ENOSPC)
		assert.Len(t, files(t, filepath.Join(path, "issued")), 1)
	})
	t.Run("revoke", func(t *testing.T) {
		free := full(t, filepath.Join(path, "index.json"))
		defer free()
		require.ErrorIs(t, a.Revoke(one.Serial()), syscall.ENOSPC)
		_, err := a.Identity(one.Serial())
		require.NoError(t, err, "not begun")
		assert.Empty(t, revoked(crl(t, a)))
	})
	t.Run("revocation list", func(t *testing.T) {
		free := full(t, filepath.Join(path, "crl.pem"))
		defer free()
		err := a.Revoke(one.Serial())
		require.ErrorIs(t, err, syscall.ENOSPC)
		require.ErrorContains(t, err, "it is revoked, but not all is done yet")
		findings, err := a.Check(time.Now())
		require.NoError(t, err)
		assert.Equal(t, []string{"fault: revocation list of Fieldgate CA: it does not tell yet what was revoked: run Maintain"}, texts(findings))
		free()
		_, err = a.Maintain(time.Now())
		require.NoError(t, err)
		assert.Equal(t, []pki.Serial{one.Serial()}, revoked(crl(t, a)))
		assert.Empty(t, files(t, filepath.Join(path, "issued")))
	})
	t.Run("create", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "ca")
		require.NoError(t, os.Mkdir(dir, 0o700))
		free := full(t, filepath.Join(dir, "ca.pem"))
		defer free()
		_, err := pki.CreateAuthority(dir, pki.AuthorityConfig{})
		require.ErrorIs(t, err, syscall.ENOSPC)
		_, err = pki.CreateAuthority(dir, pki.AuthorityConfig{})
		require.NoError(t, err, "the failed one is no hindrance")
	})
}
