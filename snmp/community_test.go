package snmp_test

import (
	"math"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/snmp/internal/ber"
	"github.com/fieldgate/fieldgate/snmp/internal/message"
	"github.com/fieldgate/fieldgate/snmp/snmptest"
)

const (
	sysDescr    = ".1.3.6.1.2.1.1.1.0"
	sysContact  = ".1.3.6.1.2.1.1.4.0"
	sysName     = ".1.3.6.1.2.1.1.5.0"
	sysLocation = ".1.3.6.1.2.1.1.6.0"
	sysServices = ".1.3.6.1.2.1.1.7.0"

	ownRoot = ".1.3.6.1.4.1.9999"
	column1 = ownRoot + ".1.1" // Integer, rows 1 to 4
	column2 = ownRoot + ".1.2" // Counter64, rows 1 to 4
	column3 = ownRoot + ".1.3" // OctetString, rows 1 to 4
)

// table puts a table of three columns and four rows into the rig.
func table(r *rig) {
	for _, c := range []struct {
		text string
		kind snmp.Kind
	}{{column1, snmp.KindInteger}, {column2, snmp.KindCounter64}, {column3, snmp.KindOctetString}} {
		r.mib.Object(snmptest.Object{OID: oid(c.text), Kind: c.kind, Writable: c.text != column2})
	}
	for row := range uint32(4) {
		r.mib.Put(oid(column1).Append(row+1), snmp.Integer(int32(row)))
		r.mib.Put(oid(column2).Append(row+1), snmp.Counter64(math.MaxUint64))
		r.mib.Put(oid(column3).Append(row+1), snmp.OctetString(strings.Repeat("x", 100)))
	}
}

func TestRequestID(t *testing.T) {
	inBubble(t, nil, func(r *rig) {
		for id, octets := range map[int32]string{
			0: "\x02\x01\x00", -1: "\x02\x01\xff", 127: "\x02\x01\x7f", 128: "\x02\x02\x00\x80",
			-128: "\x02\x01\x80", math.MinInt32: "\x02\x04\x80\x00\x00\x00", math.MaxInt32: "\x02\x04\x7f\xff\xff\xff",
		} {
			reply := r.exchange(request(message.V2c, "reader", message.PDU{Type: message.Get, RequestID: id}, nulls(sysName)...))
			assert.Contains(t, string(reply), octets+"\x02\x01\x00\x02\x01\x00", id)
		}
	})
}

func TestGet(t *testing.T) {
	inBubble(t, table, func(r *rig) {
		a := r.get(sysName, ".1.3.6.1.2.1.1.5", ".1.3.6.1.2.1.1.5.1", ".1.3.6.1.2.1.1.99.0", ".1.3.6.1.2.1.2.1.0",
			column1+".9", ownRoot+".7.7", column2+".1", ".0.0", ".2.999")
		assert.Zero(t, a.ErrorStatus)
		assert.Equal(t, []string{
			sysName + ` = STRING: "gateway"`,
			".1.3.6.1.2.1.1.5 = noSuchInstance",
			".1.3.6.1.2.1.1.5.1 = noSuchInstance",
			".1.3.6.1.2.1.1.99.0 = noSuchObject",
			".1.3.6.1.2.1.2.1.0 = noSuchObject",
			column1 + ".9 = noSuchInstance",
			ownRoot + ".7.7 = noSuchObject",
			column2 + ".1 = Counter64: 18446744073709551615",
			".0.0 = noSuchObject",
			".2.999 = noSuchObject",
		}, a.text())
	})
}

func TestEmptyRequests(t *testing.T) {
	inBubble(t, nil, func(r *rig) {
		for _, v := range []message.Version{message.V1, message.V2c} {
			for _, p := range []message.PDUType{message.Get, message.GetNext, message.Set, message.GetBulk} {
				if p == message.GetBulk && v == message.V1 {
					continue
				}
				a := r.ask(v, "writer", message.PDU{Type: p, ErrorIndex: 10})
				assert.Zero(t, a.ErrorStatus)
				assert.Empty(t, a.binds)
			}
		}
	})
}

