package management_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/openvpn/internal/management"
)

func TestParseEvent(t *testing.T) {
	for line, want := range map[string]management.Event{
		">INFO:OpenVPN Management Interface Version 5 -- type 'help' for more info": management.Greeting{Text: "OpenVPN Management Interface Version 5 -- type 'help' for more info"},
		">HOLD:Waiting for hold release:0":                                          management.Hold{},
		">STATE:1795406135,WAIT,,,,,,": management.State{StateChanged: openvpn.StateChanged{
			At: time.Unix(1795406135, 0), Name: "WAIT"}},
		">STATE:1795406135,CONNECTED,SUCCESS,10.8.0.2,192.0.2.1,1194,192.0.2.2,40000,fd00::2": management.State{StateChanged: openvpn.StateChanged{
			At: time.Unix(1795406135, 0), Name: "CONNECTED", Detail: "SUCCESS",
			Tunnel: netip.MustParseAddr("10.8.0.2"), Tunnel6: netip.MustParseAddr("fd00::2"),
			Remote: netip.MustParseAddrPort("192.0.2.1:1194"), Local: netip.MustParseAddrPort("192.0.2.2:40000")}},
		">STATE:1,CONNECTED,SUCCESS,,2001:db8::1,1194,,": management.State{StateChanged: openvpn.StateChanged{
			At: time.Unix(1, 0), Name: "CONNECTED", Detail: "SUCCESS", Remote: netip.MustParseAddrPort("[2001:db8::1]:1194")}},
		">STATE:1,RECONNECTING,Could not determine IPv4/IPv6 protocol,,,,,": management.State{StateChanged: openvpn.StateChanged{
			At: time.Unix(1, 0), Name: "RECONNECTING", Detail: "Could not determine IPv4/IPv6 protocol"}},
		">STATE:1,EXITING": management.State{StateChanged: openvpn.StateChanged{At: time.Unix(1, 0), Name: "EXITING"}},
		">LOG:1795406135,W,WARNING: a, b: c": management.Log{LogLine: openvpn.LogLine{
			At: time.Unix(1795406135, 0), Flags: "W", Text: "WARNING: a, b: c"}},
		">LOG:1795406135,,": management.Log{LogLine: openvpn.LogLine{At: time.Unix(1795406135, 0)}},
		">BYTECOUNT:0,28":   management.ByteCount{ByteCount: openvpn.ByteCount{Out: 28}},
		">BYTECOUNT_CLI:7,18446744073709551615,28": management.ByteCount{ByteCount: openvpn.ByteCount{
			CID: 7, Client: true, In: 1<<64 - 1, Out: 28}},
		">PASSWORD:Need 'Auth' username/password": management.NeedPassword{NeedCredentials: openvpn.NeedCredentials{What: "Auth", User: true}},
		">PASSWORD:Need 'Private Key' password":   management.NeedPassword{NeedCredentials: openvpn.NeedCredentials{What: "Private Key"}},
		">PASSWORD:Need 'HTTP Proxy' username/password": management.NeedPassword{
			NeedCredentials: openvpn.NeedCredentials{What: "HTTP Proxy", User: true}},
		">PASSWORD:Need 'Auth' username/password SC:1,Number, please": management.NeedPassword{
			NeedCredentials: openvpn.NeedCredentials{What: "Auth", User: true}, Challenge: "Number, please"},
		">PASSWORD:Verification Failed: 'Private Key'": management.Refused{
			CredentialsRefused: openvpn.CredentialsRefused{What: "Private Key"}},
		">PASSWORD:Verification Failed: 'Auth' ['no: it's late']": management.Refused{
			CredentialsRefused: openvpn.CredentialsRefused{What: "Auth", Reason: "no: it's late"}},
		">PASSWORD:Auth-Token:secret":                   management.Other{Kind: "PASSWORD"},
		">FATAL:ERROR: could not read":                  management.Fatal{Text: "ERROR: could not read"},
		">CLIENT:CONNECT,3,1":                           management.Client{What: "CONNECT", CID: 3, KID: 1},
		">CLIENT:REAUTH,3,2":                            management.Client{What: "REAUTH", CID: 3, KID: 2},
		">CLIENT:ESTABLISHED,3":                         management.Client{What: "ESTABLISHED", CID: 3},
		">CLIENT:DISCONNECT,3":                          management.Client{What: "DISCONNECT", CID: 3},
		">CLIENT:ADDRESS,3,10.8.0.2,1":                  management.Client{What: "ADDRESS", CID: 3},
		">CLIENT:CR_RESPONSE,3,1,c2VjcmV0":              management.Other{Kind: "CLIENT"},
		">CLIENT:ENV,common_name=a,b \"c\" é":           management.ClientEnv{Name: "common_name", Value: "a,b \"c\" é"},
		">CLIENT:ENV,END=1":                             management.ClientEnv{Name: "END", Value: "1"},
		">CLIENT:ENV,END":                               management.ClientEnvEnd{},
		">NOTIFY:info,server-pushed-connection-reset,":  management.Other{Kind: "NOTIFY"},
		">UPDOWN:UP":                                    management.Other{Kind: "UPDOWN"},
		">REMOTE:vpn.example.org,1194,udp":              management.Other{Kind: "REMOTE"},
		">SOMETHING-NEW:of a later version of openvpn:": management.Other{Kind: "SOMETHING-NEW"},
	} {
		got, err := management.ParseEvent(line)
		require.NoError(t, err, line)
		assert.Equal(t, want, got, line)
	}
}

