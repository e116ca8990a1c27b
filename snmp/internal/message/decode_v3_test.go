package message_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/snmp/internal/ber"
	"github.com/fieldgate/fieldgate/snmp/internal/message"
)

func TestDecodeV3(t *testing.T) {
	raw := goodV3().bytes()
	var m message.Message
	require.NoError(t, m.Decode(append(bytes.Clone(raw), "more"...)))
	assert.Equal(t, message.V3, m.Version)
	assert.Equal(t, raw, m.Raw)
	assert.Equal(t, message.Header{ID: 0x1234, MaxSize: 65507, Flags: message.FlagAuth | message.FlagPriv | message.FlagReportable}, m.Header)
	s := m.Security
	assert.Equal(t, "\x80\x00\x1f\x88\x04engine user twelve bytes saltsalt",
		strings.Join([]string{string(s.EngineID), string(s.User), string(s.MAC), string(s.Salt)}, " "))
	assert.Equal(t, []uint32{5, 256}, []uint32{s.Boots, s.Time})
	assert.Equal(t, "twelve bytes", string(m.Raw[s.MACAt:s.MACAt+len(s.MAC)]))
	assert.Nil(t, m.Encrypted)

	require.NoError(t, m.DecodeScoped())
	assert.Equal(t, "ctx", string(m.ContextName))
	assert.Equal(t, "\x80\x00\x1f\x88\x04engine", string(m.ContextEngineID))
	assert.Equal(t, message.PDU{Type: message.Get, RequestID: 1}, m.PDU)
	require.Len(t, m.Binds, 1)
	assert.Equal(t, []uint32{1, 3, 6, 1, 2, 1, 1, 1, 0}, m.Binds[0].OID)
}

func TestDecodeV3Encrypted(t *testing.T) {
	p := goodV3()
	p.data = str("not yet decrypted, but as long as it will be with its padding")
	var m message.Message
	require.NoError(t, m.Decode(p.bytes()))
	assert.Nil(t, m.Scoped)
	assert.Equal(t, p.data[2:], m.Encrypted)
	assert.Equal(t, ber.ErrTruncated, m.DecodeScoped(), "while it is encrypted")

	n := copy(m.Plaintext(), scoped(get))
	require.Less(t, n, len(m.Scoped), "there is padding")
	require.NoError(t, m.DecodeScoped())
	assert.Equal(t, message.Get, m.PDU.Type)
	assert.Equal(t, p.data[2:], m.Encrypted, "the datagram stays as it is")
}

