package message_test

import (
	"bytes"
	"encoding/hex"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/snmp/internal/ber"
	"github.com/fieldgate/fieldgate/snmp/internal/message"
)

var sysDescrArcs = []uint32{1, 3, 6, 1, 2, 1, 1, 1, 0}

func community(v message.Version) message.Envelope {
	return message.Envelope{Version: v, Community: []byte("public")}
}

// secure is the envelope of an answer with encryption in blocks of 8.
func secure() message.Envelope {
	return message.Envelope{
		Version:         message.V3,
		Header:          message.Header{ID: 0x1234, MaxSize: 65507, Flags: message.FlagAuth | message.FlagPriv},
		Security:        message.Security{EngineID: []byte("\x80\x00\x1f\x88\x04engine"), Boots: 5, Time: 256, User: []byte("user")},
		MACSize:         24,
		SaltSize:        8,
		BlockSize:       8,
		ContextEngineID: []byte("\x80\x00\x1f\x88\x04engine"),
		ContextName:     []byte("ctx"),
	}
}

func TestWriteCommunity(t *testing.T) {
	var w message.Writer
	e := community(message.V2c)
	w.Begin(&e, 0x4a0d32a1, 484)
	require.True(t, w.Append(sysDescrArcs, ber.Null, 0, ""))
	s, err := w.Finish(message.Get, 0, 0)
	require.NoError(t, err)
	assert.Equal(t, netSNMPGet, hex.EncodeToString(s.Raw))
	assert.Empty(t, s.Scoped)
}

// The numbers of a response are as short as can be, with their sign.
func TestWriteNegativeRequestID(t *testing.T) {
	var w message.Writer
	e := community(message.V1)
	w.Begin(&e, -1, 484)
	s, err := w.Finish(message.Response, 2, 300)
	require.NoError(t, err)
	assert.Equal(t, v1(pduOf(0xa2, nil, num(0xff), num(2), num(1, 44))), s.Raw)
}

func TestWriteV3(t *testing.T) {
	e := secure()
	e.Header.Flags, e.SaltSize, e.BlockSize = message.FlagAuth, 0, 0
	p := goodV3()
	p.flags = str("\x01")
	p.security = el(4, security(map[int][]byte{4: el(4, make([]byte, 24)), 5: str("")}))

	var w message.Writer
	w.Begin(&e, 1, 484)
	require.True(t, w.Append(sysDescrArcs, ber.Null, 0, ""))
	s, err := w.Finish(message.Get, 0, 0)
	require.NoError(t, err)
	assert.Equal(t, hex.EncodeToString(p.bytes()), hex.EncodeToString(s.Raw))
	assert.Len(t, s.MAC, 24)
	assert.Empty(t, s.Salt)
	assert.Nil(t, s.Scoped)
}

func TestWriteV3Encrypted(t *testing.T) {
	var w message.Writer
	e := secure()
	w.Begin(&e, 1, 484)
	require.True(t, w.Append(sysDescrArcs, ber.OctetString, 0, "text"))
	s, err := w.Finish(message.Response, 0, 0)
	require.NoError(t, err)
	copy(s.MAC, "the MAC, 24 octets long.")
	copy(s.Salt, "the salt")
	plain := bytes.Clone(s.Scoped)
	assert.Zero(t, len(plain)%8)
	for i := range s.Scoped {
		s.Scoped[i] ^= 0x55
	}

	var m message.Message
	require.NoError(t, m.Decode(s.Raw))
	assert.Equal(t, "the MAC, 24 octets long.", string(m.Security.MAC))
	assert.Equal(t, "the salt", string(m.Security.Salt))
	assert.Equal(t, s.Scoped, m.Encrypted)
	copy(m.Plaintext(), plain)
	require.NoError(t, m.DecodeScoped())
	assert.Equal(t, "ctx", string(m.ContextName))
	require.Len(t, m.Binds, 1)
	assert.Equal(t, "text", string(m.Binds[0].Contents))
}

// What is left in the buffer from before shows nowhere.
func TestWriteAgain(t *testing.T) {
	write := func(w *message.Writer, text string) []byte {
		e := secure()
		w.Begin(&e, 1, 65507)
		require.True(t, w.Append(sysDescrArcs, ber.OctetString, 0, text))
		s, err := w.Finish(message.Response, 0, 0)
		require.NoError(t, err)
		out := bytes.Clone(s.Raw)
		for i := range s.Raw {
			s.Raw[i] = 0xee
		}
		return out
	}
	var used, fresh message.Writer
	write(&used, strings.Repeat("long ", 1000))
	for n := range 20 {
		text := strings.Repeat("t", n)
		assert.Equal(t, write(&fresh, text), write(&used, text))
		fresh = message.Writer{}
	}
}

