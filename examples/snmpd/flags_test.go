package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The command lines of Debian, OpenWrt and the manual.
func TestFlags(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want options
	}{
		"debian": {
			[]string{"-LOw", "-u", "Debian-snmp", "-g", "Debian-snmp", "-I", "-smux,mteTrigger,mteTriggerConf", "-f", "-p", "/run/snmpd.pid"},
			options{foreground: true, pidFile: "/run/snmpd.pid", log: logTarget{kind: 'o'}, notes: []string{
				"-u Debian-snmp has no effect: start the daemon as the user that it is to run as.",
				"-g Debian-snmp has no effect: start the daemon as the user that it is to run as.",
				"-I -smux,mteTrigger,mteTriggerConf has no effect.",
			}},
		},
		"openwrt": {
			[]string{"-Lf", "/dev/null", "-f", "-r"},
			options{foreground: true, log: logTarget{kind: 'f', file: "/dev/null"}, notes: []string{"-r has no effect."}},
		},
		"letters together": {
			[]string{"-fCc/a.conf,/b.conf", "-c", "/c.conf", "-AVU", "-Dall", "-Lf/x", "udp:161", "1161"},
			options{foreground: true, noDefaults: true, configs: []string{"/a.conf", "/b.conf", "/c.conf"}, verbose: true, leavePID: true,
				log: logTarget{kind: 'f', file: "/x", append: true}, listen: []string{"udp:161", "1161"}, notes: []string{"-D all has no effect."}},
		},
		"priority before the file": {
			[]string{"-LF", "w", "/x", "-Le", "--", "-x"},
			options{log: logTarget{kind: 'e', file: "/x"}, listen: []string{"-x"}},
		},
		"directives": {
			[]string{"--rocommunity=public default", "-f", "--sysName=a=b"},
			options{foreground: true, directives: "rocommunity public default\nsysName a=b\n"},
		},
		"ours": {[]string{"--extend", "-Ls", "d"}, options{extend: true, log: logTarget{kind: 's'}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parseFlags(c.args)
			require.NoError(t, err)
			assert.Equal(t, c.want, got)
		})
	}
	for _, args := range [][]string{{"-L"}, {"-c"}, {"-Lf"}, {"-LF", "w"}, {"-Z"}, {"-L", "q"}} {
		_, err := parseFlags(args)
		assert.Error(t, err, "%v", args)
	}
}
