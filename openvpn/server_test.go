package openvpn_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/openvpn/openvpntest"
)

// scriptAsking wants a user name and a password.
func scriptAsking(password openvpn.Secret) openvpntest.Script {
	return openvpntest.Script{
		Ask:    []openvpn.NeedCredentials{{What: "Auth", User: true}},
		Accept: func(c openvpn.Credentials) bool { return c.Username == "joe" && c.Password == password },
	}
}

func TestUsersAndClients(t *testing.T) {
	in(t, func(t *testing.T) {
		hub := serverInstance("hub")
		hub.Users = []openvpn.User{{Name: "joe", Password: openvpn.NewSecret("secret")}, {Name: "ann", Password: openvpn.NewSecret("other")}}
		hub.Clients = []openvpn.Client{
			{CommonName: "fixed", Address: "10.8.0.50", Networks: []string{"192.168.7.0/24", "fd00:7::/64"}},
			{CommonName: "off", Disabled: true},
		}
		r := started(t, hub)
		p := r.runner.Process("hub")
		for name, c := range map[string]struct {
			cn, user, password string
			in                 bool
		}{
			"right":           {"x", "joe", "secret", true},
			"wrong password":  {"x", "joe", "secre", false},
			"other's":         {"x", "joe", "other", false},
			"unknown user":    {"x", "eve", "secret", false},
			"none":            {"x", "", "", false},
			"joined together": {"x", "joes", "ecret", false},
			"disabled":        {"off", "joe", "secret", false},
			"listed":          {"fixed", "ann", "other", true},
		} {
			cid := p.Join(c.cn, c.user, c.password)
			synctest.Wait()
			options, in := p.Admitted(cid)
			assert.Equal(t, c.in, in, name)
			if name == "listed" {
				assert.Equal(t, []openvpn.Option{
					{Name: "ifconfig-push", Args: []string{"10.8.0.50", "255.255.255.0"}},
					{Name: "iroute", Args: []string{"192.168.7.0", "255.255.255.0"}},
					{Name: "iroute-ipv6", Args: []string{"fd00:7::/64"}},
				}, options)
			}
		}
		pid := r.status(t, "hub").PID
		hub.Users = hub.Users[1:]
		r.apply(t, hub)
		cid := p.Join("x", "joe", "secret")
		synctest.Wait()
		_, in := p.Admitted(cid)
		assert.False(t, in, "joe is no user any more")
		assert.Equal(t, pid, r.status(t, "hub").PID, "and nobody was cut off for that")
		assert.NotContains(t, r.log.String(), "secret")
	})
}

func TestListedClientsOnly(t *testing.T) {
	in(t, func(t *testing.T) {
		hub := serverInstance("hub")
		hub.ListedClientsOnly, hub.Clients = true, []openvpn.Client{{CommonName: "known"}}
		r := started(t, hub)
		p := r.runner.Process("hub")
		known, unknown := p.Join("known", "", ""), p.Join("unknown", "", "")
		synctest.Wait()
		_, in := p.Admitted(known)
		assert.True(t, in)
		_, in = p.Admitted(unknown)
		assert.False(t, in)
	})
}

func TestKickAndBan(t *testing.T) {
	for name, asks := range map[string]bool{"server that asks": true, "server that does not": false} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T) {
				hub := serverInstance("hub")
				if asks {
					hub.Clients = []openvpn.Client{{CommonName: "x"}}
				}
				r := started(t, hub)
				p := r.runner.Process("hub")
				p.Join("bad", "", "")
				p.Join("good", "", "")
				settle()
				n, err := r.Kick(t.Context(), "hub", "bad")
				require.NoError(t, err)
				assert.Equal(t, 1, n)
				p.Join("bad", "", "")
				settle()
				require.NoError(t, r.Ban(t.Context(), "hub", "bad", time.Hour))
				cid := p.Join("bad", "", "")
				settle()
				_, in := p.Admitted(cid)
				assert.False(t, in)
				list, err := r.Clients(t.Context(), "hub")
				require.NoError(t, err)
				require.Len(t, list, 1)
				assert.Equal(t, "good", list[0].CommonName)
				bans, err := r.Bans("hub")
				require.NoError(t, err)
				assert.Len(t, bans, 1)
				time.Sleep(time.Hour)
				cid = p.Join("bad", "", "")
				settle()
				_, in = p.Admitted(cid)
				assert.True(t, in, "the ban is over")
				require.NoError(t, r.Ban(t.Context(), "hub", "bad", 0))
				require.NoError(t, r.Unban("hub", "bad"))
				bans, err = r.Bans("hub")
				require.NoError(t, err)
				assert.Empty(t, bans)
			})
		})
	}
}

