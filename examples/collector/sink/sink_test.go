package sink_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fieldgate/fieldgate/examples/collector/sink"
	"github.com/fieldgate/fieldgate/examples/collector/sink/sinktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"stdout:":                "stdout",
		"stdout:?name=log":       "log",
		"nats://127.0.0.1:4222":  "nats (nats://127.0.0.1:4222, stream TELEMETRY)",
		"nats://127.0.0.1:4222/": "nats (nats://127.0.0.1:4222, stream TELEMETRY)",
		"tls://u:secret@nats.example.com:4222?name=broker&stream=FLEET&group=north&batch=100&shard=eu-1&pending=10&max_age=30d&max_bytes=10000000000&window=1m&timeout=5&server=b:4222&server=c:4222": "broker (tls://nats.example.com:4222, tls://b:4222, tls://c:4222, stream FLEET)",
		"nats://secret@a:4222":              "nats (nats://a:4222, stream TELEMETRY)",
		"nats://u@a:4222?password_file=/pw": "nats (nats://a:4222, stream TELEMETRY)",
		"influx+http://127.0.0.1:8086/fleet?retention=week&batch=1000&timeout=1m": "influx+http (http://127.0.0.1:8086, database fleet)",
		"influx+https://u:secret%2F%40@example.com/behind/a/proxy/fleet":          "influx+https (https://example.com/behind/a/proxy, database fleet)",
		"influx+http://u@[::1]:8086/fleet?password_file=/pw&name=db":              "db (http://[::1]:8086, database fleet)",
	} {
		t.Run(text, func(t *testing.T) {
			s, err := sink.Parse(text)
			require.NoError(t, err)
			assert.Equal(t, want, s.String())
			for _, form := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
				assert.NotContains(t, fmt.Sprintf(form, s), "secret", form)
				assert.NotContains(t, fmt.Sprintf(form, &s), "secret", form)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	const notURL = "this is not a URL"
	for text, want := range map[string][]string{
		"":                                    {`unknown scheme "", want stdout:, nats://`},
		"stdout":                              {`unknown scheme ""`},
		"mqtt://a:1883":                       {`unknown scheme "mqtt"`},
		"stdout:x":                            {"nothing may follow stdout:"},
		"stdout://secret@a/b":                 {"nothing may follow stdout:"},
		"stdout:?stream=A":                    {"stream: unknown parameter"},
		"stdout:?name=primary":                {"name: primary is what the store is called"},
		"stdout:?name=":                       {"name: it is empty"},
		"nats://a":                            {"servers[0]: not of the form nats://host:port"},
		"nats://":                             {"servers[0]: not of the form"},
		"nats://a:4222/x":                     {"a path has no meaning here"},
		"nats://a:4222?server=b":              {"servers[1]: not of the form"},
		"nats://a:4222?batch=x&pending=1e3":   {`batch: "x" is no number`, `pending: "1e3" is no number`},
		"nats://a:4222?max_age=1y":            {`max_age: "1y" is not a duration`},
		"nats://a:4222?group=a&group=b":       {"group: given 2 times"},
		"nats://a:4222?group=batch&x=1&y=2":   {"group: ", "x: unknown parameter", "y: unknown parameter"},
		"nats://a:4222?password_file=/pw":     {"password_file: it needs a user"},
		"nats://u:secret@a:1?password_file=x": {"password_file: there is a password in the URL already"},
		"nats://:secret@a:1":                  {"user: required with a password"},
		"influx+http://a:8086":                {"database: required"},
		"influx+http://a:8086/":               {"database: required"},
		"influx+http:///fleet":                {"url: not of the form"},
		"influx+http://a/fleet?batch=0":       {"batch: 0 is out of range"},
		"influx+http://a/fleet?stream=A":      {"stream: unknown parameter"},
		"influx+ftp://a/fleet":                {"unknown scheme"},
		// Passwords that were not escaped.
		"nats://u:secret/1@a:4222":            {notURL},
		"nats://u:secret%zz@a:4222":           {notURL},
		"nats://u:12#secret@a:4222":           {notURL},
		"nats://u:12?secret@a:4222":           {notURL},
		"nats://12?batch=secret@a:4222":       {notURL},
		"nats://12?max_age=secret@a:4222":     {notURL},
		"nats://12?secret=1&x=y@a:4222":       {notURL},
		"influx+http://u:12/secret@a/fleet":   {notURL},
		"influx+http://u:sec ret@a/fleet":     {notURL},
		"influx+http://a/fleet?a=%secret":     {notURL},
		"influx+http://a/fleet\x00?p=secret;": {notURL},
	} {
		t.Run(text, func(t *testing.T) {
			_, err := sink.Parse(text)
			require.Error(t, err)
			for _, w := range want {
				assert.ErrorContains(t, err, w)
			}
			assert.NotContains(t, err.Error(), "secret")
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"stdout:", "nats://u:p@a:4222?batch=10", "influx+http://u:p@a/b/c?timeout=1d", "nats://a:1?%", ":"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := sink.Parse(text)
		if err != nil {
			assert.Contains(t, err.Error(), "sink")
			return
		}
		opened, err := s.Open(sink.Options{Stdout: &bytes.Buffer{}})
		if strings.Contains(text, "password_file") {
			return // there may be none
		}
		require.NoError(t, err, "what was parsed is valid")
		require.NoError(t, opened.Close())
	})
}

func TestParseAll(t *testing.T) {
	specs, err := sink.ParseAll([]string{"stdout:", "nats://a:1", "nats://b:1?name=second"})
	require.NoError(t, err)
	require.Len(t, specs, 3)
	assert.Equal(t, "second", specs[2].Name)
	_, err = sink.ParseAll([]string{"nats://a:1", "nats://b:1"})
	require.ErrorContains(t, err, `two are called "nats", give one of them a name=... of its own`)
	_, err = sink.ParseAll([]string{"stdout:", "nats://a"})
	require.ErrorContains(t, err, "servers[0]")
}

// open returns the sink of a URL, closed at the end of the test.
func open(t *testing.T, text string, o sink.Options) (sink.Sink, error) {
	spec, err := sink.Parse(text)
	require.NoError(t, err)
	s, err := spec.Open(o)
	if err != nil {
		assert.Nil(t, s)
		return nil, err
	}
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	return s, nil
}

func TestOpenStdout(t *testing.T) {
	var out bytes.Buffer
	s, err := open(t, "stdout:", sink.Options{Stdout: &out})
	require.NoError(t, err)
	require.NoError(t, s.Write(t.Context(), sinktest.Records("GK0001", 0, 2)))
	assert.Equal(t, 2, strings.Count(out.String(), `"serial":"GK0001"`))
}

func TestOpenNATS(t *testing.T) {
	s, err := open(t, "nats://127.0.0.1:1?timeout=0.1s", sink.Options{})
	require.NoError(t, err, "nobody listens there, which is no error yet")
	began := time.Now()
	require.ErrorContains(t, s.Write(t.Context(), sinktest.Records("GK0001", 0, 1)), "nats://127.0.0.1:1")
	assert.Less(t, time.Since(began), 5*time.Second)
}

func TestOpenInflux(t *testing.T) {
	type login struct {
		path, user, password string
	}
	logins := make(chan login, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		logins <- login{r.URL.Path, user, password}
		w.WriteHeader(http.StatusNoContent)
	}))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	file := filepath.Join(t.TempDir(), "password")
	require.NoError(t, os.WriteFile(file, []byte("from file\r\nrest"), 0o600))
	for text, want := range map[string]login{
		"influx+http://" + host + "/fleet":                         {"/write", "", ""},
		"influx+http://u:a%2Fb%40@" + host + "/proxy/fleet":        {"/proxy/write", "u", "a/b@"},
		"influx+http://u@" + host + "/fleet?password_file=" + file: {"/write", "u", "from file"},
	} {
		s, err := open(t, text, sink.Options{})
		require.NoError(t, err)
		require.NoError(t, s.Write(t.Context(), sinktest.Records("GK0001", 0, 1)))
		assert.Equal(t, want, <-logins)
	}
}

func TestPasswordFile(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string, mode os.FileMode) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), mode))
		require.NoError(t, os.Chmod(filepath.Join(dir, name), mode))
	}
	write("open", "secret", 0o640)
	write("empty", "\nsecret", 0o600)
	for name, want := range map[string]string{
		"none":  "no such file",
		"open":  "make it 0600",
		"empty": "its first line is empty",
	} {
		for _, scheme := range []string{"nats://u@a:1?password_file=", "influx+http://u@a/fleet?password_file="} {
			_, err := open(t, scheme+filepath.Join(dir, name), sink.Options{})
			require.ErrorContains(t, err, want)
			assert.NotContains(t, err.Error(), "secret")
		}
	}
}
