package telemetry_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/telemetry"
)

// sealedVector was verified by an independent COSE library.
const sealedVector = "d18443a10104a10446474b3030303152a500010218610305041a6afd6d00051903e8483b9ddc0bdeb52a68"

// small is the message of sealedVector.
func small() *telemetry.Message {
	m := minimal()
	m.Serial, m.Boot, m.Seq, m.Time, m.Uptime = serial, telemetry.Known(uint32(97)), 5, num(1794993408), num(1000)
	return m
}

func TestSealedVector(t *testing.T) {
	b, err := telemetry.AppendSealed([]byte("head"), small(), key(t))
	require.NoError(t, err)
	assert.Equal(t, "head", string(b[:4]))
	assert.Equal(t, sealedVector, hex.EncodeToString(b[4:]))

	e, err := telemetry.ParseEnvelope(unhex(t, sealedVector))
	require.NoError(t, err)
	assert.Equal(t, serial, e.Serial)
	assert.Equal(t, "a500010218610305041a6afd6d00051903e8", hex.EncodeToString(e.Payload))
	require.True(t, e.Verify(key(t)))
	m, err := e.Decode()
	require.NoError(t, err)
	assert.Equal(t, small(), m)
}

// The tag over messages of every length agrees with crypto/hmac.
func TestSealAgreesWithStandardHMAC(t *testing.T) {
	k := telemetry.NewKey()
	for n := range 1100 {
		m := small()
		m.Host = telemetry.Known(strings.Repeat("x", n))
		b, err := telemetry.AppendSealed(nil, m, k)
		require.NoError(t, err)
		e, err := telemetry.ParseEnvelope(b)
		require.NoError(t, err)
		require.True(t, e.Verify(k))
		h := hmac.New(sha256.New, unhex(t, k.Reveal()))
		h.Write([]byte("\x84\x64MAC0\x43\xa1\x01\x04\x40"))
		h.Write(b[bytes.Index(b, []byte(serial))+len(serial) : len(b)-9])
		require.Equal(t, h.Sum(nil)[:8], b[len(b)-8:])
	}
}

func TestSealedMessageIsBounded(t *testing.T) {
	m := small()
	m.Host = telemetry.Known(strings.Repeat("x", 1151))
	b, err := telemetry.AppendSealed(nil, m, key(t))
	require.NoError(t, err)
	assert.Len(t, b, telemetry.MaxDatagram)
	m.Host.Value += "x"
	b, err = telemetry.AppendSealed([]byte("head"), m, key(t))
	require.ErrorIs(t, err, telemetry.ErrUnencodable)
	assert.Equal(t, "head", string(b))
	m.Host.Value = strings.Repeat("x", 100000)
	_, err = telemetry.AppendSealed(nil, m, key(t))
	require.ErrorIs(t, err, telemetry.ErrUnencodable)
}

func TestSealRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		serial string
		key    telemetry.Key
	}{
		"no serial":       {"", key(t)},
		"long serial":     {strings.Repeat("x", telemetry.MaxSerial+1), key(t)},
		"serial not text": {"\xff", key(t)},
		"no key":          {serial, telemetry.Key{}},
	} {
		t.Run(name, func(t *testing.T) {
			m := small()
			m.Serial = c.serial
			b, err := telemetry.AppendSealed([]byte("head"), m, c.key)
			require.ErrorIs(t, err, telemetry.ErrUnencodable)
			assert.Equal(t, "head", string(b))
			b, err = telemetry.AppendAck([]byte("head"), &telemetry.Ack{Serial: c.serial}, c.key)
			require.ErrorIs(t, err, telemetry.ErrUnencodable)
			assert.Equal(t, "head", string(b))
		})
	}
	m := small()
	m.Version = 2
	_, err := telemetry.AppendSealed(nil, m, key(t))
	require.ErrorIs(t, err, telemetry.ErrVersion)
}