// What goes wrong with one client is no state of the server; a revocation
// list that has ended is told, until a client gets in.
func TestServerAndItsClientsTroubles(t *testing.T) {
	in(t, func(t *testing.T) {
		r := started(t, serverInstance("hub"))
		p := r.runner.Process("hub")
		p.Emit(openvpn.LogLine{Text: "198.51.100.9:4000 TLS Error: TLS handshake failed"})
		assert.Empty(t, r.status(t, "hub").Cause)
		p.Emit(openvpn.LogLine{Text: "198.51.100.9:4000 VERIFY ERROR: depth=0, error=CRL has expired: CN=x"})
		st := r.status(t, "hub")
		assert.Equal(t, openvpn.StateConnected, st.State)
		assert.Equal(t, openvpn.CauseCRLExpired, st.Cause)
		p.Join("x", "", "")
		assert.Empty(t, r.status(t, "hub").Cause)
	})
}

// A client that never gets through has failed, however often openvpn tries;
// one that loses its tunnel reconnects.
func TestClientTroubles(t *testing.T) {
	in(t, func(t *testing.T) {
		r := newRig(t, openvpn.Config{Enabled: true, Instances: []openvpn.Instance{clientInstance("office")}})
		r.runner.Script("office", openvpntest.Script{Hang: true})
		require.NoError(t, r.Start(t.Context()))
		settle()
		p := r.runner.Process("office")
		assert.Equal(t, openvpn.StateConnecting, r.status(t, "office").State)
		assert.Equal(t, "ASSIGN_IP", r.status(t, "office").Step)
		p.Emit(openvpn.LogLine{Text: "TLS Error: TLS key negotiation failed to occur within 60 seconds (check your network connectivity)"})
		p.Emit(openvpn.LogLine{Text: "TLS Error: TLS handshake failed"})
		p.Lose("tls-error")
		time.Sleep(5 * time.Second)
		st := r.status(t, "office")
		assert.Equal(t, openvpn.StateFailed, st.State)
		assert.Equal(t, openvpn.CauseNoAnswer, st.Cause)
		assert.True(t, st.Started)
		assert.Equal(t, "ASSIGN_IP", st.Step, "it goes on trying")
		p.Emit(openvpn.StateChanged{At: time.Now(), Name: "CONNECTED", Detail: "SUCCESS"})
		assert.Equal(t, openvpn.StateConnected, r.status(t, "office").State)
		assert.Empty(t, r.status(t, "office").Cause)
		p.Lose("ping-restart")
		st = r.status(t, "office")
		assert.Equal(t, openvpn.StateReconnecting, st.State)
		assert.Equal(t, openvpn.CauseNoAnswer, st.Cause)
		p.Emit(openvpn.StateChanged{At: time.Now(), Name: "CONNECTED", Detail: "ROUTE_ERROR"})
		st = r.status(t, "office")
		assert.Equal(t, openvpn.StateFailed, st.State)
		assert.Equal(t, openvpn.CauseRoute, st.Cause)
	})
}

func TestHalted(t *testing.T) {
	in(t, func(t *testing.T) {
		r := started(t, clientInstance("office"))
		p := r.runner.Process("office")
		p.Emit(openvpn.StateChanged{At: time.Now(), Name: "EXITING", Detail: "server-pushed-halt"})
		p.Exit("exit status 0")
		st := r.status(t, "office")
		assert.Equal(t, openvpn.StateFailed, st.State)
		assert.Equal(t, openvpn.CauseHalted, st.Cause)
		time.Sleep(10 * time.Minute)
		assert.Equal(t, openvpn.StateConnected, r.status(t, "office").State, "it is never given up")
	})
}