// Error-status and error-index of a request mean nothing.
func TestErrorFieldsOfRequestsAreIgnored(t *testing.T) {
	inBubble(t, nil, func(r *rig) {
		a := r.ask(message.V2c, "reader", message.PDU{Type: message.Get, ErrorStatus: 5, ErrorIndex: -3}, nulls(sysName)...)
		assert.Zero(t, a.ErrorStatus)
		assert.Zero(t, a.ErrorIndex)
		assert.Len(t, a.binds, 1)
	})
}

func TestGetNext(t *testing.T) {
	inBubble(t, table, func(r *rig) {
		a := r.ask(message.V2c, "reader", message.PDU{Type: message.GetNext},
			nulls(".1.3", ".0.0", sysName, ".1.3.6.1.2.1.1.5.0.0", ".1.3.6.1.2.1.2", column1+".4", column3+".4", ".1.3.6.1.7", ".2.1")...)
		assert.Equal(t, []string{
			sysDescr, sysDescr, sysLocation, sysLocation, ".1.3.6.1.2.1.11.1.0", column2 + ".1",
			".1.3.6.1.6.3.1.1.6.1.0", ".1.3.6.1.7", ".2.1",
		}, a.names())
		assert.Equal(t, snmp.EndOfMibView(), a.binds[7].Value)
		assert.Equal(t, snmp.EndOfMibView(), a.binds[8].Value)
	})
}

func TestGetBulk(t *testing.T) {
	inBubble(t, table, func(r *rig) {
		many := func(list ...string) []string { return list }
		for name, c := range map[string]struct {
			nonRepeaters, repetitions int32
			oids, want                []string
		}{
			"repeats":                     {0, 2, many(column1, column3), many(column1+".1", column3+".1", column1+".2", column3+".2")},
			"non-repeaters first":         {1, 2, many(sysName, column1), many(sysLocation, column1+".1", column1+".2")},
			"non-repeaters negative":      {-1, 1, many(column1), many(column1 + ".1")},
			"non-repeaters over varbinds": {256, 5, many(sysName, column1), many(sysLocation, column1+".1")},
			"non-repeaters huge":          {math.MaxInt32, 5, many(sysName), many(sysLocation)},
			"repetitions 0":               {0, 0, many(sysName), nil},
			"repetitions negative":        {0, -1, many(sysName), nil},
			"repetitions least":           {1, math.MinInt32, many(sysName, column1), many(sysLocation)},
			"ends":                        {0, 9, many(".1.3.6.1.7", ".2.1"), many(".1.3.6.1.7", ".2.1")},
			"one ends": {0, 3, many(".1.3.6.1.7", column1), many(
				".1.3.6.1.7", column1+".1", ".1.3.6.1.7", column1+".2", ".1.3.6.1.7", column1+".3")},
			"no varbinds": {3, 3, nil, nil},
		} {
			a := r.bulk(c.nonRepeaters, c.repetitions, c.oids...)
			assert.Zero(t, a.ErrorStatus, name)
			assert.Equal(t, c.want, a.names(), name)
		}
	})
}

// The name of endOfMibView is that of the last successor.
func TestEndOfMibViewHasTheLastName(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.config.Communities[0].Read = "some"
		r.config.Views = []snmp.View{{Name: "some", Include: []snmp.Family{column1}}}
		table(r)
	}, func(r *rig) {
		a := r.bulk(0, 9, column1+".2")
		assert.Equal(t, []string{column1 + ".3", column1 + ".4", column1 + ".4"}, a.names())
		assert.Equal(t, snmp.EndOfMibView(), a.binds[2].Value)
	})
}

// An answer without authentication is at most so many times the request, and
// cut where it is full.
func TestGetBulkIsCut(t *testing.T) {
	inBubble(t, table, func(r *rig) {
		asked := len(request(message.V2c, "reader", message.PDU{Type: message.GetBulk, RequestID: 7, ErrorIndex: math.MaxInt32}, nulls(".1.3")...))
		a := r.bulk(0, math.MaxInt32, ".1.3")
		assert.Zero(t, a.ErrorStatus)
		assert.Greater(t, len(a.binds), 5)
		most := max(1472, 32*asked)
		assert.LessOrEqual(t, a.size, most)
		assert.Greater(t, a.size, most-300, "it could have held more")
	})
}