// Every bit of the datagram counts: flipped, it is refused by the parser or
// by the MAC, or names another device, whose key does not fit either.
func TestEveryFlippedBitIsRefused(t *testing.T) {
	others := 0
	for i := range len(unhex(t, sealedVector)) * 8 {
		b := unhex(t, sealedVector)
		b[i/8] ^= 1 << (i % 8)
		e, err := telemetry.ParseEnvelope(b)
		if err != nil {
			require.ErrorIs(t, err, telemetry.ErrMalformed)
			continue
		}
		if e.Serial != serial {
			others++
			another := telemetry.DeriveKey(key(t), e.Serial)
			assert.False(t, e.Verify(another), "bit %d", i)
			continue
		}
		assert.False(t, e.Verify(key(t)), "bit %d", i)
	}
	assert.Equal(t, 42, others, "7 bits of each letter of the serial leave it text")
}

func TestVerifyNeedsTheKey(t *testing.T) {
	e, err := telemetry.ParseEnvelope(unhex(t, sealedVector))
	require.NoError(t, err)
	other := telemetry.NewKey()
	assert.False(t, e.Verify(other))
	assert.False(t, e.Verify(telemetry.Key{}))
	assert.False(t, new(telemetry.Envelope).Verify(key(t)))
}

func TestParseEnvelopeRefuses(t *testing.T) {
	good := unhex(t, sealedVector)
	for n := range good {
		_, err := telemetry.ParseEnvelope(good[:n])
		require.ErrorIs(t, err, telemetry.ErrMalformed, "cut at %d", n)
	}
	const head, tag = "d18443a10104a104", "480000000000000000"
	for name, text := range map[string]string{
		"bytes after the end":      sealedVector + "00",
		"untagged":                 sealedVector[2:],
		"COSE_Encrypt0":            "d0" + sealedVector[2:],
		"another algorithm":        strings.Replace(sealedVector, "43a10104", "43a10105", 1),
		"kid as a text":            strings.Replace(sealedVector, "a10446", "a10466", 1),
		"kid empty":                head + "40" + "40" + tag,
		"kid not UTF-8":            head + "41ff" + "40" + tag,
		"kid too long":             head + "5841" + strings.Repeat("61", 65) + "40" + tag,
		"kid length not shortest":  strings.Replace(sealedVector, "a10446", "a1045806", 1),
		"payload of no length":     strings.Replace(sealedVector, "52a5", "5fa5", 1),
		"payload detached":         head + "4161" + "f6" + tag,
		"payload beyond the end":   strings.Replace(sealedVector, "52a5", "5bffffffffffffffffa5", 1),
		"tag of 16 bytes":          strings.Replace(sealedVector, "e8483b", "e8503b", 1) + "0000000000000000",
		"more than a datagram has": sealedVector + strings.Repeat("00", telemetry.MaxDatagram),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := telemetry.ParseEnvelope(unhex(t, text))
			require.ErrorIs(t, err, telemetry.ErrMalformed)
		})
	}
}

// seal wraps any payload, as a faulty or hostile device with a key could.
func seal(t testing.TB, kid string, payload []byte) []byte {
	require.True(t, len(kid) < 24 && len(payload) < 24)
	covered := append([]byte{0x40 | byte(len(payload))}, payload...)
	h := hmac.New(sha256.New, unhex(t, testKey))
	h.Write([]byte("\x84\x64MAC0\x43\xa1\x01\x04\x40"))
	h.Write(covered)
	b := append([]byte("\xd1\x84\x43\xa1\x01\x04\xa1\x04"), 0x40|byte(len(kid)))
	b = append(append(b, kid...), covered...)
	return append(append(b, 0x48), h.Sum(nil)[:8]...)
}

