package usm_test

import (
	"bytes"
	"math"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/snmp/internal/message"
	"github.com/fieldgate/fieldgate/snmp/internal/usm"
)

func TestIncoming(t *testing.T) {
	e := newEngine(3)
	for _, u := range users() {
		for _, level := range []usm.Level{usm.NoAuthNoPriv, usm.AuthNoPriv, usm.AuthPriv} {
			if !u.Supports(level) {
				continue
			}
			t.Run(u.Name()+"/"+strconv.Itoa(int(level)), func(t *testing.T) {
				m, got, err := take(t, e, request(t, e, u.Name(), level, nil))
				require.NoError(t, err)
				assert.Same(t, u, got)
				assert.Equal(t, level, usm.LevelOf(m.Header.Flags))
				require.NoError(t, m.DecodeScoped())
				assert.Equal(t, message.PDU{Type: message.Get, RequestID: 4711}, m.PDU)
				assert.Equal(t, engineID, m.ContextEngineID)
				require.Len(t, m.Binds, 1)
			})
		}
	}
	for f := usm.UnsupportedSecLevels; f <= usm.DecryptionErrors; f++ {
		assert.Zero(t, e.Count(f))
	}
}

// Each message has every fault of those below it too, so it is the order of
// RFC 3414, section 3.2, that decides.
func TestIncomingOrder(t *testing.T) {
	foreign := func(env *message.Envelope) { env.Security.EngineID = []byte("\x80\x00\xc3\xbb\x04another") }
	stranger := func(env *message.Envelope) { env.Security.User = []byte("stranger") }
	late := func(env *message.Envelope) { env.Security.Boots++ }
	shortSalt := func(env *message.Envelope) { env.SaltSize = 7 }
	noMAC := func(env *message.Envelope) { env.MACSize = 0 }
	all := func(changes ...func(*message.Envelope)) func(*message.Envelope) {
		return func(env *message.Envelope) {
			for _, change := range changes {
				change(env)
			}
		}
	}
	unsupported := func(env *message.Envelope) { // the user has no encryption
		env.Security.User = []byte("sha256")
	}
	for _, c := range []struct {
		name   string
		change func(*message.Envelope)
		want   usm.Failure
		user   string
		report usm.Level
	}{
		{"engine_id", all(late, shortSalt, noMAC, stranger, foreign), usm.UnknownEngineIDs, "", usm.NoAuthNoPriv},
		{"engine_id_empty", func(env *message.Envelope) { env.Security.EngineID = nil }, usm.UnknownEngineIDs, "", usm.NoAuthNoPriv},
		{"user", all(late, shortSalt, noMAC, stranger), usm.UnknownUserNames, "", usm.NoAuthNoPriv},
		{"level", all(late, shortSalt, noMAC, unsupported), usm.UnsupportedSecLevels, "sha256", usm.NoAuthNoPriv},
		{"digest", all(late, shortSalt, noMAC), usm.WrongDigests, "sha256-aes", usm.NoAuthNoPriv},
		{"window", all(late, shortSalt), usm.NotInTimeWindows, "sha256-aes", usm.AuthNoPriv},
		{"decryption", shortSalt, usm.DecryptionErrors, "sha256-aes", usm.NoAuthNoPriv},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := newEngine(3)
			m, u, err := take(t, e, request(t, e, "sha256-aes", usm.AuthPriv, c.change))
			require.Equal(t, c.want, err)
			assert.Equal(t, c.report, c.want.Level())
			assert.NotEmpty(t, c.want.Error())
			assert.Nil(t, m.Scoped)
			if c.user == "" {
				assert.Nil(t, u)
			} else {
				assert.Equal(t, c.user, u.Name())
			}
			for f := usm.UnsupportedSecLevels; f <= usm.DecryptionErrors; f++ {
				assert.Equal(t, f == c.want, e.Count(f) == 1, "counter %d", f)
			}
		})
	}
}

// A user without encryption, and one without keys, are held to what they have.
func TestIncomingUnsupportedLevel(t *testing.T) {
	e := newEngine(3)
	for name, flags := range map[string]message.Flags{"sha256": message.FlagAuth | message.FlagPriv, "nobody": message.FlagAuth} {
		datagram := request(t, e, "sha256-aes", usm.AuthPriv, func(env *message.Envelope) {
			env.Security.User, env.Header.Flags = []byte(name), flags
		})
		_, _, err := take(t, e, datagram)
		assert.Equal(t, usm.UnsupportedSecLevels, err, name)
	}
}

func TestTimeWindow(t *testing.T) {
	for name, c := range map[string]struct {
		after time.Duration // the age of the message when it arrives
		boots uint32        // of the message; the engine is in its third
		time  uint32        // of the message, which is sent at 1000 s
		want  error
	}{
		"now":              {0, 3, 1000, nil},
		"150_s_old":        {150 * time.Second, 3, 1000, nil},
		"nearly_151_s_old": {151*time.Second - 1, 3, 1000, nil},
		"151_s_old":        {151 * time.Second, 3, 1000, usm.NotInTimeWindows},
		"150_s_ahead":      {0, 3, 1150, nil},
		"151_s_ahead":      {0, 3, 1151, usm.NotInTimeWindows},
		"boot_before":      {0, 2, 1000, usm.NotInTimeWindows},
		"boot_after":       {0, 4, 1000, usm.NotInTimeWindows},
		"probe":            {0, 0, 0, usm.NotInTimeWindows},
		"far_ahead":        {0, 3, math.MaxInt32, usm.NotInTimeWindows},
	} {
		t.Run(name, func(t *testing.T) {
			users() // not within the bubble
			synctest.Test(t, func(t *testing.T) {
				e := newEngine(3)
				time.Sleep(1000 * time.Second)
				datagram := request(t, e, "sha256-aes", usm.AuthPriv, func(env *message.Envelope) {
					env.Security.Boots, env.Security.Time = c.boots, c.time
				})
				time.Sleep(c.after)
				_, _, err := take(t, e, datagram)
				assert.Equal(t, c.want, err)
			})
		})
	}
}

