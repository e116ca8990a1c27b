package influx_test

import (
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/collector/sink/influx"
	"github.com/fieldgate/fieldgate/examples/collector/sink/sinktest"
	"github.com/fieldgate/fieldgate/internal/config"
	"github.com/fieldgate/fieldgate/telemetry/receiver"
)

// server answers requests as it is told, then with 204.
type server struct {
	mu      sync.Mutex
	answers []answer
	paths   []string
	bodies  []string
	hang    bool
}

type answer struct {
	status int
	body   string
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body := r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		body, _ = gzip.NewReader(r.Body)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if s.hang {
		<-r.Context().Done()
		return
	}
	s.paths, s.bodies = append(s.paths, r.URL.String()), append(s.bodies, string(text))
	next := answer{http.StatusNoContent, ""}
	if len(s.answers) > 0 {
		next, s.answers = s.answers[0], s.answers[1:]
	}
	w.WriteHeader(next.status)
	_, _ = io.WriteString(w, next.body)
}

// serve returns a Config for a server.
func serve(t *testing.T, s *server) influx.Config {
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	c := influx.DefaultConfig()
	c.URL, c.Database, c.Timeout = h.URL, "fleet", 10*time.Second
	return c
}

func TestRequests(t *testing.T) {
	var s server
	c := serve(t, &s)
	c.Batch, c.Retention = 50, "week"
	records := sinktest.Records("GK0001", 0, 20)
	require.NoError(t, open(t, c).Write(t.Context(), records))
	require.Greater(t, len(s.bodies), 2)
	lines := 0
	for i, body := range s.bodies {
		assert.Equal(t, "/write?db=fleet&precision=ns&rp=week", s.paths[i])
		assert.LessOrEqual(t, strings.Count(body, "\n"), 50)
		assert.True(t, strings.HasSuffix(body, "\n"))
		lines += strings.Count(body, "\n")
	}
	assert.Equal(t, countLines(records), lines)
}

func TestAnswers(t *testing.T) {
	records := sinktest.Records("GK0001", 0, 1)
	lines := uint64(countLines(records))
	partial := func(reason string) answer { return answer{400, `{"error":"partial write: ` + reason + `"}`} }
	for name, c := range map[string]struct {
		answers []answer
		want    influx.Status
		err     string // of the RefusedError
	}{
		"ok":              {nil, influx.Status{Lines: lines}, ""},
		"200":             {[]answer{{200, ""}}, influx.Status{Lines: lines}, ""},
		"unavailable":     {[]answer{{503, "x"}, {500, `{"error":"timeout"}`}}, influx.Status{Lines: lines, Retries: 2}, ""},
		"too many":        {[]answer{{429, ""}}, influx.Status{Lines: lines, Retries: 1}, ""},
		"conflict":        {[]answer{partial("field type conflict dropped=2")}, influx.Status{Lines: lines - 2, Refused: 2}, "2 lines refused for good: partial write: field type conflict dropped=2"},
		"unreadable some": {[]answer{partial(`unable to parse 'a': x\nunable to parse 'b': y dropped=0`)}, influx.Status{Lines: lines - 2, Refused: 2}, "2 lines refused"},
		"unknown number":  {[]answer{partial("who knows")}, influx.Status{Lines: lines - 1, Refused: 1}, "1 lines refused"},
		"absurd number":   {[]answer{partial("dropped=99999999999999999999")}, influx.Status{Lines: lines - 1, Refused: 1}, "1 lines refused"},
		"more than all":   {[]answer{partial("dropped=1000000")}, influx.Status{Refused: lines}, "refused for good"},
		"unreadable all":  {[]answer{{400, `{"error":"unable to parse"}`}}, influx.Status{Refused: lines}, "refused for good: unable to parse"},
		"too large":       {[]answer{{413, "<html>\n\xff"}}, influx.Status{Refused: lines}, "refused for good: <html> ?"},
		"long reason":     {[]answer{{400, strings.Repeat("x", 100_000)}}, influx.Status{Refused: lines}, strings.Repeat("x", 300) + "..."},
		"no database":     {[]answer{{404, `{"error":"database not found"}`}, {200, `{"results":[{}]}`}}, influx.Status{Lines: lines}, ""},
		"created later":   {[]answer{{404, ""}, {200, `{"results":[{"error":"not leader"}]}`}, {404, ""}, {200, `{}`}}, influx.Status{Lines: lines, Retries: 1}, ""},
		"garbage":         {[]answer{{404, ""}, {200, `<html>`}}, influx.Status{Lines: lines, Retries: 1}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := server{answers: c.answers}
			sink := open(t, serve(t, &s))
			err := sink.Write(t.Context(), records)
			assert.Equal(t, c.want, sink.Status())
			if c.err == "" {
				require.NoError(t, err)
				return
			}
			var refused *influx.RefusedError
			require.ErrorAs(t, err, &refused)
			require.ErrorIs(t, err, receiver.ErrNotStored)
			assert.Equal(t, c.want.Refused, refused.Lines)
			assert.ErrorContains(t, err, c.err)
			assert.Less(t, len(err.Error()), 400)
			require.NoError(t, sink.Write(t.Context(), records), "the next one")
		})
	}
}

