package xl2tpd

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/fieldgate/fieldgate/ipsec/l2tp"
)

func TestRenderCall(t *testing.T) {
	got := renderCall(l2tp.Call{
		Name: "a", Username: `d"ev\1 #x`, Password: l2tp.NewSecret(`p "q\`), PPP: l2tp.DefaultPPP(), PeerDNS: true,
	}, "/run/x/to_a.log")
	for _, line := range []string{
		"mtu 1400", "mru 1400", "lcp-echo-interval 20", "lcp-echo-failure 5", "refuse-mschap", "refuse-pap",
		"nodefaultroute", "usepeerdns", `name "d\"ev\\1 #x"`, `password "p \"q\\"`, `logfile "/run/x/to_a.log"`,
	} {
		assert.Contains(t, "\n"+got, "\n"+line+"\n")
	}
	assert.Equal(t, "lns=192.0.2.2;require authentication=no;pppoptfile=/x", renderClient(netip.MustParseAddr("192.0.2.2"), "/x"))
}

func TestRenderServer(t *testing.T) {
	addr := netip.MustParseAddr
	s := l2tp.ServerSetup{
		Local: addr("10.0.0.1"), First: addr("10.0.0.2"), Last: addr("10.0.0.9"), DNS: []netip.Addr{addr("10.0.0.53")},
		Users: []l2tp.User{{Name: `a b`, Password: l2tp.NewSecret(`"`)}}, PPP: l2tp.DefaultPPP(),
	}
	assert.Equal(t, `"a b" fieldgate "\"" *`+"\n", renderSecrets(s.Users))
	assert.Contains(t, renderServer(s, "/log"), "\nauth\nrequire-mschap-v2\n")
	assert.Contains(t, renderServer(s, "/log"), "\nms-dns 10.0.0.53\n")
	assert.Equal(t, `[global]
access control = no
listen-addr = 192.0.2.1

[lns default]
ip range = 10.0.0.2-10.0.0.9
local ip = 10.0.0.1
require authentication = no
pass peer = yes
pppoptfile = /o
`, renderDaemon(l2tp.Setup{Listen: addr("192.0.2.1"), Server: &s}, "/o"))
	assert.NotContains(t, renderDaemon(l2tp.Setup{}, ""), "lns")
}

// Whatever a Config lets through stays one word.
func FuzzQuote(f *testing.F) {
	for _, text := range []string{"", "a", `\`, `"`, `\"`, "a b", "#", "'", "ä"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		quoted := quote(text)
		body := quoted[1 : len(quoted)-1]
		var back strings.Builder
		for i := 0; i < len(body); i++ {
			if body[i] == '\\' {
				i++
			} else if body[i] == '"' {
				t.Fatalf("%q ends early", quoted)
			}
			if i == len(body) {
				t.Fatalf("%q does not end", quoted)
			}
			back.WriteByte(body[i])
		}
		assert.Equal(t, text, back.String())
	})
}

func TestExplain(t *testing.T) {
	for cause, log := range map[l2tp.Cause]string{
		l2tp.CauseAuthentication: "Using interface ppp0\nCHAP authentication failed: E=691\nConnection terminated.\nModem hangup",
		l2tp.CauseDead:           "No response to 5 echo-requests\nSerial link appears to be disconnected.\nModem hangup",
		l2tp.CauseHost:           "Sorry - this system lacks PPP kernel support",
		l2tp.CauseClosed:         "LCP terminated by peer (User request)\nTerminating on signal 15",
		l2tp.CauseOther:          "something new",
	} {
		f := explain("a", strings.Split(log, "\n"))
		assert.Equal(t, cause, f.Cause)
		assert.NotEmpty(t, f.Log)
	}
	assert.Equal(t, []netip.Addr{netip.MustParseAddr("10.0.0.1")}, peerDNS([]string{
		"remote IP address 10.9.9.9", "primary   DNS address 10.0.0.1", "secondary DNS address 10.0.0.1", "secondary DNS address x",
	}))
}