func TestDecodeV3Refuses(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*v3parts)
		want  error
	}{
		"id_negative":       {func(p *v3parts) { p.id = num(0xff) }, ber.ErrNumber},
		"id_string":         {func(p *v3parts) { p.id = str("1") }, ber.ErrTag},
		"max_size_483":      {func(p *v3parts) { p.maxSize = num(0x01, 0xe3) }, ber.ErrNumber},
		"max_size_-1":       {func(p *v3parts) { p.maxSize = num(0xff) }, ber.ErrNumber},
		"flags_none":        {func(p *v3parts) { p.flags = str("") }, message.ErrSize},
		"flags_two":         {func(p *v3parts) { p.flags = str("\x00\x00") }, message.ErrSize},
		"flags_number":      {func(p *v3parts) { p.flags = num(0) }, ber.ErrTag},
		"priv_alone":        {func(p *v3parts) { p.flags = str("\x06") }, message.ErrFlags},
		"model_2":           {func(p *v3parts) { p.model = num(2) }, message.ErrSecurityModel},
		"model_0":           {func(p *v3parts) { p.model = num(0) }, ber.ErrNumber},
		"model_first":       {func(p *v3parts) { p.model, p.flags = num(9), str("\x06") }, message.ErrSecurityModel},
		"encoding_first":    {func(p *v3parts) { p.model, p.data = num(9), num(1) }, ber.ErrTag},
		"security_sequence": {func(p *v3parts) { p.security = security(nil) }, ber.ErrTag},
		"security_empty":    {func(p *v3parts) { p.security = str("") }, ber.ErrTruncated},
		"security_after":    {func(p *v3parts) { p.security = el(4, security(nil), null) }, ber.ErrTrailing},
		"security_short":    {func(p *v3parts) { p.security = el(4, seq(str("e"), num(0))) }, ber.ErrTruncated},
		"data_number":       {func(p *v3parts) { p.data = num(1) }, ber.ErrTag},
		"data_missing":      {func(p *v3parts) { p.data = nil }, ber.ErrTruncated},
		"data_twice":        {func(p *v3parts) { p.data = append(bytes.Clone(p.data), p.data...) }, ber.ErrTrailing},
	} {
		t.Run(name, func(t *testing.T) {
			p := goodV3()
			c.spoil(&p)
			var m message.Message
			assert.Equal(t, c.want, m.Decode(p.bytes()))
		})
	}
	for name, c := range map[string]struct {
		replace map[int][]byte
		want    error
	}{
		"engine_id_number": {map[int][]byte{0: num(1)}, ber.ErrTag},
		"boots_negative":   {map[int][]byte{1: num(0xff)}, ber.ErrNumber},
		"boots_2^31":       {map[int][]byte{1: num(0, 0x80, 0, 0, 0)}, ber.ErrNumber},
		"time_negative":    {map[int][]byte{2: num(0x80, 0, 0, 0)}, ber.ErrNumber},
		"user_of_33":       {map[int][]byte{3: str(strings.Repeat("u", 33))}, message.ErrSize},
		"mac_null":         {map[int][]byte{4: null}, ber.ErrTag},
		"salt_missing":     {map[int][]byte{5: nil}, ber.ErrTruncated},
	} {
		t.Run(name, func(t *testing.T) {
			p := goodV3()
			p.security = el(4, security(c.replace))
			var m message.Message
			assert.Equal(t, c.want, m.Decode(p.bytes()))
		})
	}
}

// What package usm has to judge, and count, is let through.
func TestDecodeV3LetsThrough(t *testing.T) {
	for name, c := range map[string]struct {
		replace map[int][]byte
		mac     string
	}{
		"probe":           {map[int][]byte{0: str(""), 1: num(0), 2: num(0), 3: str(""), 4: str(""), 5: str("")}, ""},
		"long_engine_id":  {map[int][]byte{0: str(strings.Repeat("e", 40))}, "twelve bytes"},
		"short_mac":       {map[int][]byte{4: str("short")}, "short"},
		"long_mac":        {map[int][]byte{4: str(strings.Repeat("m", 200))}, strings.Repeat("m", 200)},
		"long_salt":       {map[int][]byte{5: str(strings.Repeat("s", 9))}, "twelve bytes"},
		"user_of_32":      {map[int][]byte{3: str(strings.Repeat("u", 32))}, "twelve bytes"},
		"largest_time":    {map[int][]byte{2: num(0x7f, 0xff, 0xff, 0xff)}, "twelve bytes"},
		"long_mac_length": {map[int][]byte{4: append(unhex("0484"+"0000000c"), "twelve bytes"...)}, "twelve bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			p := goodV3()
			p.security = el(4, security(c.replace))
			p.flags = str("\xff")
			var m message.Message
			require.NoError(t, m.Decode(p.bytes()))
			assert.Equal(t, c.mac, string(m.Security.MAC))
			assert.Equal(t, c.mac, string(m.Raw[m.Security.MACAt:m.Security.MACAt+len(c.mac)]))
		})
	}
}

func TestDecodeScopedRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		data []byte
		want error
	}{
		"empty":          {seq(), ber.ErrTruncated},
		"engine_number":  {seq(num(1), str(""), get), ber.ErrTag},
		"context_number": {seq(str(""), num(1), get), ber.ErrTag},
		"no_pdu":         {seq(str(""), str("")), ber.ErrTruncated},
		"trap_v1":        {seq(str(""), str(""), pduOf(0xa4, bind, num(1), num(0), num(0))), message.ErrPDU},
		"after_pdu":      {seq(str(""), str(""), get, null), ber.ErrTrailing},
	} {
		t.Run(name, func(t *testing.T) {
			p := goodV3()
			p.data = c.data
			var m message.Message
			require.NoError(t, m.Decode(p.bytes()))
			assert.Equal(t, c.want, m.DecodeScoped())
		})
	}
}