func TestMaxRepetitions(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.config.Limits.MaxRepetitions = 3
		table(r)
	}, func(r *rig) {
		assert.Len(t, r.bulk(0, 50, ".1.3").binds, 3)
	})
}

func TestTooBig(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.config.Limits.Amplification = 1
		table(r)
	}, func(r *rig) {
		var oids []string
		for range 30 {
			oids = append(oids, column3+".1")
		}
		a := r.get(oids...)
		assert.EqualValues(t, 1, a.ErrorStatus)
		assert.Zero(t, a.ErrorIndex)
		assert.Empty(t, a.binds, "SNMPv2: no bindings")

		a = r.ask(message.V1, "reader", message.PDU{Type: message.GetNext}, nulls(oids...)...)
		assert.EqualValues(t, 1, a.ErrorStatus)
		assert.Equal(t, oids, a.names(), "SNMPv1: those of the request")
		assert.EqualValues(t, 2, r.agent.Status().Counters.TooBig)
	})
}

// The error fits even where the community fills half of the least message.
func TestTooBigFitsIntoTheLeastMessage(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.config.Limits.MaxMessage = 484
		r.config.Communities[0].Community = snmp.NewSecret(strings.Repeat("c", 255))
	}, func(r *rig) {
		var oids []string
		for range 20 {
			oids = append(oids, sysName)
		}
		a := r.ask(message.V2c, strings.Repeat("c", 255), message.PDU{Type: message.Get}, nulls(oids...)...)
		assert.EqualValues(t, 1, a.ErrorStatus)
		assert.Zero(t, r.agent.Status().Counters.SilentDrops)
	})
}

func TestV1(t *testing.T) {
	inBubble(t, table, func(r *rig) {
		ask := func(p message.PDUType, binds ...snmp.VarBind) answer {
			return r.ask(message.V1, "writer", message.PDU{Type: p}, binds...)
		}
		for name, c := range map[string]struct {
			pdu           message.PDUType
			binds         []snmp.VarBind
			status, index int32
		}{
			"get missing instance": {message.Get, nulls(sysName, column1+".9"), 2, 2},
			"get missing object":   {message.Get, nulls(".1.3.6.1.9"), 2, 1},
			"get Counter64":        {message.Get, nulls(sysName, sysName, column2+".1"), 2, 3},
			"next at the end":      {message.GetNext, nulls(sysName, ".1.3.6.1.7"), 2, 2},
			"set read-only":        {message.Set, []snmp.VarBind{bind(sysServices, snmp.Integer(1))}, 2, 1},
			"set wrong type":       {message.Set, []snmp.VarBind{bind(sysName, snmp.Integer(1))}, 3, 1},
			"set too long":         {message.Set, []snmp.VarBind{bind(sysName, snmp.OctetString(strings.Repeat("x", 256)))}, 3, 1},
		} {
			a := ask(c.pdu, c.binds...)
			assert.Equal(t, c.status, a.ErrorStatus, name)
			assert.Equal(t, c.index, a.ErrorIndex, name)
			var names []string
			for _, b := range c.binds {
				names = append(names, b.OID.String())
			}
			assert.Equal(t, names, a.names(), "%s: the bindings are those of the request", name)
		}
		a := ask(message.GetNext, nulls(column1+".4", column2+".2")...)
		assert.Zero(t, a.ErrorStatus)
		assert.Equal(t, []string{column3 + ".1", column3 + ".1"}, a.names(), "Counter64 is skipped")
	})
}

