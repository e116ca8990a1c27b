package xl2tpd

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/ipsec/l2tp"
)

// serverName is who our server says it is; secrets name it.
const serverName = "fieldgate"

// renderDaemon returns the configuration of xl2tpd. There is no "ipsec saref",
// which would take PPP out of the kernel whatever its value is.
func renderDaemon(s l2tp.Setup, serverOptions string) string {
	var b strings.Builder
	b.WriteString("[global]\naccess control = no\n")
	if s.Listen.IsValid() {
		fmt.Fprintf(&b, "listen-addr = %s\n", s.Listen)
	}
	if s.Server != nil {
		fmt.Fprintf(&b, "\n[lns default]\nip range = %s-%s\nlocal ip = %s\n", s.Server.First, s.Server.Last, s.Server.Local)
		b.WriteString("require authentication = no\n") // of the tunnel; PPP's is pppd's
		b.WriteString("pass peer = yes\n")             // as ipparam, to tell who it is
		fmt.Fprintf(&b, "pppoptfile = %s\n", serverOptions)
	}
	return b.String()
}

// renderClient returns the settings of a client as the control pipe takes them.
func renderClient(peer netip.Addr, options string) string {
	return fmt.Sprintf("lns=%s;require authentication=no;pppoptfile=%s", peer, options)
}

// linkOptions are what all links have in common. Compression and encryption
// below IPsec are of no use, and nothing is taken from the host but addresses.
func linkOptions(b *strings.Builder, p l2tp.PPP, log string) {
	for _, line := range []string{
		"nodetach", "noccp", "novj", "noipv6", "noipdefault", "nodefaultroute", "noproxyarp", "hide-password", "noipx",
	} {
		b.WriteString(line + "\n")
	}
	fmt.Fprintf(b, "mtu %d\nmru %d\n", p.MTU, p.MRU)
	fmt.Fprintf(b, "lcp-echo-interval %d\nlcp-echo-failure %d\n", int64(p.EchoInterval.Std()/time.Second), p.EchoFailures)
	fmt.Fprintf(b, "logfile %s\n", quote(log))
}

// renderCall returns the options of pppd for a client. It holds the password.
func renderCall(c l2tp.Call, log string) string {
	var b strings.Builder
	linkOptions(&b, c.PPP, log)
	b.WriteString("noauth\n") // the server proves itself by IKE, and by MS-CHAPv2's answer
	b.WriteString("refuse-eap\nrefuse-pap\nrefuse-chap\nrefuse-mschap\n")
	b.WriteString("ipcp-accept-local\nipcp-accept-remote\n")
	if c.PeerDNS {
		b.WriteString("usepeerdns\n")
	}
	fmt.Fprintf(&b, "name %s\npassword %s\n", quote(c.Username), quote(c.Password.Reveal()))
	return b.String()
}

// renderServer returns the options of pppd for those who connect to us.
func renderServer(s l2tp.ServerSetup, log string) string {
	var b strings.Builder
	linkOptions(&b, s.PPP, log)
	b.WriteString("auth\nrequire-mschap-v2\nrefuse-eap\nrefuse-pap\nrefuse-chap\nrefuse-mschap\n")
	fmt.Fprintf(&b, "name %s\n", serverName)
	for _, addr := range s.DNS {
		fmt.Fprintf(&b, "ms-dns %s\n", addr)
	}
	return b.String()
}

// renderSecrets returns chap-secrets. Any address may be used: xl2tpd gives
// them, and pppd takes no other.
func renderSecrets(users []l2tp.User) string {
	var b strings.Builder
	for _, u := range users {
		fmt.Fprintf(&b, "%s %s %s *\n", quote(u.Name), serverName, quote(u.Password.Reveal()))
	}
	return b.String()
}

// renderAuthUp returns the script that pppd runs when a client of our server
// has authenticated, with its name as second argument (man pppd(8)). It writes
// the name down, the only way that pppd tells it, in a file that begins with
// prefix and ends with the number of the pppd.
func renderAuthUp(prefix string) string {
	return "#!/bin/sh\numask 077\nprintf '%s\\n' \"$2\" >" + prefix + "$PPPD_PID\n"
}

// quote writes a word as pppd reads it back (getword in its options.c): within
// double quotes, with a backslash before what would end or change it. The text
// has no control characters, which the Config refuses.
func quote(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range []byte(text) {
		if c == '"' || c == '\\' {
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
	b.WriteByte('"')
	return b.String()
}