func TestWriteValues(t *testing.T) {
	values := []struct {
		tag    byte
		number uint64
		text   string
		want   string
	}{
		{ber.Integer, 0, "", "020100"},
		{ber.Integer, math.MaxUint64, "", "0201ff"},
		{ber.Integer, 1<<64 - 1<<31, "", "020480000000"},
		{ber.OctetString, 0, "text", "040474657874"},
		{ber.OctetString, 0, "", "0400"},
		{ber.Null, 0, "", "0500"},
		{ber.ObjectID, 0, "\x00", "060100"},
		{ber.IPAddress, 0, "\x7f\x00\x00\x01", "40047f000001"},
		{ber.Counter32, math.MaxUint32, "", "410500ffffffff"},
		{ber.Gauge32, 127, "", "42017f"},
		{ber.TimeTicks, 128, "", "43020080"},
		{ber.Opaque, 0, "\x9f\x78\x04\x00\x00\x00\x00", "44079f780400000000"},
		{ber.Counter64, math.MaxUint64, "", "460900ffffffffffffffff"},
		{ber.NoSuchObject, 0, "", "8000"},
		{ber.NoSuchInstance, 0, "", "8100"},
		{ber.EndOfMibView, 0, "", "8200"},
	}
	var w, echo message.Writer
	var want []byte
	e := community(message.V2c)
	w.Begin(&e, 1, 1472)
	for _, v := range values {
		require.True(t, w.Append(sysDescrArcs, v.tag, v.number, v.text))
		want = append(want, seq(sysDescr, unhex(v.want))...)
	}
	assert.Equal(t, len(values), w.Len())
	s, err := w.Finish(message.Response, 0, 0)
	require.NoError(t, err)
	assert.Equal(t, v2c(pduOf(0xa2, want, num(1), num(0), num(0))), s.Raw)

	var m message.Message
	require.NoError(t, m.Decode(s.Raw))
	echo.Begin(&e, 1, 1472)
	for _, b := range m.Binds {
		require.True(t, echo.Copy(b))
	}
	again, err := echo.Finish(message.Response, 0, 0)
	require.NoError(t, err)
	assert.Equal(t, s.Raw, again.Raw)
}

// For every limit as many bindings fit as can, and not one octet more.
func TestWriteUpToTheLimit(t *testing.T) {
	envelopes := map[string]message.Envelope{"v1": community(message.V1), "v2c": community(message.V2c), "v3_des": secure()}
	e := secure()
	e.BlockSize = 0
	envelopes["v3_aes"] = e
	e.Header.Flags, e.MACSize, e.SaltSize = 0, 0, 0
	envelopes["v3_plain"] = e
	for name, e := range envelopes {
		t.Run(name, func(t *testing.T) {
			var w message.Writer
			finish := func(count, limit int) (message.Sealable, error) {
				w.Begin(&e, -70000, limit)
				for n := range count {
					if !w.Append(sysDescrArcs, ber.OctetString, 0, strings.Repeat("x", n%5)) {
						return message.Sealable{}, message.ErrTooBig
					}
				}
				return w.Finish(message.Response, 0, 0)
			}
			for count := range 40 {
				s, err := finish(count, math.MaxInt32)
				require.NoError(t, err)
				size := len(s.Raw)
				_, err = finish(count, size)
				require.NoError(t, err, "%d bindings have %d octets", count, size)
				_, err = finish(count, size-1)
				require.Equal(t, message.ErrTooBig, err)
			}
		})
	}
}

func TestWriteTooBig(t *testing.T) {
	var w message.Writer
	e := community(message.V2c)
	w.Begin(&e, 1, 60)
	require.True(t, w.Append(sysDescrArcs, ber.OctetString, 0, strings.Repeat("x", 18)))
	assert.False(t, w.Append(sysDescrArcs, ber.Null, 0, ""), "there is room for a binding, but not for this")
	assert.False(t, w.Copy(message.Bind{OID: sysDescrArcs, Tag: ber.Null}))
	assert.Equal(t, 1, w.Len())

	_, err := w.Finish(message.Response, 5, math.MaxInt32)
	require.Equal(t, message.ErrTooBig, err, "an error-index of 4 octets no longer fits")
	w.Reset()
	s, err := w.Finish(message.Response, 1, 0)
	require.NoError(t, err)
	assert.Equal(t, v2c(pduOf(0xa2, nil, num(1), num(1), num(0))), s.Raw)

	w.Begin(&e, 1, 5)
	assert.False(t, w.Append(sysDescrArcs, ber.Null, 0, ""))
	_, err = w.Finish(message.Response, 1, 0)
	assert.Equal(t, message.ErrTooBig, err)
}

func TestWriteHeadroom(t *testing.T) {
	var w message.Writer
	e := message.Envelope{Version: message.V2c, Community: make([]byte, 255)}
	w.Begin(&e, math.MinInt32, 65507)
	require.True(t, w.Append(sysDescrArcs, ber.Opaque, 0, strings.Repeat("x", 65000)))
	_, err := w.Finish(message.Response, math.MinInt32, math.MinInt32)
	require.NoError(t, err)

	largest := make([]byte, 32)
	e = secure()
	e.Header.ID, e.MACSize = math.MaxInt32, 48
	e.Security = message.Security{EngineID: largest, Boots: math.MaxInt32, Time: math.MaxInt32, User: largest}
	e.ContextEngineID, e.ContextName = largest, largest
	w.Begin(&e, math.MinInt32, 65507)
	require.True(t, w.Append(sysDescrArcs, ber.Opaque, 0, strings.Repeat("x", 65000)))
	_, err = w.Finish(message.Response, math.MinInt32, math.MinInt32)
	require.NoError(t, err)

	e.ContextName = make([]byte, message.Headroom)
	w.Begin(&e, 1, 65507)
	_, err = w.Finish(message.Response, 0, 0)
	assert.Equal(t, message.ErrTooBig, err)
}

func TestWriteAllocatesNothing(t *testing.T) {
	var w message.Writer
	e := secure()
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		w.Begin(&e, 1, 1472)
		for w.Append(sysDescrArcs, ber.Counter64, 1<<40, "") {
		}
		if _, err := w.Finish(message.Response, 0, 0); err != nil {
			panic(err)
		}
	}))
}