func TestCommunities(t *testing.T) {
	sources := func(text ...string) (list []netip.Prefix) {
		for _, s := range text {
			list = append(list, netip.MustParsePrefix(s))
		}
		return list
	}
	inBubble(t, func(r *rig) {
		r.config.Communities = []snmp.Community{
			{Community: snmp.NewSecret("here"), Sources: sources("192.0.2.9/32")},
			{Community: snmp.NewSecret("v1"), Sources: sources("192.0.2.9/32"), Version: snmp.Version1},
			{Community: snmp.NewSecret("v2"), Sources: sources("192.0.2.9/32"), Version: snmp.Version2c},
			{Community: snmp.NewSecret("else"), Sources: sources("198.51.100.0/24", "2001:db8::/32")},
			{Community: snmp.NewSecret("loopback")},
			{Community: snmp.NewSecret("twice"), Sources: sources("198.51.100.0/24"), Read: "all"},
			{Community: snmp.NewSecret("twice"), Sources: sources("192.0.2.0/24"), Read: "none"},
		}
	}, func(r *rig) {
		for community, answers := range map[string]string{
			"here": "v1 v2c", "v1": "v1", "v2": "v2c", "else": "", "loopback": "", "twice": "v1 v2c",
			"": "", "her": "", "here2": "", "HERE": "", "here\x00": "",
		} {
			var got []string
			for name, v := range map[string]message.Version{"v1": message.V1, "v2c": message.V2c} {
				if r.exchange(request(v, community, message.PDU{Type: message.Get}, nulls(sysName)...)) != nil {
					got = append(got, name)
				}
			}
			assert.ElementsMatch(t, strings.Fields(answers), got, community)
		}
		a := r.ask(message.V2c, "twice", message.PDU{Type: message.Get}, nulls(sysName)...)
		assert.Equal(t, snmp.NoSuchObject(), a.binds[0].Value, "the entry with the right source counts")
		assert.EqualValues(t, 16, r.agent.Status().Counters.BadCommunities)
	})
}

// What gets no answer, and where it is counted.
func TestDrops(t *testing.T) {
	good := request(message.V2c, "reader", message.PDU{Type: message.Get, RequestID: 7}, nulls(sysName)...)
	pdu := func(v message.Version, p message.PDUType) []byte {
		return request(v, "reader", message.PDU{Type: p}, nulls(sysName)...)
	}
	change := func(b []byte, at int, to byte) []byte {
		b = append([]byte(nil), b...)
		b[at] = to
		return b
	}
	malformed := func(c snmp.Counters) uint64 { return c.Malformed }
	none := func(snmp.Counters) uint64 { return 1 }
	unhandled := func(c snmp.Counters) uint64 { return c.UnknownPDUHandlers }
	for name, c := range map[string]struct {
		datagram []byte
		counter  func(snmp.Counters) uint64
	}{
		"empty":                 {nil, malformed},
		"one octet":             {[]byte{0x30}, malformed},
		"truncated":             {good[:len(good)-1], malformed},
		"not a sequence":        {change(good, 0, 0x31), malformed},
		"indefinite length":     {change(good, 1, 0x80), malformed},
		"length too long":       {change(good, 1, good[1]+1), malformed},
		"length of five octets": {append([]byte{0x30, 0x85, 0, 0, 0, 0, good[1]}, good[2:]...), malformed},
		"version a string":      {change(good, 2, 0x04), malformed},
		"version 2":             {change(good, 4, 2), func(c snmp.Counters) uint64 { return c.BadVersions }},
		"version -1":            {change(good, 4, 0xff), func(c snmp.Counters) uint64 { return c.BadVersions }},
		"community a number":    {change(good, 5, 0x02), malformed},
		"unknown PDU":           {change(good, 13, 0xaf), malformed},
		"constructed string":    {change(good, 5, 0x24), malformed},
		"request-id a string":   {change(good, 15, 0x04), malformed},
		"response":              {pdu(message.V2c, message.Response), none},
		"report":                {pdu(message.V2c, message.Report), none},
		"trap":                  {pdu(message.V2c, message.TrapV2), unhandled},
		"inform":                {pdu(message.V2c, message.Inform), unhandled},
		"v1 trap":               {pdu(message.V1, message.TrapV1), unhandled},
		"v1 getbulk":            {pdu(message.V1, message.GetBulk), malformed},
		"v1 inform":             {pdu(message.V1, message.Inform), malformed},
		"wrong community":       {request(message.V2c, "else", message.PDU{Type: message.Get}), func(c snmp.Counters) uint64 { return c.BadCommunities }},
		"not SNMP":              {[]byte("GET / HTTP/1.0\r\n\r\n"), malformed},
		"65507 zeros":           {make([]byte, 65507), malformed},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, nil, func(r *rig) {
				assert.Nil(t, r.exchange(c.datagram))
				assert.EqualValues(t, 1, c.counter(r.agent.Status().Counters))
				assert.EqualValues(t, 1, r.agent.Status().Counters.Received)
				assert.NotNil(t, r.exchange(good), "the agent goes on")
			})
		})
	}
}

