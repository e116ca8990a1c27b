package main

import (
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/ser2net"
)

// programs says where backends are, where that is not the usual place.
type programs struct{ charon, openvpn, xl2tpd string }

// host looks for what services need.
type host struct {
	programs
	exists func(path string) bool
	now    time.Time
}

// thisHost looks at this one.
func thisHost(p programs) host {
	return host{p, func(path string) bool { _, err := os.Stat(path); return err == nil }, time.Now()}
}

// any reports whether one of the programs is in one of the usual folders.
func (h host) any(names ...string) bool {
	for _, name := range names {
		for _, folder := range []string{"/usr/sbin", "/usr/local/sbin", "/usr/bin", "/usr/local/bin", "/sbin", "/bin", "/usr/lib/ipsec", "/usr/libexec/ipsec"} {
			if h.exists(filepath.Join(folder, name)) {
				return true
			}
		}
	}
	return false
}

// install is the command for a package that is called so by Debian and so by
// OpenWrt; empty where the host has neither's.
func (h host) install(debian, openwrt string) string {
	switch {
	case h.any("apt-get"):
		return "apt install " + debian
	case h.any("opkg"):
		return "opkg install " + openwrt
	case h.any("apk"):
		return "apk add " + openwrt
	}
	return ""
}

// start is the command that starts a daemon that is installed.
func (h host) start(debian, openwrt string) string {
	switch {
	case h.any("systemctl"):
		return "systemctl enable --now " + debian
	case h.exists("/etc/init.d/" + openwrt):
		return "/etc/init.d/" + openwrt + " start"
	}
	return ""
}

// missing lists what the configuration wants and the host does not have.
// folder tells whether instances came from the folder of *.conf files.
func (h host) missing(doc document.Document, folder bool) []control.Missing {
	var all []control.Missing
	lacks := func(service, what, command string) {
		all = append(all, control.Missing{Service: service, What: what, Command: command})
	}
	if h.now.Before(earliest()) {
		command := ""
		if h.any("timedatectl") {
			command = "timedatectl set-ntp true"
		}
		lacks("clock", "the clock is not set, it shows "+h.now.UTC().Format(time.DateTime)+" UTC: certificates do not count, and times are wrong", command)
	}
	if tunnels := doc.L2TP.Extend(doc.IPsec); withIPsec && tunnels.Enabled && slices.ContainsFunc(tunnels.Connections, func(c ipsec.Connection) bool { return c.Enabled }) {
		h.missingIPsec(lacks)
	}
	if withIPsec && doc.L2TP.Enabled {
		if program := orDefault(h.xl2tpd, xl2tpdProgram); !h.exists(program) {
			lacks("l2tp", "xl2tpd is not installed (no "+program+")", h.install("xl2tpd", "xl2tpd"))
		}
		if !h.any("pppd") {
			lacks("l2tp", "pppd is not installed", h.install("ppp", "ppp"))
		}
	}
	if withOpenVPN && doc.OpenVPN.Enabled && (folder || slices.ContainsFunc(doc.OpenVPN.Instances, func(i openvpn.Instance) bool { return i.Enabled })) {
		if !h.any("openvpn") && (h.openvpn == "" || !h.exists(h.openvpn)) {
			lacks("openvpn", "openvpn is not installed", h.install("openvpn", "openvpn-openssl"))
		}
		if !h.exists("/dev/net/tun") {
			lacks("openvpn", "the kernel has no tun devices (no /dev/net/tun)", h.tun())
		}
	}
	if withSer2net && doc.Ser2net.Enabled {
		for _, port := range doc.Ser2net.Ports {
			if port.Enabled && !h.exists(port.Device) && port.Device != "" {
				lacks("ser2net", "port "+port.Name+": there is no device "+port.Device+": is it plugged in?", devices(port))
			}
		}
	}
	if withModem && doc.Modem.Source == document.ModemAT && !h.exists(doc.Modem.Device) {
		lacks("modem", "there is no device "+doc.Modem.Device+": is the modem plugged in?", "")
	}
	if withAPI && doc.Syslog.Source == document.SyslogJournal && !h.any("journalctl") {
		lacks("api", "journalctl is not installed, which syslog.source: journal needs", "")
	}
	if withAPI && doc.Syslog.Source == document.SyslogLogread && !h.any("logread") {
		lacks("api", "logread is not installed, which syslog.source: logread needs", "")
	}
	return all
}

func (h host) missingIPsec(lacks func(service, what, command string)) {
	socket := orDefault(h.charon, charonSocket)
	switch {
	case h.exists(socket):
	case h.any("charon-systemd", "charon"):
		lacks("ipsec", "charon, the IKE daemon, does not run (no "+socket+")", h.start("strongswan", "swanctl"))
	default:
		lacks("ipsec", "charon, the IKE daemon, is not installed (no "+socket+")",
			h.install("charon-systemd strongswan-swanctl", "strongswan-default strongswan-mod-vici strongswan-swanctl"))
	}
}

func (h host) tun() string {
	if h.any("opkg", "apk") && !h.any("apt-get") {
		return h.install("", "kmod-tun")
	}
	return "modprobe tun"
}

// devices is the command that shows which serial devices there are.
func devices(port ser2net.PortConfig) string {
	if filepath.Dir(port.Device) == "/dev/serial/by-id" {
		return "ls -l /dev/serial/by-id"
	}
	return ""
}

func orDefault(path, usual string) string {
	if path == "" {
		return usual
	}
	return path
}
