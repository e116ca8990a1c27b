package message_test

import (
	"bytes"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/snmp/internal/ber"
	"github.com/fieldgate/fieldgate/snmp/internal/message"
)

// What `snmpget -v2c -c public HOST sysDescr.0` of net-snmp sends.
const netSNMPGet = "302902010104067075626c6963a01c02044a0d32a1020100020100300e300c06082b060102010101000500"

func TestDecodeCommunity(t *testing.T) {
	var m message.Message
	require.NoError(t, m.Decode(unhex(netSNMPGet)))
	assert.Equal(t, message.V2c, m.Version)
	assert.Equal(t, "public", string(m.Community))
	assert.Equal(t, message.PDU{Type: message.Get, RequestID: 0x4a0d32a1}, m.PDU)
	require.Len(t, m.Binds, 1)
	assert.Equal(t, []uint32{1, 3, 6, 1, 2, 1, 1, 1, 0}, m.Binds[0].OID)
	assert.Equal(t, byte(ber.Null), m.Binds[0].Tag)
	assert.Empty(t, m.Binds[0].Contents)
}

// The fields keep their sign, whatever it is good for.
func TestDecodeNumbers(t *testing.T) {
	const least = math.MinInt32
	for name, c := range map[string]struct {
		id, status, index []byte
		want              message.PDU
	}{
		"minus_one":     {num(0xff), num(0xff), num(0xff), message.PDU{RequestID: -1, ErrorStatus: -1, ErrorIndex: -1}},
		"least":         {num(0x80, 0, 0, 0), num(0x80, 0, 0, 0), num(0x80, 0, 0, 0), message.PDU{RequestID: least, ErrorStatus: least, ErrorIndex: least}},
		"most":          {num(1), num(1, 0), num(0x7f, 0xff, 0xff, 0xff), message.PDU{RequestID: 1, ErrorStatus: 256, ErrorIndex: math.MaxInt32}},
		"leading_zeros": {num(0, 0x7f, 0xff, 0xff, 0xff), num(0, 0, 1), num(0, 0), message.PDU{RequestID: math.MaxInt32, ErrorStatus: 1}},
		"leading_ones":  {num(0xff, 0xff, 0xff, 0xff, 0xff), num(0), num(0), message.PDU{RequestID: -1}},
	} {
		t.Run(name, func(t *testing.T) {
			var m message.Message
			require.NoError(t, m.Decode(v2c(pduOf(0xa5, bind, c.id, c.status, c.index))))
			c.want.Type = message.GetBulk
			assert.Equal(t, c.want, m.PDU)
		})
	}
}

