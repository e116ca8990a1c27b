package xl2tpd

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/fieldgate/fieldgate/ipsec/l2tp"
)

// A reason is what pppd writes when a link ends, and what it means.
type reason struct {
	text   string
	cause  l2tp.Cause
	detail string
}

// reasons are looked for in this order: the first that occurs anywhere in the
// log of one link is taken, since the later ones follow from the earlier. The
// texts are those of pppd 2.4.7 to 2.5.
var reasons = []reason{
	{"lacks PPP kernel support", l2tp.CauseHost, "the kernel has no PPP: load the module ppp_generic"},
	{"CHAP authentication failed", l2tp.CauseAuthentication, "the server refuses user name or password"},
	{"CHAP authentication timed out", l2tp.CauseAuthentication, "the server did not end the authentication"},
	{"Failed to authenticate ourselves", l2tp.CauseAuthentication, "the server refuses user name or password"},
	{"MS-CHAPv2 mutual authentication failed", l2tp.CauseAuthentication, "the server does not know the password itself"},
	{"No CHAP secret found", l2tp.CauseAuthentication, "the server is known under another name"},
	{"peer refused to authenticate", l2tp.CauseAuthentication, "the peer refuses to authenticate"},
	{"LCP: timeout sending Config-Requests", l2tp.CauseNegotiation, "the server's PPP is silent; it may have a tunnel from before a loss of power, and gives that up within minutes"},
	{"IPCP: timeout sending Config-Requests", l2tp.CauseAddress, "the server gives no addresses"},
	{"Could not determine local IP address", l2tp.CauseAddress, "the server gives us no address"},
	{"Peer is not authorized to use remote address", l2tp.CauseAddress, "the peer wants an address that it may not have"},
	{"No network protocols running", l2tp.CauseNegotiation, "the server does not speak IPv4"},
	{"No response to", l2tp.CauseDead, "echo requests stayed unanswered"},
	{"Serial link appears to be disconnected", l2tp.CauseDead, "echo requests stayed unanswered"},
	{"LCP terminated by peer", l2tp.CauseClosed, "the server ended PPP"},
	{"Modem hangup", l2tp.CauseClosed, "the server ended the session"},
	{"Terminating on signal 15", l2tp.CauseClosed, "the tunnel was closed"},
	{"Hangup (SIGHUP)", l2tp.CauseClosed, "the server ended the session"},
}

// explain tells why a link ended from the log of its pppd.
func explain(client string, log []string) *l2tp.Failure {
	f := &l2tp.Failure{
		Client: client, Cause: l2tp.CauseOther, Detail: "PPP ended, see its log", Log: tail(log, 10),
	}
	for _, r := range reasons {
		for _, line := range log {
			if strings.Contains(line, r.text) {
				f.Cause, f.Detail = r.cause, r.detail
				return f
			}
		}
	}
	return f
}

// peerDNS returns the name servers that pppd was told, from its log. Where there
// is one, peers tend to tell it twice.
func peerDNS(log []string) []netip.Addr {
	var list []netip.Addr
	for _, line := range log {
		_, text, ok := strings.Cut(line, " DNS address ")
		if !ok || !strings.HasPrefix(line, "primary") && !strings.HasPrefix(line, "secondary") {
			continue
		}
		if addr, err := netip.ParseAddr(strings.TrimSpace(text)); err == nil && !addr.IsUnspecified() && !slices.Contains(list, addr) {
			list = append(list, addr)
		}
	}
	return list
}

func tail(lines []string, n int) []string { return lines[max(0, len(lines)-n):] }
