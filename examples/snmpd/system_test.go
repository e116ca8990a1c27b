package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/snmp"
)

const (
	sysContact = ".1.3.6.1.2.1.1.4.0"
	sysName    = ".1.3.6.1.2.1.1.5.0"
)

// A manager sets what the configuration does not say, with the answers of
// snmpd.
func TestIntegrationSetAsNetSNMP(t *testing.T) {
	config := configFile(t, `
rocommunity reader
rwcommunity writer
createUser bob SHA-256 longpassword AES
rwuser bob priv
syslocation hall 3
`)
	theirs, ours := freeAddress(t), freeAddress(t)
	launch(t, "", peer(t, "snmpd"), "-I", "-smux", "-c", config, "udp:"+theirs)
	launch(t, "", built, "-c", config, "udp:"+ours)
	const bob = "-v3 -u bob -l authPriv -a SHA-256 -A longpassword -x AES -X longpassword"
	long := strings.Repeat("x", 256)
	for _, q := range [][]question{
		asks("-v2c -c writer", "snmpset "+sysContact+" s ops", "snmpset "+sysName+" s gateway-7", "snmpget "+sysContact+" "+sysName),
		asks("-v1 -c writer", "snmpset "+sysContact+" s one", "snmpget "+sysContact),
		asks(bob, "snmpset "+sysName+" s gateway-8 "+sysContact+" s Bob", "snmpget "+sysContact+" "+sysName),
		// The configuration says it.
		asks("-v2c -c writer", "snmpset "+sysLocation+" s elsewhere", "snmpset "+sysContact+" s changed "+sysLocation+" s elsewhere"),
		asks("-v1 -c writer", "snmpset "+sysLocation+" s elsewhere"),
		asks("-v2c -c writer", "snmpset "+sysContact+" i 7", "snmpset "+sysContact+" s "+long, "snmpset "+sysDescr+" s x"),
		asks("-v2c -c reader", "snmpset "+sysContact+" s changed"),
		asks("-v2c -c writer", "snmpget "+sysContact+" "+sysName+" "+sysLocation),
	} {
		for _, one := range q {
			compare(t, one, theirs, ours)
		}
	}
	assert.Equal(t, sysContact+` = STRING: "Bob"`, ask(t, "snmpget", "-v2c", "-c", "reader", ours, sysContact))
}

// What was set is there after a restart, and after one with a configuration
// that says otherwise it is that of the configuration.
func TestIntegrationSetIsKept(t *testing.T) {
	folder, addr := t.TempDir(), freeAddress(t)
	config := configFile(t, "rwcommunity writer\n")
	get := func(object string) string { return ask(t, "snmpget", "-v2c", "-c", "writer", "-Oqv", addr, object) }
	end := func(p *process) {
		p.signal(syscall.SIGTERM)
		<-p.ended
	}
	p := launch(t, folder, built, "-c", config, addr)
	for object, text := range map[string]string{sysContact: "ops", sysName: "gateway-7", sysLocation: "hall 3"} {
		assert.Contains(t, ask(t, "snmpset", "-v2c", "-c", "writer", addr, object, "s", text), text)
	}
	end(p)
	p = launch(t, folder, built, "-c", config, addr)
	assert.Equal(t, `"ops"`, get(sysContact))
	assert.Equal(t, `"gateway-7"`, get(sysName))
	assert.Equal(t, `"hall 3"`, get(sysLocation))

	require.NoError(t, os.WriteFile(config, []byte("rwcommunity writer\nsyscontact others\n"), 0o600))
	p.signal(syscall.SIGHUP)
	p.find("Reconfiguring daemon")
	require.Eventually(t, func() bool { return get(sysContact) == `"others"` }, 20*time.Second, 50*time.Millisecond)
	assert.Equal(t, `"gateway-7"`, get(sysName))
	end(p)

	require.NoError(t, os.WriteFile(filepath.Join(folder, "fieldgate-system"), []byte("{"), 0o600))
	p = launch(t, folder, built, "-c", config, addr)
	p.find("Error: what was set of the system group cannot be read: ")
	assert.Equal(t, `"others"`, get(sysContact))
}

// Only what managers may set is kept, so that it does not outlive the line of
// a configuration.
func TestSettable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "system")
	configured := snmp.System{Location: "hall 3", Services: 77}
	s := newSettable(path, configured)
	assert.Equal(t, snmp.SystemFields{Location: true}, s.fixed)
	loaded, err := s.load(configured)
	require.NoError(t, err)
	assert.Equal(t, configured, loaded, "nothing was set yet")
	require.NoError(t, s.save(snmp.System{Name: "gateway", Location: "hall 3", Contact: "Jörg", Services: 77}))
	loaded, err = newSettable(path, snmp.System{}).load(snmp.System{})
	require.NoError(t, err)
	assert.Equal(t, snmp.System{Name: "gateway", Contact: "Jörg"}, loaded)
	require.Error(t, newSettable(filepath.Join(path, "none"), configured).save(configured))
}
