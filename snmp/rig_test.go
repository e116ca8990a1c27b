package snmp_test

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/memnet"
	"github.com/fieldgate/fieldgate/internal/syncbuf"
	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/snmp/internal/ber"
	"github.com/fieldgate/fieldgate/snmp/internal/message"
	"github.com/fieldgate/fieldgate/snmp/snmptest"
)

const (
	agentAddr   = "192.0.2.1:161"
	managerAddr = "192.0.2.9:50000"
)

// rig is an agent in memory with a manager. It has the community "reader",
// and "writer", which may set.
type rig struct {
	t       *testing.T
	network memnet.Network
	config  snmp.Config
	options snmp.Options
	store   snmptest.Store
	sender  snmptest.Sender
	mib     snmptest.Handler // at .1.3.6.1.4.1.9999
	saved   []snmp.System
	log     syncbuf.Buffer
	agent   *snmp.Service
	manager net.PacketConn
}

// newRig returns a rig that is not started.
func newRig(t *testing.T) *rig {
	r := &rig{t: t}
	r.config = snmp.DefaultConfig()
	r.config.Enabled = true
	r.config.Listen = []string{agentAddr}
	r.config.System = snmp.System{Name: "gateway", Location: "hall 3", Contact: "ops"}
	any := []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	r.config.Communities = []snmp.Community{
		{Community: snmp.NewSecret("reader"), Sources: any},
		{Community: snmp.NewSecret("writer"), Sources: any, Write: "all"},
	}
	r.options = snmp.Options{
		Logger:       slog.New(slog.NewTextHandler(&r.log, nil)),
		Handlers:     []snmp.Mount{{Prefix: oid("1.3.6.1.4.1.9999"), Handler: &r.mib}},
		Store:        &r.store,
		Sender:       &r.sender,
		ListenPacket: r.network.ListenPacket,
		SaveSystem: func(s snmp.System) error {
			r.saved = append(r.saved, s)
			return nil
		},
	}
	return r
}

// inBubble runs a test on a started rig in a bubble, and demands that nothing
// is left. prepare changes what the rig is made of.
func inBubble(t *testing.T, prepare func(*rig), test func(*rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		if prepare != nil {
			prepare(r)
		}
		r.start()
		defer r.stop()
		test(r)
	})
}

func (r *rig) start() {
	r.t.Helper()
	var err error
	r.agent, err = snmp.New(r.config, r.options)
	require.NoError(r.t, err)
	require.NoError(r.t, r.agent.Start(r.t.Context()))
	r.manager, err = r.network.ListenPacket(r.t.Context(), "udp", managerAddr)
	require.NoError(r.t, err)
	synctest.Wait()
}

func (r *rig) stop() {
	r.t.Helper()
	require.NoError(r.t, r.agent.Stop(context.Background()))
	require.NoError(r.t, r.manager.Close())
	require.Zero(r.t, r.network.Open())
}

// exchange sends a datagram and returns the answer, nil when there is none.
func (r *rig) exchange(datagram []byte) []byte {
	r.t.Helper()
	_, err := r.manager.WriteTo(datagram, net.UDPAddrFromAddrPort(netip.MustParseAddrPort(agentAddr)))
	require.NoError(r.t, err)
	synctest.Wait()
	require.NoError(r.t, r.manager.SetReadDeadline(time.Now().Add(time.Microsecond)))
	buf := make([]byte, 1<<16)
	n, _, err := r.manager.ReadFrom(buf)
	if err != nil {
		return nil
	}
	return buf[:n]
}

// ask sends a request of v1 or v2c and returns the answer, which must come.
func (r *rig) ask(v message.Version, community string, p message.PDU, binds ...snmp.VarBind) answer {
	r.t.Helper()
	reply := r.exchange(request(v, community, p, binds...))
	require.NotNil(r.t, reply, "no answer")
	a := r.decode(reply)
	require.Equal(r.t, message.Response, a.Type)
	require.Equal(r.t, p.RequestID, a.RequestID)
	require.Equal(r.t, community, string(a.m.Community))
	return a
}

func (r *rig) get(oids ...string) answer {
	r.t.Helper()
	return r.ask(message.V2c, "reader", message.PDU{Type: message.Get, RequestID: 7}, nulls(oids...)...)
}

func (r *rig) bulk(nonRepeaters, repetitions int32, oids ...string) answer {
	r.t.Helper()
	p := message.PDU{Type: message.GetBulk, RequestID: 7, ErrorStatus: nonRepeaters, ErrorIndex: repetitions}
	return r.ask(message.V2c, "reader", p, nulls(oids...)...)
}

