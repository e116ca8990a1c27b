package apitest_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/apitest"
	"github.com/fieldgate/fieldgate/api/apitest/suite"
)

func TestSystemConforms(t *testing.T) {
	suite.TestSystem(t, func(*testing.T) api.System { return apitest.NewSystem() })
}

func TestSyslogConforms(t *testing.T) {
	suite.TestSyslog(t, func(*testing.T) suite.Log {
		log := apitest.NewSyslog()
		return suite.Log{Syslog: log, Append: func(_ *testing.T, lines ...string) { log.Append(lines...) }}
	})
}

func TestSystemLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := apitest.NewSystem()
		for range 1000 {
			before, err := s.SystemInfo(t.Context())
			require.NoError(t, err)
			time.Sleep(7 * time.Second)
			after, err := s.SystemInfo(t.Context())
			require.NoError(t, err)
			require.Equal(t, 7*time.Second, after.Uptime-before.Uptime)
			require.True(t, after.Time.Equal(before.Time.Add(7*time.Second)))
			require.NotEqual(t, *before.Load, *after.Load)
			require.GreaterOrEqual(t, after.Load.One, 0.0)
			require.LessOrEqual(t, *after.MemoryAvailable, *after.MemoryTotal)
		}
	})
}

func TestSystemDoesAsTold(t *testing.T) {
	s := apitest.NewSystem()
	want := api.SystemInfo{Hostname: "set", Load: &api.Load{One: 1}, MemoryTotal: new(uint64(1024))}
	s.Set(want)
	got, err := s.SystemInfo(t.Context())
	require.NoError(t, err)
	assert.Equal(t, want, got, "nothing moves any more")

	s.Fail(errors.New("told to fail"))
	_, err = s.SystemInfo(t.Context())
	require.EqualError(t, err, "told to fail")
	assert.Equal(t, "hostname: set\nload: 1 0 0\nmemory total: 1024 bytes\nfails: told to fail\n", s.String())
	s.Fail(nil)
	_, err = s.SystemInfo(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 3, s.Calls())
}

func TestSyslogGrows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := apitest.NewSyslog()
		lines := func() int { return strings.Count(s.String(), "\n") }
		require.Equal(t, 2, lines())
		time.Sleep(35 * time.Second)
		assert.Equal(t, 5, lines())
		time.Sleep(5 * time.Second)
		assert.Equal(t, 6, lines())
		time.Sleep(365 * 24 * time.Hour)
		assert.Equal(t, 10_000, lines(), "bounded")
		newest := s.String()[strings.LastIndex(strings.TrimSpace(s.String()), "\n")+1:]
		assert.True(t, strings.HasPrefix(newest, time.Now().UTC().Format(time.RFC3339)), newest)
	})
}

func TestSyslogDoesAsTold(t *testing.T) {
	var s apitest.Syslog
	read := func() (string, error) {
		var b bytes.Buffer
		err := s.WriteLog(t.Context(), &b)
		return b.String(), err
	}
	s.Set("one", "two", "three")
	s.Cut(2, errors.New("told to break"))
	text, err := read()
	require.EqualError(t, err, "told to break")
	assert.Equal(t, "one\ntwo\n", text)
	assert.Equal(t, "one\ntwo\nthree\n(fails after 2 lines: told to break)\n", s.String())

	s.Fail(errors.New("told to fail"))
	text, err = read()
	require.EqualError(t, err, "told to fail")
	assert.Empty(t, text)

	s.Stall(1)
	assert.Contains(t, s.String(), "(stalls after 1 lines)\n")
	s.Fail(nil)
	text, err = read()
	require.NoError(t, err)
	assert.Equal(t, "one\ntwo\nthree\n", text)

	for i := range 10_001 {
		s.Append(fmt.Sprint(i))
	}
	text, err = read()
	require.NoError(t, err)
	assert.Equal(t, 10_000, strings.Count(text, "\n"))
	assert.True(t, strings.HasPrefix(text, "1\n"))
}
