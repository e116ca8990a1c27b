package redispoints_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/apitest/suite"
	"github.com/fieldgate/fieldgate/api/redispoints"
	"github.com/fieldgate/fieldgate/internal/lifecycle/lifecycletest"
)

// start runs a service on b until the end of the test.
func start(t *testing.T, b *bus, c redispoints.Config) *redispoints.Service {
	s, err := redispoints.New(c, redispoints.Options{Dial: b.Dial})
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context()))
	t.Cleanup(func() { assert.NoError(t, s.Stop(context.Background())) })
	return s
}

// value returns what the API shows of a tag.
func value(t *testing.T, s *redispoints.Service, device, signal string) string {
	t.Helper()
	v, err := s.Value(t.Context(), device, signal)
	require.NoError(t, err)
	text := v.Value.String()
	if !v.Time.IsZero() {
		text += v.Time.UTC().Format(" 15:04:05.000")
	}
	return strings.TrimSpace(text + " " + v.Flags.String())
}

func TestContract(t *testing.T) {
	lifecycletest.TestService(t, func(t *testing.T) lifecycletest.Subject {
		b := new(bus)
		b.serve(t)
		s, err := redispoints.New(config(), redispoints.Options{Dial: b.Dial})
		require.NoError(t, err)
		return lifecycletest.Subject{
			Service: s,
			Resources: func() int {
				synctest.Wait()     // the far ends of closed connections close too
				return b.Open() - 1 // the listener
			},
		}
	})
}

// The same without anything that answers.
func TestContractWithoutBus(t *testing.T) {
	lifecycletest.TestService(t, func(t *testing.T) lifecycletest.Subject {
		b := new(bus)
		s, err := redispoints.New(config(), redispoints.Options{Dial: b.Dial})
		require.NoError(t, err)
		return lifecycletest.Subject{Service: s, Resources: b.Open}
	})
}

func TestValues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := new(bus)
		b.serve(t)
		s := start(t, b, config())
		synctest.Wait()
		assert.Equal(t, []string{"PSUBSCRIBE tag/*/*/rin"}, b.sent())
		require.True(t, s.Status().Connected)
		assert.Equal(t, "nan NT", value(t, s, "INV1", "P"))

		b.publish("tag/INV1/P/rin", "5.9589999999999996,1708000203824,")
		b.publish("tag/COPY/P/rin", "7,1708000203825,IV OV")
		synctest.Wait()
		assert.Equal(t, "5.959 12:30:03.824", value(t, s, "INV1", "P"))
		assert.Equal(t, "7 12:30:03.825 IV OV", value(t, s, "COPY", "P"))
		assert.Equal(t, "nan NT", value(t, s, "INV1", "U"))

		for _, m := range [][2]string{
			{"tag/INV1/P/rin", "5.96"}, {"tag/INV1/P/rin", ""}, {"tag/INV1/P/rin", "x,1708000203824,"},
			{"tag/INV1/P/rin", strings.Repeat("5", 60_000)},                                      // malformed
			{"tag/INV2/P/rin", "1,2,"}, {"tag/INV1/P/x/rin", "1,2,"}, {"tag/INV1/P/out", "1,2,"}, // not ours
		} {
			b.publish(m[0], m[1])
		}
		synctest.Wait()
		assert.Equal(t, "5.959 12:30:03.824", value(t, s, "INV1", "P"))
		status := s.Status()
		assert.Equal(t, redispoints.Status{
			Connected: true, Since: status.Since, Sessions: 1, Messages: 2, Malformed: 4, Unknown: 3,
		}, status)
	})
}

// The lists of a large plant are not copied for each of the clients, which may
// be slow to take theirs.
func TestListsAreShared(t *testing.T) {
	c := config()
	for i := range 10_000 {
		c.Devices[0].Tags = append(c.Devices[0].Tags, redispoints.Tag{Alias: fmt.Sprint("T", i)})
	}
	s, err := redispoints.New(c, redispoints.Options{})
	require.NoError(t, err)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 64 {
		for _, alias := range []string{"", "INV1"} {
			tags, err := s.Tags(t.Context(), alias)
			require.NoError(t, err)
			require.Greater(t, len(tags), 10_000)
		}
		_, err := s.Devices(t.Context())
		require.NoError(t, err)
	}
	runtime.ReadMemStats(&after)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20), "bytes")
}