func (r *rig) set(binds ...snmp.VarBind) answer {
	r.t.Helper()
	return r.ask(message.V2c, "writer", message.PDU{Type: message.Set, RequestID: 7}, binds...)
}

// answer is a message that the agent sent.
type answer struct {
	message.PDU
	binds []snmp.VarBind
	size  int
	m     *message.Message
}

// names returns the identifiers of the bindings.
func (a answer) names() (list []string) {
	for _, b := range a.binds {
		list = append(list, b.OID.String())
	}
	return list
}

func (a answer) text() (list []string) {
	for _, b := range a.binds {
		list = append(list, b.OID.String()+" = "+b.Value.String())
	}
	return list
}

func (r *rig) decode(datagram []byte) answer {
	r.t.Helper()
	m := new(message.Message)
	require.NoError(r.t, m.Decode(datagram))
	if m.Version == message.V3 {
		require.NoError(r.t, m.DecodeScoped())
	}
	return decoded(m, len(datagram))
}

func decoded(m *message.Message, size int) answer {
	a := answer{PDU: m.PDU, size: size, m: m}
	for _, b := range m.Binds {
		a.binds = append(a.binds, snmp.VarBind{OID: slices.Clone(snmp.OID(b.OID)), Value: value(b)})
	}
	return a
}

// value reads what was received with the makers of values.
func value(b message.Bind) snmp.Value {
	unsigned, _ := ber.Uint64(b.Contents)
	switch b.Tag {
	case ber.Integer:
		n, _ := ber.Int32(b.Contents)
		return snmp.Integer(n)
	case ber.OctetString:
		return snmp.Octets(b.Contents)
	case ber.ObjectID:
		arcs, _ := ber.Arcs(nil, b.Contents)
		return snmp.ObjectID(arcs)
	case ber.IPAddress:
		return snmp.IPAddress(netip.AddrFrom4([4]byte(b.Contents)))
	case ber.Counter32:
		return snmp.Counter32(uint32(unsigned))
	case ber.Gauge32:
		return snmp.Gauge32(uint32(unsigned))
	case ber.TimeTicks:
		return snmp.TimeTicks(uint32(unsigned))
	case ber.Counter64:
		return snmp.Counter64(unsigned)
	case ber.Opaque:
		return snmp.Opaque(string(b.Contents))
	case ber.NoSuchObject:
		return snmp.NoSuchObject()
	case ber.NoSuchInstance:
		return snmp.NoSuchInstance()
	case ber.EndOfMibView:
		return snmp.EndOfMibView()
	}
	return snmp.Value{}
}

// request encodes a request. The zero Value is sent as Null.
func request(v message.Version, community string, p message.PDU, binds ...snmp.VarBind) []byte {
	envelope := message.Envelope{Version: v, Community: []byte(community)}
	return write(&envelope, p, binds...).Raw
}

func write(e *message.Envelope, p message.PDU, binds ...snmp.VarBind) message.Sealable {
	var w message.Writer
	w.Begin(e, p.RequestID, 1<<20)
	for _, b := range binds {
		w.Copy(received(b))
	}
	s, err := w.Finish(p.Type, p.ErrorStatus, p.ErrorIndex)
	if err != nil {
		panic(err)
	}
	return s
}

// received is a binding as message.Decode would have it.
func received(b snmp.VarBind) message.Bind {
	in := message.Bind{OID: b.OID, Tag: byte(b.Value.Kind()), Contents: []byte(b.Value.Octets())}
	switch b.Value.Kind() {
	case 0:
		in.Tag = ber.Null
	case snmp.KindInteger:
		in.Contents = ber.AppendInt(nil, 0, int64(b.Value.Int()))[2:]
	case snmp.KindCounter32, snmp.KindGauge32, snmp.KindTimeTicks, snmp.KindCounter64:
		in.Contents = ber.AppendUint(nil, 0, b.Value.Uint())[2:]
	case snmp.KindObjectID:
		in.Contents = ber.AppendArcs(nil, b.Value.OID())
	}
	return in
}

func oid(text string) snmp.OID { return snmp.MustParseOID(text) }

func nulls(oids ...string) (list []snmp.VarBind) {
	for _, text := range oids {
		list = append(list, snmp.VarBind{OID: oid(text)})
	}
	return list
}

func bind(text string, v snmp.Value) snmp.VarBind { return snmp.VarBind{OID: oid(text), Value: v} }
