package usm_test

import (
	"bytes"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/snmp/internal/message"
	"github.com/fieldgate/fieldgate/snmp/internal/usm"
)

func TestCheckEngineID(t *testing.T) {
	for name, c := range map[string]struct {
		id   []byte
		want error
	}{
		"ours":   {engineID, nil},
		"short":  {[]byte("\x80\x00\x00\x01"), usm.ErrEngineID},
		"5":      {[]byte("\x80\x00\x00\x01\x04"), nil},
		"32":     {bytes.Repeat([]byte("x"), 32), nil},
		"33":     {bytes.Repeat([]byte("x"), 33), usm.ErrEngineID},
		"zeros":  {make([]byte, 12), usm.ErrEngineID},
		"ones":   {bytes.Repeat([]byte{0xff}, 12), usm.ErrEngineID},
		"absent": {nil, usm.ErrEngineID},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, c.want, usm.CheckEngineID(c.id)) })
	}
}

func TestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := usm.New(usm.Config{ID: engineID, Boots: 7})
		assert.Equal(t, engineID, e.ID())
		check := func(wantBoots, wantTime uint32) {
			t.Helper()
			boots, seconds := e.Clock()
			assert.Equal(t, []uint32{wantBoots, wantTime}, []uint32{boots, seconds})
		}
		check(7, 0)
		time.Sleep(time.Second - 1)
		check(7, 0)
		time.Sleep(time.Nanosecond)
		check(7, 1)
		time.Sleep((math.MaxInt32 - 1) * time.Second)
		check(7, math.MaxInt32)
		time.Sleep(time.Second)
		check(8, 0)
	})
}

// Boots of 2147483647 are for ever, and let no authenticated message in.
func TestLatchedBoots(t *testing.T) {
	users()
	synctest.Test(t, func(t *testing.T) {
		e := newEngine(math.MaxInt32 - 1)
		_, _, err := take(t, e, request(t, e, "sha256", usm.AuthNoPriv, nil))
		require.NoError(t, err)
		for range 2 {
			time.Sleep((math.MaxInt32 + 1) * time.Second)
			boots, _ := e.Clock()
			assert.Equal(t, uint32(math.MaxInt32), boots)
			_, _, err = take(t, e, request(t, e, "sha256", usm.AuthNoPriv, nil))
			assert.Equal(t, usm.NotInTimeWindows, err)
		}
	})
}

func TestLevels(t *testing.T) {
	for level, flags := range map[usm.Level]message.Flags{usm.NoAuthNoPriv: 0, usm.AuthNoPriv: 1, usm.AuthPriv: 3} {
		assert.Equal(t, flags, level.Flags())
		assert.Equal(t, level, usm.LevelOf(flags|message.FlagReportable|0xf0))
	}
}

// An answer has the clock and the ID of the engine at every level, and the
// name, message ID and context of the request, even of a stranger's.
func TestEnvelope(t *testing.T) {
	users()
	synctest.Test(t, func(t *testing.T) {
		e := newEngine(3)
		time.Sleep(time.Minute)
		m := message.Message{
			Header:          message.Header{ID: 5, MaxSize: 1472, Flags: 7},
			Security:        message.Security{EngineID: []byte("other"), User: []byte("stranger"), Boots: 9, Time: 9},
			ContextEngineID: []byte("engine"), ContextName: []byte("context"),
		}
		want := message.Envelope{
			Version:         message.V3,
			Header:          message.Header{ID: 5, MaxSize: 65507},
			Security:        message.Security{EngineID: engineID, Boots: 3, Time: 60, User: []byte("stranger")},
			ContextEngineID: []byte("engine"), ContextName: []byte("context"),
		}
		assert.Equal(t, want, e.Envelope(&m, nil, usm.NoAuthNoPriv))

		want.Header.Flags, want.MACSize = 1, 24
		assert.Equal(t, want, e.Envelope(&m, user("sha256-des"), usm.AuthNoPriv))
		want.Header.Flags, want.SaltSize = 3, 8
		assert.Equal(t, want, e.Envelope(&m, user("sha256-aes256"), usm.AuthPriv))
		want.BlockSize = 8
		assert.Equal(t, want, e.Envelope(&m, user("sha256-des"), usm.AuthPriv))
	})
}