func TestOutputTopic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := new(bus)
		b.serve(t)
		c := config()
		c.ValueTopic = redispoints.TopicOut
		s := start(t, b, c)
		synctest.Wait()
		assert.Equal(t, []string{"PSUBSCRIBE tag/*/*/out"}, b.sent())
		b.publish("tag/INV1/P/out", "1,1708000203824,")
		synctest.Wait()
		assert.Equal(t, "1 12:30:03.824", value(t, s, "INV1", "P"))
	})
}

func TestMaxAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := new(bus)
		b.serve(t)
		c := config()
		c.MaxAge = redispoints.Duration(time.Minute)
		s := start(t, b, c)
		synctest.Wait()
		b.publish("tag/INV1/P/rin", "1,1708000203824,OV")
		synctest.Wait()
		time.Sleep(time.Minute)
		assert.Equal(t, "1 12:30:03.824 OV", value(t, s, "INV1", "P"), "counted from its arrival")
		time.Sleep(time.Millisecond)
		assert.Equal(t, "1 12:30:03.824 NT OV", value(t, s, "INV1", "P"))
		b.publish("tag/INV1/P/rin", "1,1708000263824,")
		synctest.Wait()
		assert.Equal(t, "1 12:31:03.824", value(t, s, "INV1", "P"))
	})
}

// A bus that is lost takes the trust in all values with it; each comes back
// with the next message.
func TestBusLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := new(bus)
		l := b.serve(t)
		var text bytes.Buffer
		s, err := redispoints.New(config(), redispoints.Options{Dial: b.Dial, Logger: slog.New(slog.NewTextHandler(&text, nil))})
		require.NoError(t, err)
		require.NoError(t, s.Start(t.Context()))
		synctest.Wait()
		b.publish("tag/INV1/P/rin", "1,1708000203824,")
		b.publish("tag/INV1/U/rin", "231,1708000203824,")
		synctest.Wait()

		require.NoError(t, l.Close())
		b.cut()
		synctest.Wait()
		assert.False(t, s.Status().Connected)
		assert.Equal(t, "1 12:30:03.824 NT", value(t, s, "INV1", "P"))
		time.Sleep(10 * time.Minute)
		assert.Contains(t, s.Status().LastError, "refused")

		b.serve(t)
		time.Sleep(31 * time.Second)
		require.True(t, s.Status().Connected)
		assert.Equal(t, "1 12:30:03.824 NT", value(t, s, "INV1", "P"), "another may have been missed")
		b.publish("tag/INV1/P/rin", "2,1708000900000,")
		synctest.Wait()
		assert.Equal(t, "2 12:41:40.000", value(t, s, "INV1", "P"))
		assert.Equal(t, "231 12:30:03.824 NT", value(t, s, "INV1", "U"))

		require.NoError(t, s.Stop(t.Context()))
		assert.Equal(t, "2 12:41:40.000 NT", value(t, s, "INV1", "P"), "after Stop")
		assert.Equal(t, 2, strings.Count(text.String(), "tag bus reached"))
		assert.Equal(t, 2, strings.Count(text.String(), "tag bus lost"), "a line for each new reason, not for each try: %s", &text)
	})
}

// A bus that accepts everything and says nothing any more is found out by
// the silence.
func TestMuteBus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := new(bus)
		b.serve(t)
		s := start(t, b, config())
		time.Sleep(time.Hour)
		require.True(t, s.Status().Connected, "pings keep an idle bus")
		assert.EqualValues(t, 1, s.Status().Sessions)
		b.set(func(b *bus) { b.mute = true })
		time.Sleep(21 * time.Second)
		require.False(t, s.Status().Connected)
		b.set(func(b *bus) { b.mute = false })
		time.Sleep(time.Minute)
		require.True(t, s.Status().Connected)
	})
}