func TestParseEventRefuses(t *testing.T) {
	for _, line := range []string{
		"", ">", ">INFO", "SUCCESS: pid=1", ">STATE:", ">STATE:now,CONNECTED", ">STATE:1", ">STATE:1,",
		">LOG:1", ">LOG:x,I,text", ">LOG:1,I", ">BYTECOUNT:1", ">BYTECOUNT:1,-2", ">BYTECOUNT:1,2,3", ">BYTECOUNT_CLI:x,1,2",
		">PASSWORD:Need Auth username/password", ">PASSWORD:Need 'Auth' fingerprint", ">PASSWORD:Need '' password",
		">PASSWORD:Need 'Auth", ">PASSWORD:Verification Failed: Auth", ">CLIENT:CONNECT,1", ">CLIENT:CONNECT,x,1",
		">CLIENT:CONNECT,1,-1", ">CLIENT:ENV,common_name", ">CLIENT:ESTABLISHED,",
	} {
		_, err := management.ParseEvent(line)
		assert.Error(t, err, line)
	}
}

// A malformed line may hold a password, so it is not repeated.
func TestErrorsHoldNoSecret(t *testing.T) {
	_, err := management.ParseEvent(">CLIENT:ENV,hunter2")
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "hunter2")
}

func TestWorth(t *testing.T) {
	assert.True(t, management.Worth("MANAGEMENT: Client connected from /run/socket"))
	assert.False(t, management.Worth(`MANAGEMENT: CMD 'username "Auth" "joe"'`))
	assert.False(t, management.Worth("MANAGEMENT: >STATE:1,WAIT,,,,,,"))
}

func TestSessions(t *testing.T) {
	var s management.Sessions
	add := func(lines ...string) (last openvpn.Event) {
		for _, l := range lines {
			e, err := management.ParseEvent(l)
			require.NoError(t, err)
			require.Nil(t, last, "only the last line completes it")
			last = s.Add(e)
		}
		return last
	}
	assert.Equal(t, openvpn.ClientAsks{CID: 3, KID: 1, CommonName: "alice", Username: "a", Password: openvpn.NewSecret("x=y"),
		Remote: netip.MustParseAddrPort("192.0.2.7:40001")},
		add(">CLIENT:CONNECT,3,1", ">CLIENT:ENV,common_name=alice", ">CLIENT:ENV,username=a", ">CLIENT:ENV,password=x=y",
			">CLIENT:ENV,untrusted_ip=192.0.2.7", ">CLIENT:ENV,untrusted_port=40001", ">CLIENT:ENV,n_clients=0", ">CLIENT:ENV,END"))
	assert.Equal(t, openvpn.ClientAsks{CID: 4, KID: 2, Renewal: true, Remote: netip.MustParseAddrPort("[2001:db8::7]:1")},
		add(">CLIENT:REAUTH,4,2", ">CLIENT:ENV,untrusted_ip6=2001:db8::7", ">CLIENT:ENV,untrusted_port=1", ">CLIENT:ENV,END"))
	assert.Nil(t, add(">CLIENT:ADDRESS,4,10.8.0.2,1"))
	assert.Nil(t, add(">CLIENT:ENV,common_name=nobody", ">CLIENT:ENV,END"), "variables of nobody")
	assert.Equal(t, openvpn.ClientCame{CID: 4, CommonName: "bob"},
		add(">CLIENT:ESTABLISHED,4", ">CLIENT:ENV,common_name=bob", ">CLIENT:ENV,END"))
	assert.Equal(t, openvpn.ClientLeft{CID: 4, CommonName: "bob"},
		add(">CLIENT:DISCONNECT,4", ">CLIENT:ENV,common_name=bob", ">CLIENT:ENV,END"))
}

// What one client may say about itself is bounded.
func TestSessionsBound(t *testing.T) {
	var s management.Sessions
	s.Add(management.Client{What: "CONNECT", CID: 1, KID: 1})
	for range 100_000 {
		s.Add(management.ClientEnv{Name: "UV_X", Value: "yyyyyyyyy"})
	}
	assert.Nil(t, s.Add(management.ClientEnvEnd{}))
	s.Add(management.Client{What: "ESTABLISHED", CID: 2})
	assert.Equal(t, openvpn.ClientCame{CID: 2}, s.Add(management.ClientEnvEnd{}), "the next one is not harmed")
}

func FuzzParseEvent(f *testing.F) {
	for _, line := range []string{
		">STATE:1,CONNECTED,SUCCESS,10.8.0.2,192.0.2.1,1194,,,fd00::2", ">LOG:1,I,a,b", ">BYTECOUNT:1,2", ">BYTECOUNT_CLI:1,2,3",
		">PASSWORD:Need 'Auth' username/password SC:1,x", ">PASSWORD:Verification Failed: 'Auth' ['x']",
		">CLIENT:CONNECT,1,2", ">CLIENT:ENV,a=b", ">CLIENT:ENV,END", ">HOLD:x:0", ">FATAL:x", "",
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		e, err := management.ParseEvent(line)
		if err != nil {
			assert.Nil(t, e)
			return
		}
		assert.NotNil(t, e)
		if s, ok := e.(management.State); ok {
			assert.NotEmpty(t, s.Name)
		}
		var sessions management.Sessions
		sessions.Add(e)
	})
}
