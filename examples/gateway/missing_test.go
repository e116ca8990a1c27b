package main

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/ser2net"
)

// everything is a configuration that needs all that a host can have.
func everything() document.Document {
	doc := document.Default()
	doc.IPsec.Enabled, doc.L2TP.Enabled, doc.OpenVPN.Enabled, doc.Ser2net.Enabled = true, true, true, true
	doc.IPsec.Connections = []ipsec.Connection{{Name: "a", Enabled: true}}
	doc.OpenVPN.Instances = []openvpn.Instance{{Name: "a", Enabled: true}}
	doc.Ser2net.Ports = []ser2net.PortConfig{{Name: "meter", Enabled: true, Device: "/dev/ttyS7"}, {Name: "off", Device: "/dev/none"}}
	doc.Modem = document.Modem{Source: document.ModemAT, Device: "/dev/ttyUSB2"}
	doc.Syslog.Source = document.SyslogJournal
	return doc
}

func TestMissing(t *testing.T) {
	complete := []string{
		"/usr/bin/apt-get", "/usr/bin/systemctl", "/var/run/charon.vici", "/usr/sbin/charon-systemd", "/usr/sbin/xl2tpd", "/usr/sbin/pppd",
		"/usr/sbin/openvpn", "/dev/net/tun", "/dev/ttyS7", "/dev/ttyUSB2", "/usr/bin/journalctl",
	}
	for name, c := range map[string]struct {
		without []string
		with    []string
		want    []control.Missing
	}{
		"nothing": {},
		"no daemon": {
			without: []string{"/var/run/charon.vici"},
			want: []control.Missing{{
				Service: "ipsec", What: "charon, the IKE daemon, does not run (no /var/run/charon.vici)", Command: "systemctl enable --now strongswan",
			}},
		},
		"no strongSwan": {
			without: []string{"/var/run/charon.vici", "/usr/sbin/charon-systemd"},
			want: []control.Missing{{
				Service: "ipsec", What: "charon, the IKE daemon, is not installed (no /var/run/charon.vici)", Command: "apt install charon-systemd strongswan-swanctl",
			}},
		},
		"on OpenWrt": {
			without: append([]string{"/dev/ttyS7", "/dev/ttyUSB2", "/usr/bin/journalctl"}, complete[:8]...),
			with:    []string{"/bin/opkg"},
			want: []control.Missing{
				{Service: "ipsec", What: "charon, the IKE daemon, is not installed (no /var/run/charon.vici)", Command: "opkg install strongswan-default strongswan-mod-vici strongswan-swanctl"},
				{Service: "l2tp", What: "xl2tpd is not installed (no /usr/sbin/xl2tpd)", Command: "opkg install xl2tpd"},
				{Service: "l2tp", What: "pppd is not installed", Command: "opkg install ppp"},
				{Service: "openvpn", What: "openvpn is not installed", Command: "opkg install openvpn-openssl"},
				{Service: "openvpn", What: "the kernel has no tun devices (no /dev/net/tun)", Command: "opkg install kmod-tun"},
				{Service: "ser2net", What: "port meter: there is no device /dev/ttyS7: is it plugged in?"},
				{Service: "modem", What: "there is no device /dev/ttyUSB2: is the modem plugged in?"},
				{Service: "api", What: "journalctl is not installed, which syslog.source: journal needs"},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			has := slices.Concat(slices.DeleteFunc(slices.Clone(complete), func(path string) bool { return slices.Contains(c.without, path) }), c.with)
			h := host{exists: func(path string) bool { return slices.Contains(has, path) }, now: earliest()}
			assert.Equal(t, c.want, h.missing(everything(), false))
		})
	}
}

// What is not configured is not missed.
func TestMissingOnlyWhatIsConfigured(t *testing.T) {
	bare := host{exists: func(string) bool { return false }, now: earliest()}
	assert.Empty(t, bare.missing(document.Default(), false))
	doc := everything()
	doc.IPsec.Connections[0].Enabled, doc.OpenVPN.Instances[0].Enabled, doc.L2TP.Enabled, doc.Ser2net.Ports[0].Enabled = false, false, false, false
	doc.Modem.Source, doc.Syslog.Source = document.SourceNone, document.SyslogGateway
	assert.Empty(t, bare.missing(doc, false))
	all := bare.missing(doc, true)
	assert.Len(t, all, 2, "an instance of the folder needs openvpn and tun, too")

	bare.now = time.Date(1970, time.January, 1, 0, 1, 0, 0, time.UTC)
	assert.Equal(t, []control.Missing{{
		Service: "clock", What: "the clock is not set, it shows 1970-01-01 00:01:00 UTC: certificates do not count, and times are wrong",
	}}, bare.missing(doc, false))
}

// Programs elsewhere are looked for there.
func TestMissingElsewhere(t *testing.T) {
	h := host{
		programs: programs{"/tmp/charon", "/opt/openvpn", "/opt/xl2tpd"}, now: earliest(),
		exists: func(path string) bool {
			return !slices.Contains([]string{"/var/run/charon.vici", "/usr/sbin/openvpn", "/usr/sbin/xl2tpd"}, path)
		},
	}
	assert.Empty(t, h.missing(everything(), false))
	h.programs = programs{}
	assert.Len(t, h.missing(everything(), false), 2, "openvpn is looked for in several places")
}
