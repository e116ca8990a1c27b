package openvpn_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/openvpn/openvpntest"
)

// A folder of the disk with everything in it that does not belong there.
func TestFolderOfTheDisk(t *testing.T) {
	outside := t.TempDir()
	secret := filepath.Join(outside, "shadow")
	require.NoError(t, os.WriteFile(secret, []byte("root:hunter2:\n"), 0o600))
	folder := t.TempDir()
	old := time.Now().Add(-time.Hour)
	write := func(name, content string) {
		path := filepath.Join(folder, name)
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		require.NoError(t, os.Chtimes(path, old, old))
	}
	write("good.conf", confText)
	for _, name := range []string{"ca.crt", "c.crt", "c.key"} {
		write(name, "content of "+name)
	}
	write("byside.conf", strings.ReplaceAll(confText, "ca.crt", "stolen.crt"))
	for n := range 2000 {
		write(fmt.Sprintf("other%d.txt", n), "x")
	}
	require.NoError(t, os.Symlink(secret, filepath.Join(folder, "leak.conf")))
	require.NoError(t, os.Symlink(secret, filepath.Join(folder, "stolen.crt")))
	require.NoError(t, os.Symlink("good.conf", filepath.Join(folder, "linked.conf")))
	require.NoError(t, os.Symlink("loop.conf", filepath.Join(folder, "loop.conf")))
	require.NoError(t, os.Symlink("/dev/zero", filepath.Join(folder, "zero.conf")))
	require.NoError(t, syscall.Mkfifo(filepath.Join(folder, "pipe.conf"), 0o600))
	require.NoError(t, os.Chtimes(filepath.Join(folder, "pipe.conf"), old, old))
	require.NoError(t, os.Mkdir(filepath.Join(folder, "sub.conf"), 0o700))

	s, err := openvpn.New(openvpn.Config{Enabled: true, Folder: openvpn.Folder{Enabled: true, Path: folder}},
		openvpn.Options{Runner: openvpntest.NewRunner(), Store: openvpntest.NewStore()})
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context()))
	t.Cleanup(func() { require.NoError(t, s.Stop(context.Background())) })
	state := func(name string) openvpn.InstanceStatus {
		for _, st := range s.Status().Instances {
			if st.Name == name {
				return st
			}
		}
		return openvpn.InstanceStatus{}
	}
	for _, name := range []string{"good", "linked"} {
		require.Eventually(t, func() bool { return state(name).State == openvpn.StateConnected }, 30*time.Second, 10*time.Millisecond, name)
	}
	for _, name := range []string{"leak", "loop", "zero", "pipe", "byside"} {
		require.Eventually(t, func() bool { return state(name).State == openvpn.StateFailed }, 30*time.Second, 10*time.Millisecond, name)
		assert.Equal(t, openvpn.CauseConfig, state(name).Cause, name)
	}
	assert.NotContains(t, fmt.Sprint(s.Status()), "hunter2")
	assert.Contains(t, state("byside").Detail, "stolen.crt")
}