// What is unusual but legal.
func TestOddEncodings(t *testing.T) {
	good := request(message.V2c, "reader", message.PDU{Type: message.Get, RequestID: 7}, nulls(sysName)...)
	for name, datagram := range map[string][]byte{
		"length of four octets":  append([]byte{0x30, 0x84, 0, 0, 0, good[1]}, good[2:]...),
		"octets behind":          append(append([]byte(nil), good...), "more"...),
		"version of five octets": odd(good, 2, 3, []byte{2, 5, 0, 0, 0, 0, 1}),
		"request-id long":        odd(good, 15, 3, []byte{2, 5, 0, 0, 0, 0, 7}),
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, nil, func(r *rig) {
				reply := r.exchange(datagram)
				require.NotNil(t, reply)
				assert.Equal(t, []string{sysName + ` = STRING: "gateway"`}, r.decode(reply).text())
			})
		})
	}
}

// odd replaces n octets of a short message, and makes the lengths of message
// and PDU right.
func odd(b []byte, at, n int, with []byte) []byte {
	out := append(append(append([]byte(nil), b[:at]...), with...), b[at+n:]...)
	out[1] += byte(len(with) - n)
	if at > 14 {
		out[14] += byte(len(with) - n)
	}
	return out
}

// Identifiers as long and as large as they may be, and beyond.
func TestLimitsOfIdentifiers(t *testing.T) {
	longest := snmp.OID{1, 3}
	for len(longest) < snmp.MaxArcs {
		longest = append(longest, math.MaxUint32)
	}
	inBubble(t, nil, func(r *rig) {
		for _, p := range []message.PDUType{message.Get, message.GetNext, message.GetBulk} {
			a := r.ask(message.V2c, "reader", message.PDU{Type: p, ErrorIndex: 2}, snmp.VarBind{OID: longest})
			assert.Zero(t, a.ErrorStatus)
			if p == message.Get {
				assert.Equal(t, longest, a.binds[0].OID)
			}
		}
		raw := func(contents ...byte) []byte {
			var b []byte
			b = ber.AppendOctets(b, ber.ObjectID, contents)
			b = append(b, 5, 0)
			b = ber.AppendOctets(nil, ber.Sequence, b)
			b = append([]byte{2, 1, 7, 2, 1, 0, 2, 1, 0}, ber.AppendOctets(nil, ber.Sequence, b)...)
			b = append([]byte("\x02\x01\x01\x04\x06reader"), ber.AppendOctets(nil, 0xa0, b)...)
			return ber.AppendOctets(nil, ber.Sequence, b)
		}
		require.NotNil(t, r.exchange(raw(0x2b, 6, 1)))
		for name, contents := range map[string][]byte{
			"129 arcs":       append([]byte{0x2b}, make([]byte, 127)...),
			"33 bits":        {0x2b, 0x90, 0x80, 0x80, 0x80, 0x00},
			"unfinished":     {0x2b, 0x86},
			"padded":         {0x2b, 0x80, 0x01},
			"empty":          {},
			"64 bits":        {0x2b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
			"very long arcs": append([]byte{0x2b}, []byte(strings.Repeat("\xff", 5000))...),
		} {
			assert.Nil(t, r.exchange(raw(contents...)), name)
		}
		assert.EqualValues(t, 7, r.agent.Status().Counters.Malformed)
	})
}

// A row that vanishes between two requests of a walk does no harm.
func TestRowVanishesInMidWalk(t *testing.T) {
	inBubble(t, table, func(r *rig) {
		at := column1
		var seen []string
		for step := 0; ; step++ {
			a := r.ask(message.V2c, "reader", message.PDU{Type: message.GetNext}, nulls(at)...)
			if !a.binds[0].OID.HasPrefix(oid(ownRoot)) {
				break
			}
			at = a.binds[0].OID.String()
			seen = append(seen, at)
			if step == 1 {
				r.mib.Remove(oid(at))
				r.mib.Remove(oid(column1 + ".3"))
				r.mib.Remove(oid(column2))
			}
		}
		assert.Equal(t, []string{column1 + ".1", column1 + ".2", column1 + ".4", column3 + ".1", column3 + ".2", column3 + ".3", column3 + ".4"}, seen)
	})
}
