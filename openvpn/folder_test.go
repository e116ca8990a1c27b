package openvpn_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/openvpn"
)

const confText = "client\ndev tun\nremote vpn.example.org\nca ca.crt\ncert c.crt\nkey c.key\nremote-cert-tls server\nup /bin/evil\n"

// filled is a rig with a folder whose files are old.
func filled(t *testing.T, names ...string) *rig {
	t.Helper()
	r := newRig(t, openvpn.Config{Enabled: true, Folder: openvpn.Folder{Enabled: true}})
	for _, name := range []string{"ca.crt", "c.crt", "c.key"} {
		r.folder.putOld(name, "content of "+name)
	}
	for _, name := range names {
		r.folder.putOld(name, confText)
	}
	return r
}

func TestFolder(t *testing.T) {
	in(t, func(t *testing.T) {
		r := filled(t, "office.conf", "off.conf", "claimed.conf", "ignored.ovpn", ".hidden.conf")
		r.config.Folder.Disabled = []string{"OFF"}
		claimed := clientInstance("Claimed")
		r.config.Instances = []openvpn.Instance{claimed}
		r.fill(t, claimed)
		require.NoError(t, r.Apply(t.Context(), r.config))
		require.NoError(t, r.Start(t.Context()))
		settle()
		require.Len(t, r.Status().Instances, 3)
		st := r.status(t, "office")
		assert.Equal(t, openvpn.StateConnected, st.State)
		assert.True(t, st.FromFolder)
		assert.True(t, st.Enabled)
		assert.NotEmpty(t, st.Report.Lines)
		assert.NotContains(t, string(r.runner.Launches()[0].Config)+string(r.runner.Launches()[1].Config), "evil")
		assert.Equal(t, openvpn.StateStopped, r.status(t, "off").State)
		assert.False(t, r.status(t, "Claimed").FromFolder)
		require.NoError(t, r.StartInstance("off"), "a disabled one can be started by hand")
		settle()
		assert.Equal(t, openvpn.StateConnected, r.status(t, "off").State)
	})
}

func TestFolderIsFollowed(t *testing.T) {
	in(t, func(t *testing.T) {
		r := filled(t)
		require.NoError(t, r.Start(t.Context()))
		settle()
		assert.Empty(t, r.Status().Instances)
		for n := range 5 { // somebody is writing
			r.folder.put("office.conf", confText[:20*(n+1)])
			time.Sleep(2 * time.Second)
			assert.Empty(t, r.Status().Instances, "half a file")
		}
		r.folder.put("office.conf", confText)
		time.Sleep(5 * time.Second)
		first := r.status(t, "office")
		assert.Equal(t, openvpn.StateConnected, first.State)

		r.folder.put("ca.crt", "another") // a file that it names
		time.Sleep(6 * time.Second)
		second := r.status(t, "office")
		assert.NotEqual(t, first.PID, second.PID)
		time.Sleep(time.Hour)
		assert.Equal(t, second.PID, r.status(t, "office").PID, "nothing has changed")

		r.folder.remove("office.conf")
		time.Sleep(2100 * time.Millisecond)
		r.folder.put("office.conf", confText) // an editor put it back
		time.Sleep(10 * time.Second)
		assert.Equal(t, second.PID, r.status(t, "office").PID)

		r.folder.fail(errors.New("the disk is gone"))
		time.Sleep(10 * time.Second)
		assert.Equal(t, second.PID, r.status(t, "office").PID, "no tunnel ends for that")
		assert.Contains(t, r.Status().FolderError, "the disk is gone")
		r.folder.fail(nil)

		r.folder.remove("office.conf")
		time.Sleep(10 * time.Second)
		assert.Empty(t, r.Status().Instances)
		assert.Empty(t, r.Status().FolderError)
		assert.Zero(t, r.runner.Running())
	})
}

func TestFolderBadFiles(t *testing.T) {
	in(t, func(t *testing.T) {
		r := filled(t, "good.conf", "Twin.conf", "twin.conf", "bad name.conf")
		r.folder.putOld("huge.conf", strings.Repeat("#", 100<<10))
		r.folder.putOld("empty.conf", "")
		r.folder.putOld("nokey.conf", strings.ReplaceAll(confText, "c.key", "absent.key"))
		require.NoError(t, r.Start(t.Context()))
		settle()
		assert.Equal(t, openvpn.StateConnected, r.status(t, "good").State)
		for name, detail := range map[string]string{
			"bad name": "rename the file", "huge": "longer than", "empty": "empty.conf", "nokey": "absent.key",
		} {
			st := r.status(t, name)
			assert.Equal(t, openvpn.StateFailed, st.State, name)
			assert.Equal(t, openvpn.CauseConfig, st.Cause, name)
			assert.Contains(t, st.Detail, detail, name)
		}
		assert.Contains(t, r.Status().FolderError, "differ only in case")
	})
}

func TestFolderManyFiles(t *testing.T) {
	in(t, func(t *testing.T) {
		r := filled(t)
		for n := range 300 {
			r.folder.putOld(fmt.Sprintf("f%03d.conf", n), confText)
		}
		require.NoError(t, r.Start(t.Context()))
		settle()
		assert.Len(t, r.Status().Instances, 256)
		assert.Contains(t, r.Status().FolderError, "more than 256")
		assert.Equal(t, 256, r.runner.Running())
	})
}

// A file that is trusted whole runs as it is, from its own folder.
func TestFolderTrusted(t *testing.T) {
	in(t, func(t *testing.T) {
		r := filled(t, "office.conf")
		require.NoError(t, r.Start(t.Context()))
		settle()
		r.config.Folder = openvpn.Folder{Enabled: true, TrustWhole: true}
		require.NoError(t, r.Apply(t.Context(), r.config))
		settle()
		launches := r.runner.Launches()
		l := launches[len(launches)-1]
		assert.True(t, l.Trusted)
		assert.Equal(t, confText, string(l.Config))
		assert.Equal(t, "/etc/openvpn", l.Folder)
		assert.Equal(t, openvpn.StateConnected, r.status(t, "office").State)
		r.config.Folder = openvpn.Folder{}
		require.NoError(t, r.Apply(t.Context(), r.config))
		synctest.Wait()
		assert.Zero(t, r.runner.Running())
	})
}
