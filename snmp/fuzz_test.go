package snmp_test

import (
	"context"
	"encoding/hex"
	"net"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/snmp/internal/message"
	"github.com/fieldgate/fieldgate/snmp/internal/usm"
	"github.com/fieldgate/fieldgate/snmp/snmptest"
)

// FuzzDatagram gives whole datagrams to an agent, with the memory of a socket
// that serves one after the other. The MAC of what claims to be of the user
// "auth" is made right, so that the fuzzer comes beyond it.
func FuzzDatagram(f *testing.F) {
	r := new(rig)
	table(r)
	config := snmp.DefaultConfig()
	config.Enabled = true
	config.Listen = []string{agentAddr}
	config.EngineID = engineID
	config.AllowWeak = true
	config.Limits.Rate = 100_000
	config.Views = []snmp.View{{Name: "holes", Include: []snmp.Family{".1.3", ".1.3.6.1.4.1.9999.1.*.2"}, Exclude: []snmp.Family{".1.3.6.1.2.1.11", ownRoot + ".1.*"}}}
	config.Communities = []snmp.Community{
		{Community: newSecret("reader"), Read: "holes"},
		{Community: newSecret("writer"), Write: "all"},
	}
	config.Users = []snmp.User{
		{Name: "open", Write: "holes"},
		{Name: "auth", Auth: snmp.AuthMD5, Priv: snmp.PrivDES, Level: snmp.NoAuthNoPriv, AuthPassword: newSecret("auth secret"), Write: "all"},
	}
	agent, err := snmp.New(config, snmp.Options{
		Handlers:     []snmp.Mount{{Prefix: oid(ownRoot), Handler: &r.mib}},
		Store:        new(snmptest.Store),
		SaveSystem:   func(snmp.System) error { return nil },
		ListenPacket: func(context.Context, string, string) (net.PacketConn, error) { return newSilent(), nil },
	})
	require.NoError(f, err)
	require.NoError(f, agent.Start(context.Background()))
	f.Cleanup(func() { _ = agent.Stop(context.Background()) })

	id, _ := hex.DecodeString(engineID)
	user, err := usm.NewUser(usm.Credentials{Name: "auth", Auth: usm.MD5, Priv: usm.DES, AuthPassword: "auth secret"}, id)
	require.NoError(f, err)
	engine := usm.New(usm.Config{ID: id, Boots: 1, MaxSize: 65507, Users: []*usm.User{user}})

	binds := append(nulls(".1.3", sysName, column2+".1", ownRoot), bind(column1+".1", snmp.Integer(-1)), bind(sysName, snmp.OctetString("x")))
	for _, p := range []message.PDUType{message.Get, message.GetNext, message.Set, message.GetBulk, message.Response, message.Report, message.Inform, message.TrapV2, message.TrapV1} {
		pdu := message.PDU{Type: p, RequestID: -1, ErrorStatus: 1, ErrorIndex: 20}
		for _, v := range []message.Version{message.V1, message.V2c} {
			f.Add(request(v, "reader", pdu, binds...))
			f.Add(request(v, "writer", pdu, binds[4:]...))
		}
		for _, l := range []usm.Level{usm.NoAuthNoPriv, usm.AuthNoPriv, usm.AuthPriv} {
			in := new(message.Message)
			in.Security.User = []byte("auth")
			e := engine.Envelope(in, user, l)
			e.ContextEngineID = id
			s := write(&e, pdu, binds...)
			engine.Outgoing(user, &e, s)
			f.Add(s.Raw)
		}
	}
	answer := agent.Answerer()
	f.Fuzz(func(t *testing.T, datagram []byte) {
		resign(engine, user, datagram)
		reply := answer(datagram, netip.MustParseAddrPort("127.0.0.1:50000"))
		if reply == nil {
			return
		}
		var m message.Message
		require.NoError(t, m.Decode(reply))
		require.LessOrEqual(t, len(reply), 65507)
		if m.Version == message.V3 {
			return
		}
		require.Equal(t, message.Response, m.PDU.Type)
		require.LessOrEqual(t, len(reply), max(1472, 32*len(datagram)))
		for _, b := range m.Binds {
			require.False(t, m.Version == message.V1 && b.Tag == byte(snmp.KindCounter64) && m.PDU.ErrorStatus == 0)
		}
	})
}

// resign makes the MAC right that a message of user claims to have.
func resign(engine *usm.Engine, user *usm.User, datagram []byte) {
	var m message.Message
	if m.Decode(datagram) != nil || m.Version != message.V3 || len(m.Security.MAC) != 12 || string(m.Security.User) != "auth" {
		return
	}
	mac := m.Raw[m.Security.MACAt:][:12]
	clear(mac)
	e := message.Envelope{Header: message.Header{Flags: message.FlagAuth}}
	engine.Outgoing(user, &e, message.Sealable{Raw: m.Raw, MAC: mac})
}

// silent is a socket to which nothing comes.
type silent struct {
	net.PacketConn
	closed chan struct{}
}

func newSilent() *silent { return &silent{closed: make(chan struct{})} }

func (s *silent) ReadFrom([]byte) (int, net.Addr, error) {
	<-s.closed
	return 0, nil, net.ErrClosed
}

func (s *silent) Close() error {
	close(s.closed)
	return nil
}

func (s *silent) LocalAddr() net.Addr {
	return net.UDPAddrFromAddrPort(netip.MustParseAddrPort(agentAddr))
}