func TestPassword(t *testing.T) {
	for name, c := range map[string]struct{ user, password, want string }{
		"default_user": {"", "correct horse", "AUTH correct horse"},
		"named_user":   {"api", "correct horse", "AUTH api correct horse"},
		"wrong":        {"", "wrong", ""},
		"missing":      {"", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &bus{password: "correct horse"}
				b.serve(t)
				config := config()
				config.Username, config.Password = c.user, secret(c.password)
				s := start(t, b, config)
				synctest.Wait()
				if c.want != "" {
					require.True(t, s.Status().Connected)
					assert.Equal(t, []string{c.want, "PSUBSCRIBE tag/*/*/rin"}, b.sent())
					return
				}
				require.False(t, s.Status().Connected)
				assert.Regexp(t, "WRONGPASS|NOAUTH", s.Status().LastError)
				assert.NotContains(t, s.Status().LastError, "wrong")
			})
		})
	}
}

func secret(text string) (s redispoints.Secret) {
	if s.UnmarshalText([]byte(text)) != nil {
		panic(text)
	}
	return s
}

// A server that is no tag bus is left, without the memory that it asks for.
func TestForeignServers(t *testing.T) {
	for name, answer := range map[string]string{
		"error":         "-ERR unknown command\r\n",
		"http":          "HTTP/1.1 400 Bad Request\r\n\r\n",
		"huge_string":   "$2000000000\r\n",
		"huge_array":    "*1000000000\r\n",
		"huge_number":   "$99999999999999999999\r\n",
		"nested_arrays": strings.Repeat("*1\r\n", 10_000),
		"endless_line":  "+" + strings.Repeat("x", 10_000),
		"binary":        "\x00\x01\x02\r\n\xff",
		"empty_line":    "\r\n",
		"other_answer":  "+OK\r\n",
		"no_message":    "*3\r\n$10\r\npsubscribe\r\n$1\r\n*\r\n:1\r\n*1\r\n$3\r\nfoo\r\n",
		"large_message": "*3\r\n$10\r\npsubscribe\r\n$1\r\n*\r\n:1\r\n*4\r\n$8\r\npmessage\r\n$1\r\n*\r\n$1\r\nx\r\n$65537\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &bus{answers: answer}
				b.serve(t)
				s := start(t, b, config())
				synctest.Wait()
				assert.False(t, s.Status().Connected)
				assert.NotEmpty(t, s.Status().LastError)
				b.set(func(b *bus) { b.answers = "" })
				time.Sleep(time.Minute)
				assert.True(t, s.Status().Connected, "it is called again")
			})
		})
	}
}

func TestDialFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := new(bus)
		b.serve(t)
		broken := errors.New("no route to host")
		b.Refuse(broken)
		s := start(t, b, config())
		synctest.Wait()
		assert.Equal(t, "no route to host", s.Status().LastError)
		b.Hold()
		time.Sleep(time.Second)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		assert.Contains(t, s.Status().LastError, "deadline", "connect_timeout")
		time.Sleep(10 * time.Second)
		assert.True(t, s.Status().Connected)
	})
}

func TestConformance(t *testing.T) {
	suite.TestPoints(t, func(t *testing.T) suite.PointsRig {
		b := new(bus)
		b.serve(t)
		return hub(t, start(t, b, config()), func(topic, message string) { b.publish(topic, message) })
	})
}

// hub is the plant of config for the suite.
func hub(t *testing.T, s *redispoints.Service, publish func(topic, message string)) suite.PointsRig {
	require.Eventually(t, func() bool { return s.Status().Connected }, 20*time.Second, time.Millisecond)
	tag := func(device, signal, name, source string) api.Tag {
		topic := "tag/" + device + "/" + signal + "/"
		return api.Tag{
			DeviceAlias: device, SignalAlias: signal, Name: name, SourceDeviceAlias: source,
			InputTopic: topic + "rin", OutputTopic: topic + "out",
		}
	}
	return suite.PointsRig{
		Points: s,
		Devices: []api.Device{
			{Alias: "INV1", Name: "Inverter 1", Protocol: "modbus rtu"}, {Alias: "COPY", Name: "COPY"},
		},
		Tags: []api.Tag{
			tag("INV1", "P", "Active power", ""), tag("INV1", "U", "U", ""), tag("COPY", "P", "Copied power", "INV1"),
		},
		Set: func(t *testing.T, device, signal string, n int) {
			before := s.Status().Messages
			publish("tag/"+device+"/"+signal+"/rin", message(n))
			require.Eventually(t, func() bool { return s.Status().Messages > before }, 20*time.Second, time.Millisecond)
		},
	}
}
