package main

import (
	"context"
	"errors"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/openvpn/openvpntest"
	"github.com/fieldgate/fieldgate/openvpn/pki"
)

// The revocation list is kept from ending, and each new one reaches the
// servers that have the authority's clients, and no others.
func TestKeeper(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "authority")
	other, err := pki.CreateAuthority(filepath.Join(t.TempDir(), "other"), pki.AuthorityConfig{})
	require.NoError(t, err)
	synctest.Test(t, func(t *testing.T) {
		files := openvpntest.NewStore()
		server := func(name string) openvpn.Instance {
			return openvpn.Instance{Name: name, Files: map[openvpn.FileKind]string{openvpn.FileCA: "ca.crt", openvpn.FileCRL: "crl.pem"}}
		}
		servers := []openvpn.Instance{server("ours"), server("theirs"), {Name: "client"}, server("later")}
		var revision atomic.Uint64
		var told, failures atomic.Int32
		var refuse atomic.Bool
		k := keeper{
			folder: folder, files: files,
			servers: func() ([]openvpn.Instance, control.Revision) {
				r := control.Revision(revision.Load())
				return servers[:len(servers)-1+int(r)], r
			},
			changed: func(context.Context) error {
				told.Add(1)
				if refuse.Load() {
					return errors.New("no openvpn")
				}
				return nil
			},
			failed: func(error) { failures.Add(1) },
		}
		ctx, end := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { k.run(ctx); close(ended) }()
		time.Sleep(time.Minute)
		assert.Zero(t, failures.Load(), "that there is no authority is no failure")

		made, err := pki.CreateAuthority(folder, pki.AuthorityConfig{CRLLifetime: pki.Duration(24 * time.Hour)})
		require.NoError(t, err)
		require.NoError(t, files.Put("ours", "ca.crt", made.CAPEM()))
		require.NoError(t, files.Put("theirs", "ca.crt", other.CAPEM()))
		time.Sleep(2 * authorityLook)
		first, err := files.Get("ours", "crl.pem")
		require.NoError(t, err)
		assert.EqualValues(t, 1, told.Load())

		client, err := made.IssueClient(pki.Request{Name: "joe"})
		require.NoError(t, err)
		issued, err := made.List()
		require.NoError(t, err)
		require.Len(t, issued, 1, "%v", client)
		require.NoError(t, made.Revoke(issued[0].Serial))
		time.Sleep(2 * authorityLook)
		second, err := files.Get("ours", "crl.pem")
		require.NoError(t, err)
		assert.NotEqual(t, first, second, "who is revoked is told to the server")
		assert.EqualValues(t, 2, told.Load())

		// a server that is applied later gets the list, as does one with old files
		require.NoError(t, files.Put("later", "ca.crt", made.CAPEM()))
		require.NoError(t, files.Put("later", "crl.pem", first))
		revision.Store(1)
		time.Sleep(2 * authorityLook)
		has, err := files.Get("later", "crl.pem")
		require.NoError(t, err)
		assert.Equal(t, second, has, "a server that comes later")
		require.NoError(t, files.Put("ours", "crl.pem", first))
		time.Sleep(2 * authorityCare)
		has, err = files.Get("ours", "crl.pem")
		require.NoError(t, err)
		assert.Equal(t, second, has, "a server that got an older list by hand")
		assert.EqualValues(t, 4, told.Load())

		// a list that nobody touches is made anew long before it ends
		refuse.Store(true)
		time.Sleep(20 * time.Hour)
		third, err := files.Get("ours", "crl.pem")
		require.NoError(t, err)
		list, err := pki.ParseCRL(third)
		require.NoError(t, err)
		assert.Greater(t, time.Until(list.NextUpdate), 6*time.Hour)
		assert.Len(t, list.RevokedCertificateEntries, 1)
		assert.EqualValues(t, 1, failures.Load(), "a failure is told once")
		_, err = files.Get("theirs", "crl.pem")
		require.Error(t, err, "the server of another authority is left alone")
		assert.Greater(t, told.Load(), int32(10), "those that could not be told are told again")
		refuse.Store(false)
		time.Sleep(2 * authorityLook)
		quiet := told.Load()
		time.Sleep(time.Hour)
		assert.Equal(t, quiet, told.Load(), "until they have been")
		end()
		<-ended
	})
}