func TestDecodeLenient(t *testing.T) {
	long := bytes.Clone(unhex(netSNMPGet))
	long = append(unhex("308400000029"), long[2:]...)
	for name, in := range map[string][]byte{
		"needlessly_long_length": long,
		"octets_after_it":        append(v2c(get), "more"...),
		"no_bindings":            v2c(pduOf(0xa0, nil, num(1), num(0), num(0))),
		"error_status_in_get":    v2c(pduOf(0xa0, bind, num(1), num(5), num(7))),
		"padded_version":         seq(num(0, 1), str("public"), get),
		"exception_in_get":       v2c(pduOf(0xa0, seq(sysDescr, el(0x80)), num(1), num(0), num(0))),
		"gauge_without_zero":     v2c(pduOf(0xa3, seq(sysDescr, el(0x42, unhex("ffffffff"))), num(1), num(0), num(0))),
	} {
		t.Run(name, func(t *testing.T) {
			var m message.Message
			require.NoError(t, m.Decode(in))
			assert.Equal(t, message.V2c, m.Version)
			if name == "octets_after_it" {
				assert.Equal(t, v2c(get), m.Raw)
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	values := func(tag byte, contents string) []byte {
		return v2c(pduOf(0xa3, seq(sysDescr, el(tag, unhex(contents))), num(1), num(0), num(0)))
	}
	fields := func(f ...[]byte) []byte { return v2c(pduOf(0xa0, bind, f...)) }
	binds := func(b []byte) []byte { return v2c(pduOf(0xa0, b, num(1), num(0), num(0))) }
	for name, c := range map[string]struct {
		in   []byte
		want error
	}{
		"empty":               {nil, ber.ErrTruncated},
		"not_a_sequence":      {str("hello"), ber.ErrTag},
		"indefinite":          {unhex("3080020101"), ber.ErrLength},
		"cut":                 {unhex(netSNMPGet)[:40], ber.ErrTruncated},
		"version_4":           {seq(num(4), str("public"), get), message.ErrVersion},
		"version_2":           {seq(num(2), str("public"), get), message.ErrVersion},
		"version_-1":          {seq(num(0xff), str("public"), get), message.ErrVersion},
		"version_string":      {seq(str("1"), str("public"), get), ber.ErrTag},
		"version_5_octets":    {seq(num(1, 0, 0, 0, 1), str("public"), get), ber.ErrNumber},
		"community_number":    {seq(num(1), num(1), get), ber.ErrTag},
		"community_built":     {seq(num(1), el(0x24, str("public")), get), ber.ErrTag},
		"no_pdu":              {seq(num(1), str("public")), ber.ErrTruncated},
		"unknown_pdu":         {v2c(pduOf(0xa9, bind, num(1), num(0), num(0))), message.ErrPDU},
		"bulk_in_v1":          {v1(pduOf(0xa5, bind, num(1), num(0), num(0))), message.ErrPDU},
		"inform_in_v1":        {v1(pduOf(0xa6, bind, num(1), num(0), num(0))), message.ErrPDU},
		"report_in_v1":        {v1(pduOf(0xa8, bind, num(1), num(0), num(0))), message.ErrPDU},
		"trap_v1_in_v2c":      {v2c(pduOf(0xa4, bind, num(1), num(0), num(0))), message.ErrPDU},
		"after_pdu":           {seq(num(1), str("public"), get, null), ber.ErrTrailing},
		"request_id_string":   {fields(str("\x01"), num(0), num(0)), ber.ErrTag},
		"request_id_unsigned": {fields(num(0, 0xff, 0xff, 0xff, 0xff), num(0), num(0)), ber.ErrNumber},
		"request_id_empty":    {fields(num(), num(0), num(0)), ber.ErrNumber},
		"status_null":         {fields(num(1), null, num(0)), ber.ErrTag},
		"index_counter":       {fields(num(1), num(0), el(0x41, []byte{0})), ber.ErrTag},
		"index_missing":       {fields(num(1), num(0)), ber.ErrTag},
		"after_bindings":      {v2c(el(0xa0, num(1), num(0), num(0), seq(bind), null)), ber.ErrTrailing},
		"bindings_set":        {v2c(el(0xa0, num(1), num(0), num(0), el(0x31, bind))), ber.ErrTag},
		"binding_not_seq":     {binds(null), ber.ErrTag},
		"binding_empty":       {binds(seq()), ber.ErrTruncated},
		"binding_no_value":    {binds(seq(sysDescr)), ber.ErrTruncated},
		"binding_with_more":   {binds(seq(sysDescr, null, null)), ber.ErrTrailing},
		"binding_lies":        {binds([]byte{0x30, 0x7f, 6, 1, 0, 5, 0}), ber.ErrTruncated},
		"second_binding":      {binds(append(bytes.Clone(bind), 0x30)), ber.ErrTruncated},
		"name_string":         {binds(seq(str("x"), null)), ber.ErrTag},
		"name_empty":          {binds(seq(el(6), null)), ber.ErrObjectID},
		"name_129_arcs":       {binds(seq(el(6, bytes.Repeat([]byte{1}, 128)), null)), ber.ErrObjectID},
		"name_over_32_bits":   {binds(seq(el(6, unhex("2b9080808000")), null)), ber.ErrObjectID},
		"null_with_octets":    {values(5, "00"), message.ErrValue},
		"integer_2^31":        {values(2, "0080000000"), message.ErrValue},
		"integer_empty":       {values(2, ""), message.ErrValue},
		"gauge_2^32":          {values(0x42, "0100000000"), message.ErrValue},
		"counter64_2^64":      {values(0x46, "010000000000000000"), message.ErrValue},
		"address_of_5":        {values(0x40, "0102030405"), message.ErrValue},
		"identifier_cut":      {values(6, "2b86"), message.ErrValue},
		"exception_octets":    {values(0x82, "00"), message.ErrValue},
		"nsap":                {values(0x45, "00"), message.ErrValue},
		"built_value":         {values(0x24, ""), message.ErrValue},
	} {
		t.Run(name, func(t *testing.T) {
			var m message.Message
			assert.Equal(t, c.want, m.Decode(c.in))
		})
	}
}

func TestDecodeKnowsEveryPDU(t *testing.T) {
	for tag := byte(0xa0); tag <= 0xa8; tag++ {
		var m message.Message
		in := v2c(pduOf(tag, bind, num(1), num(0), num(0)))
		if tag == 0xa4 { // a Trap-PDU: enterprise, address, traps, time, bindings
			in = v1(el(tag, sysDescr, el(0x40, []byte{127, 0, 0, 1}), num(0), num(0), el(0x43, []byte{9}), seq()))
		}
		require.NoError(t, m.Decode(in))
		assert.Equal(t, message.PDUType(tag), m.PDU.Type)
	}
	assert.True(t, message.GetBulk.Confirmed())
	assert.False(t, message.Report.Confirmed())
}

// A Message takes over nothing from the one before, and keeps no more memory
// than usual ones need.
func TestDecodeAgain(t *testing.T) {
	var m message.Message
	require.NoError(t, m.Decode(v2c(pduOf(0xa0, bytes.Repeat(bind, 4000), num(1), num(0), num(0)))))
	require.Len(t, m.Binds, 4000)
	for i, b := range m.Binds {
		require.Equal(t, uint32(6), b.OID[2], "binding %d", i)
	}
	require.NoError(t, m.Decode(v2c(get)))
	assert.Len(t, m.Binds, 1)
	assert.Less(t, cap(m.Binds), 100)
	require.NoError(t, m.Decode(goodV3().bytes()))
	assert.Empty(t, m.Binds)
	assert.Empty(t, m.Community)
	require.NoError(t, m.Decode(v2c(get)))
	assert.Empty(t, m.Security.User)
	assert.Nil(t, m.Scoped)
}

func TestDecodeAllocatesNothing(t *testing.T) {
	var m message.Message
	plain, secure := v2c(pduOf(0xa0, bytes.Repeat(bind, 20), num(1), num(0), num(0))), goodV3().bytes()
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		if m.Decode(plain) != nil || len(m.Binds) != 20 || m.Decode(secure) != nil || m.DecodeScoped() != nil {
			panic("not decoded")
		}
	}))
}