// Without authentication, the clock of a message says nothing.
func TestTimeWindowWithoutAuthentication(t *testing.T) {
	e := newEngine(3)
	_, _, err := take(t, e, request(t, e, "nobody", usm.NoAuthNoPriv, func(env *message.Envelope) { env.Security.Boots = 99 }))
	assert.NoError(t, err)
}

// A MAC covers every bit of the message as it was received.
func TestDigest(t *testing.T) {
	e := newEngine(3)
	for _, auth := range auths {
		t.Run(string(auth), func(t *testing.T) {
			datagram := request(t, e, string(auth)+"-aes", usm.AuthNoPriv, nil)
			wrong := 0
			for bit := range 8 * len(datagram) {
				spoilt := bytes.Clone(datagram)
				spoilt[bit/8] ^= 1 << (bit % 8)
				var m message.Message
				if m.Decode(spoilt) != nil {
					continue
				}
				_, err := e.Incoming(&m)
				if m.Header.Flags&message.FlagAuth != 0 {
					require.Error(t, err, "bit %d of %x", bit, datagram)
				}
				if err == usm.WrongDigests {
					wrong++
				}
			}
			assert.Greater(t, wrong, 300)
		})
	}
}

// Whoever writes longer lengths than needed signs these, not ours.
func TestDigestOfNeedlesslyLongLengths(t *testing.T) {
	e := newEngine(3)
	u := user("sha512-aes")
	datagram := request(t, e, u.Name(), usm.AuthNoPriv, nil)
	require.Equal(t, []byte{0x30, 0x81}, datagram[:2])
	long := append([]byte{0x30, 0x84, 0, 0, 0}, datagram[2:]...)

	_, _, err := take(t, e, long)
	assert.Equal(t, usm.WrongDigests, err, "signed for the short form")
	resign(e, u, long)
	_, _, err = take(t, e, append(bytes.Clone(long), "octets that are no part of it"...))
	assert.NoError(t, err)
}

// resign signs a message that was changed.
func resign(e *usm.Engine, u *usm.User, datagram []byte) {
	var m message.Message
	if m.Decode(datagram) != nil {
		return
	}
	mac := datagram[m.Security.MACAt : m.Security.MACAt+len(m.Security.MAC)]
	clear(mac)
	e.Outgoing(u, &message.Envelope{Header: message.Header{Flags: message.FlagAuth}}, message.Sealable{Raw: m.Raw, MAC: mac})
}

func TestDigestLengths(t *testing.T) {
	e := newEngine(3)
	for auth, size := range map[usm.Auth]int{usm.MD5: 12, usm.SHA1: 12, usm.SHA224: 16, usm.SHA256: 24, usm.SHA384: 32, usm.SHA512: 48} {
		u := user(string(auth) + "-aes")
		for n := range 70 {
			_, _, err := take(t, e, packet(t, e, u, usm.AuthNoPriv, message.Get, func(env *message.Envelope) { env.MACSize = n }))
			if n == size {
				assert.NoError(t, err, "%s with %d octets", auth, n)
			} else {
				assert.Equal(t, usm.WrongDigests, err, "%s with %d octets", auth, n)
			}
		}
	}
}

func TestDecryptionErrors(t *testing.T) {
	e := newEngine(3)
	for name, c := range map[string]struct {
		user   string
		change func(*message.Envelope)
	}{
		"salt_missing":  {"sha256-aes", func(env *message.Envelope) { env.SaltSize = 0 }},
		"salt_of_9":     {"sha256-aes", func(env *message.Envelope) { env.SaltSize = 9 }},
		"des_salt_of_9": {"sha256-des", func(env *message.Envelope) { env.SaltSize = 9 }},
		"des_blocks":    {"sha256-des", func(env *message.Envelope) { env.BlockSize = 9 }},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := take(t, e, request(t, e, c.user, usm.AuthPriv, c.change))
			assert.Equal(t, usm.DecryptionErrors, err)
		})
	}
	t.Run("not_encrypted", func(t *testing.T) {
		datagram := request(t, e, "sha256-aes", usm.AuthNoPriv, func(env *message.Envelope) { env.SaltSize = 8 })
		flags := bytes.Index(datagram, []byte{4, 1, byte(message.FlagAuth), 2, 1, 3})
		datagram[flags+2] |= byte(message.FlagPriv)
		resign(e, user("sha256-aes"), datagram)
		m, _, err := take(t, e, datagram)
		assert.Equal(t, usm.DecryptionErrors, err)
		assert.Nil(t, m.Encrypted)
	})
}

// With the wrong key there is a plaintext, but no message in it.
func TestWrongPrivacyKey(t *testing.T) {
	e := newEngine(3)
	other, err := usm.NewUser(usm.Credentials{
		Name: "sha256-aes", Auth: usm.SHA256, Priv: usm.AES, AuthPassword: authPassword, PrivPassword: "another password",
	}, engineID)
	require.NoError(t, err)
	m, _, err := take(t, e, packet(t, e, other, usm.AuthPriv, message.Get, nil))
	require.NoError(t, err)
	assert.Error(t, m.DecodeScoped())
}
