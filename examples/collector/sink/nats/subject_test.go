package nats_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/collector/sink/nats"
	"github.com/fieldgate/fieldgate/examples/collector/sink/sinktest"
	"github.com/fieldgate/fieldgate/telemetry"
)

func TestToken(t *testing.T) {
	for serial, want := range map[string]string{
		"GK0123456789":           "GK0123456789",
		"a-b_C":                  "a-b_C",
		"":                       "%",
		"%":                      "%25",
		"1.2":                    "1%2E2",
		"*":                      "%2A",
		">":                      "%3E",
		"a b\t\r\n":              "a%20b%09%0D%0A",
		"a/1":                    "a%2F1",
		"\x00\xff":               "%00%FF",
		"münchen":                "m%C3%BCnchen",
		strings.Repeat("a", 192): strings.Repeat("a", 192),
	} {
		assert.Equal(t, want, nats.Token(serial))
	}
	long := nats.Token(strings.Repeat("a", 193))
	assert.Regexp(t, "^%[0-9a-f]{64}$", long)
	assert.NotEqual(t, long, nats.Token(strings.Repeat("a", 194)))
}

func FuzzToken(f *testing.F) {
	for _, serial := range []string{"", "%", "GK0001", "a.b", "*", ">", "\x00\xff", strings.Repeat(".", 64), strings.Repeat(".", 65)} {
		f.Add(serial)
	}
	f.Fuzz(func(t *testing.T, serial string) {
		token := nats.Token(serial)
		assert.NotEmpty(t, token)
		assert.LessOrEqual(t, len(token), 192)
		assert.NotContains(t, token, ".")
		for _, c := range []byte(token) {
			require.True(t, c == '%' || c == '-' || c == '_' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z')
		}
		switch {
		case serial == "":
			assert.Equal(t, "%", token)
		case 3*len(serial) <= 192:
			back, err := url.PathUnescape(token)
			require.NoError(t, err)
			assert.Equal(t, serial, back, "nothing is lost, so no two are the same")
		}
	})
}

func TestMessageID(t *testing.T) {
	r := sinktest.Records("GK/0001", 5, 1)[0]
	assert.Equal(t, "GK%2F0001/97/5", nats.MessageID(&r))
	r.Message.Late = true
	assert.Equal(t, "GK%2F0001/97/5", nats.MessageID(&r), "sent again, it is the same message")
	r.Message.Part = telemetry.Part{Index: 2, Count: 3}
	assert.Equal(t, "GK%2F0001/97/5/2", nats.MessageID(&r))

	r.Message.Boot = telemetry.Maybe[uint32]{}
	id := nats.MessageID(&r)
	assert.Regexp(t, "^GK%2F0001/-/[0-9a-f]{32}$", id)
	assert.Equal(t, id, nats.MessageID(&r))
	r.Raw = append([]byte(nil), r.Raw...)
	r.Raw[len(r.Raw)-1]++
	assert.NotEqual(t, id, nats.MessageID(&r), "the same seq of another start without a counter")
}