func TestAnswersThatWaitForTheOperator(t *testing.T) {
	for status, want := range map[int]string{
		302: "302 Found", 401: "401 Unauthorized", 403: "403 Forbidden", 405: "405 Method Not Allowed",
	} {
		s := server{answers: []answer{{status, "no"}}}
		err := open(t, serve(t, &s)).Write(t.Context(), sinktest.Records("GK0001", 0, 1))
		require.ErrorContains(t, err, "influx: write: the server answers "+want+": no")
		require.NotErrorIs(t, err, receiver.ErrNotStored)
		assert.Len(t, s.bodies, 1, "one request")
	}
}

func TestCreateDatabase(t *testing.T) {
	s := server{answers: []answer{{404, ""}, {200, `{"results":[{"statement_id":0}]}`}}}
	require.NoError(t, open(t, serve(t, &s)).Write(t.Context(), sinktest.Records("GK0001", 0, 1)))
	assert.Equal(t, []string{"/write?db=fleet&precision=ns", "/query", "/write?db=fleet&precision=ns"}, s.paths)
	assert.Equal(t, "q=CREATE+DATABASE+%22fleet%22", s.bodies[1])
}

// A Write ends with its context, with its own limit, and while another one
// has the connection.
func TestServerHangs(t *testing.T) {
	s := server{hang: true}
	c := serve(t, &s)
	c.Timeout = 300 * time.Millisecond
	sink := open(t, c)
	records := sinktest.Records("GK0001", 0, 1)
	began := time.Now()
	results := make(chan error)
	go func() { results <- sink.Write(t.Context(), records) }()
	go func() { results <- sink.Write(t.Context(), records) }()
	for range 2 {
		err := <-results
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.NotErrorIs(t, err, receiver.ErrNotStored)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, sink.Write(ctx, records), context.DeadlineExceeded)
	assert.Less(t, time.Since(began), 5*time.Second)
}

func TestValidate(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*influx.Config)
		want   []string
	}{
		"defaults":       {func(*influx.Config) {}, nil},
		"all":            {func(c *influx.Config) { c.URL, c.Retention, c.User = "https://[::1]/a/b/", "1.week", "u" }, nil},
		"no url":         {func(c *influx.Config) { c.URL = "" }, []string{"url: not of the form"}},
		"scheme":         {func(c *influx.Config) { c.URL = "udp://a:1" }, []string{"url: not of the form"}},
		"query":          {func(c *influx.Config) { c.URL = "http://a?db=secret" }, []string{"url: not of the form"}},
		"host":           {func(c *influx.Config) { c.URL = "http://-" }, []string{`url: "-" is neither`}},
		"credentials":    {func(c *influx.Config) { c.URL = "http://u:secret@a" }, []string{"url: credentials do not belong"}},
		"unreadable":     {func(c *influx.Config) { c.URL = "http://u:secret@a:b" }, []string{"url: not of the form"}},
		"no database":    {func(c *influx.Config) { c.Database = "" }, []string{"database: required"}},
		"database":       {func(c *influx.Config) { c.Database = `a"; DROP` }, []string{`database: "a\"; DROP" is not`}},
		"dots":           {func(c *influx.Config) { c.Database = ".." }, []string{`database: ".." is not`}},
		"long":           {func(c *influx.Config) { c.Database = strings.Repeat("a", 65) }, []string{"is not 1 to 64 letters"}},
		"retention":      {func(c *influx.Config) { c.Retention = "a b" }, []string{`retention: "a b" is not`}},
		"password alone": {func(c *influx.Config) { c.Password = config.NewSecret("secret") }, []string{"user: required with a password"}},
		"batch":          {func(c *influx.Config) { c.Batch = 5001 }, []string{"batch: 5001 is out of range, allowed is 1 to 5000 lines"}},
		"timeout":        {func(c *influx.Config) { c.Timeout = time.Hour }, []string{"timeout: 1h0m0s is out of range"}},
		"several":        {func(c *influx.Config) { *c = influx.Config{} }, []string{"url: ", "database: ", "batch: ", "timeout: "}},
	} {
		t.Run(name, func(t *testing.T) {
			config := influx.DefaultConfig()
			config.URL, config.Database = "http://127.0.0.1:8086", "fleet"
			c.change(&config)
			_, err := influx.New(config)
			if c.want == nil {
				require.NoError(t, err)
				return
			}
			require.Error(t, err)
			assert.Equal(t, len(c.want), strings.Count(err.Error(), "\n")+1, "%v", err)
			for _, want := range c.want {
				assert.ErrorContains(t, err, want)
			}
			assert.NotContains(t, err.Error(), "secret")
		})
	}
}