func TestEnvelopeDecode(t *testing.T) {
	for name, c := range map[string]struct {
		payload string
		want    error
	}{
		"the same serial in the message": {"a3000101" + "66474b30303031" + "0300", nil},
		"another serial in the message":  {"a3000101" + "66474b30303032" + "0300", telemetry.ErrMalformed},
		"a later version":                {"a200020300", telemetry.ErrVersion},
		"an array":                       {"83000000", telemetry.ErrMalformed},
		"sealed twice":                   {"d1", telemetry.ErrSealed},
		"nothing":                        {"", telemetry.ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := telemetry.ParseEnvelope(seal(t, serial, unhex(t, c.payload)))
			require.NoError(t, err)
			require.True(t, e.Verify(key(t)))
			m, err := e.Decode()
			require.ErrorIs(t, err, c.want)
			if c.want == nil {
				assert.Equal(t, serial, m.Serial)
			}
		})
	}
}

func TestSealAndVerifyAllocateNothing(t *testing.T) {
	m, k, dst := full(), key(t), make([]byte, 0, telemetry.MaxDatagram)
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		if _, err := telemetry.AppendSealed(dst, m, k); err != nil {
			t.Error(err)
		}
	}))
	e, err := telemetry.ParseEnvelope(unhex(t, sealedVector))
	require.NoError(t, err)
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		if !e.Verify(k) {
			t.Error("not verified")
		}
	}))
}

func TestSealedSnapshotIsCompact(t *testing.T) {
	m := snapshot()
	require.Len(t, m.Serial, 12)
	b, err := telemetry.AppendSealed(nil, m, key(t))
	require.NoError(t, err)
	assert.LessOrEqual(t, len(b), 350, "65 values")
}

// Any datagram: refused, or of the one form that there is.
func FuzzParseEnvelope(f *testing.F) {
	f.Add(unhex(f, sealedVector))
	f.Add(unhex(f, ackVector))
	f.Add(unhex(f, "d18443a10104a10441614048"+"0000000000000000"))
	f.Add(unhex(f, "d18443a10104a1045840"))
	for _, m := range vectors(f) {
		m.Serial = serial
		b, err := telemetry.AppendSealed(nil, m, key(f))
		require.NoError(f, err)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := telemetry.ParseEnvelope(b)
		if err != nil {
			require.ErrorIs(t, err, telemetry.ErrMalformed)
			return
		}
		form := append([]byte("\xd1\x84\x43\xa1\x01\x04\xa1\x04"), bytesHead(len(e.Serial))...)
		form = append(append(form, e.Serial...), bytesHead(len(e.Payload))...)
		form = append(append(form, e.Payload...), 0x48)
		require.Equal(t, form, b[:len(b)-8])
		if !e.Verify(key(t)) {
			return
		}
		m, err := e.Decode()
		var d telemetry.Decoder
		var other telemetry.Message
		otherErr := d.DecodeEnvelope(&e, &other)
		require.Equal(t, err, otherErr)
		if err == nil {
			require.Equal(t, m, &other)
			require.Equal(t, e.Serial, m.Serial)
		}
	})
}

// bytesHead is the head of a byte string, written another way.
func bytesHead(n int) []byte {
	switch {
	case n < 24:
		return []byte{0x40 | byte(n)}
	case n < 256:
		return []byte{0x58, byte(n)}
	}
	return []byte{0x59, byte(n >> 8), byte(n)}
}

func BenchmarkAppendSealed(b *testing.B) {
	m, k, dst := snapshot(), key(b), make([]byte, 0, telemetry.MaxDatagram)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := telemetry.AppendSealed(dst, m, k); err != nil {
			b.Fatal(err)
		}
	}
}

// What a server does with each datagram.
func BenchmarkOpen(b *testing.B) {
	k := key(b)
	raw, err := telemetry.AppendSealed(nil, snapshot(), k)
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		e, err := telemetry.ParseEnvelope(raw)
		if err != nil || !e.Verify(k) {
			b.Fatal("not verified", err)
		}
		if _, err := e.Decode(); err != nil {
			b.Fatal(err)
		}
	}
}
