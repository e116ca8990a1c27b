package api_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api"
)

func TestProviderFailures(t *testing.T) {
	for name, f := range map[string]struct {
		err      error
		status   int
		sentence string // after "... cannot be read: "
	}{
		"failed":      {errors.New("the disk is gone"), 500, "the disk is gone."},
		"not_ready":   {fmt.Errorf("%w: the clock is not set.", api.ErrNotReady), 503, "not ready: the clock is not set."},
		"many_lines":  {errors.New("first line\nsecond line"), 500, "first line."},
		"long":        {errors.New(strings.Repeat("ü", 400)), 500, strings.Repeat("ü", 150) + "."},
		"not_utf8":    {errors.New("a\xff"), 500, "a\uFFFD."},
		"client_gone": {context.Canceled, 500, "context canceled."}, // the provider's own, not the request's
	} {
		t.Run(name, func(t *testing.T) {
			var d device
			d.system.Fail(f.err)
			d.syslog.Fail(f.err)
			a := serve(t, allOn(t), d.options())
			reply := a.get("/api/systemInfo")
			assertError(t, f.status, "The system information cannot be read: "+f.sentence, reply.Status, reply.Body)
			reply = a.get("/api/syslog")
			assertError(t, f.status, "The system log cannot be read: "+f.sentence, reply.Status, reply.Body)
			assert.Equal(t, "application/json", reply.Header.Get("Content-Type"))
			assert.Equal(t, f.status, a.do("HEAD", "/api/syslog", "", "").Status)
		})
	}
}

func TestEmptyLog(t *testing.T) {
	reply := serve(t, allOn(t), new(device).options()).get("/api/syslog")
	assert.Equal(t, 200, reply.Status)
	assert.Equal(t, "text/plain; charset=utf-8", reply.Header.Get("Content-Type"))
	assert.Empty(t, reply.Body)
}

// A client can tell a log that broke off from one that is complete, however
// much of it had been sent.
func TestBrokenLogIsVisible(t *testing.T) {
	for _, lines := range []int{1, 3000} {
		var d device
		d.syslog.Set(strings.Split(strings.Repeat("forty characters of a log that goes on..\n", 5000), "\n")...)
		d.syslog.Cut(lines, errors.New("journalctl: killed"))
		h, err := api.NewHandler(allOn(t), d.options())
		require.NoError(t, err)
		a := serveHandler(t, h)
		reply, err := a.client.Get(t.Context(), "/api/syslog")
		assert.True(t, err != nil || reply.Broken, "%d lines: %+v", lines, err)
		assert.NotContains(t, reply.Body, "error")
		assert.Equal(t, uint64(1), h.Status().Failed)
		assert.Contains(t, d.log.String(), "level=INFO")
		assert.Contains(t, d.log.String(), "journalctl: killed")
	}
}

// HEAD asks the provider for no more than it takes to know the status.
func TestHeadStopsTheProvider(t *testing.T) {
	var d device
	o := d.options()
	written := 0
	o.Providers.Syslog = syslogFunc(func(_ context.Context, w io.Writer) error {
		for {
			written++
			if _, err := io.WriteString(w, "line\n"); err != nil {
				return err
			}
		}
	})
	reply := serve(t, allOn(t), o).do("HEAD", "/api/syslog", "", "")
	assert.Equal(t, 200, reply.Status)
	assert.Equal(t, 1, written)
}

func TestLogIsUTF8(t *testing.T) {
	for name, c := range map[string]struct {
		pieces []string
		want   string
	}{
		"whole":        {[]string{"héllo €𝄞\n"}, "héllo €𝄞\n"},
		"byte_by_byte": {strings.Split("a", ""), "a"},
		"inside":       {[]string{"a\xe2", "\x82", "\xac\xf0\x9d", "\x84\x9e\n"}, "a€𝄞\n"},
		"broken":       {[]string{"a\xffb\n"}, "a\uFFFDb\n"},
		"never_ended":  {[]string{"a\xe2\x82"}, "a\uFFFD"},
		"not_followed": {[]string{"a\xe2", "b\n"}, "a\uFFFDb\n"},
		"alone":        {[]string{"\x80", "\x80\x80\x80\x80\n"}, "\uFFFD\uFFFD\n"},
		"empty_pieces": {[]string{"", "a\xc3", "", "\xa9"}, "aé"},
	} {
		t.Run(name, func(t *testing.T) {
			o := new(device).options()
			o.Providers.Syslog = pieces(c.pieces)
			reply := serve(t, allOn(t), o).get("/api/syslog")
			assert.Equal(t, 200, reply.Status)
			assert.Equal(t, c.want, reply.Body)
		})
	}
}

// pieces is a log that is written in these pieces.
type pieces []string

func (p pieces) WriteLog(_ context.Context, w io.Writer) error {
	for _, piece := range p {
		n, err := io.WriteString(w, piece)
		if err != nil {
			return err
		}
		if n != len(piece) {
			return io.ErrShortWrite
		}
	}
	return nil
}

func FuzzLogIsUTF8(f *testing.F) {
	f.Add("héllo", "€\xff", "\xf0\x9d")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		o := new(device).options()
		o.Providers.Syslog = pieces{a, b, c}
		got := record(t, allOnOpen(), o, "GET /api/syslog HTTP/1.1\r\nHost: x\r\n\r\n").Body.String()
		assert.True(t, utf8.ValidString(got))
		if whole := a + b + c; utf8.ValidString(whole) {
			assert.Equal(t, whole, got)
		}
	})
}

// A log of 64 MB passes through a few buffers.
func TestLargeLogInBoundedMemory(t *testing.T) {
	const size = 64 << 20
	piece := []byte(strings.Repeat("forty-seven characters of a line in a long log\n", 700)) // 32 KiB
	o := new(device).options()
	o.Providers.Syslog = syslogFunc(func(_ context.Context, w io.Writer) error {
		for n := 0; n < size; n += len(piece) {
			if _, err := w.Write(piece); err != nil {
				return err
			}
		}
		return nil
	})
	a := serve(t, allOn(t), o)
	r, err := http.NewRequestWithContext(t.Context(), "GET", a.client.URL+"/api/syslog", nil)
	require.NoError(t, err)
	r.Header.Set("apiKey", testKey)
	r.Header.Set("Accept-Encoding", "identity")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	response, err := a.client.HTTP.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	n, err := io.Copy(io.Discard, response.Body)
	require.NoError(t, err)
	runtime.ReadMemStats(&after)
	assert.GreaterOrEqual(t, n, int64(size))
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(4<<20), "allocated in all")
}

// A provider that hangs before or between its answers does not hold the
// client for ever.
func TestSlowProvider(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d device
		d.system.Stall(true)
		d.syslog.Set("one", "two")
		d.syslog.Stall(0)
		a, stop := serveInMemory(t, &d)
		defer stop()

		start := time.Now()
		reply := a.get("/api/systemInfo")
		assertError(t, 503, "The system information cannot be read: no answer in time.", reply.Status, reply.Body)
		assert.Equal(t, 10*time.Second, time.Since(start))

		start = time.Now()
		reply = a.get("/api/syslog")
		assertError(t, 503, "The system log cannot be read: no answer in time.", reply.Status, reply.Body)
		assert.Equal(t, 10*time.Second, time.Since(start))

		d.syslog.Stall(2)
		reply, err := a.client.Get(t.Context(), "/api/syslog")
		assert.True(t, err != nil || reply.Broken)
	})
}

// A text may take as long as it needs while each piece comes and goes in
// time: no limit of the server counts from the begin of the request.
func TestLongTextIsNotCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := new(device)
		a, stop := serveInMemoryWith(t, d, func(o *api.Options) {
			o.Providers.Syslog = syslogFunc(func(ctx context.Context, w io.Writer) error {
				for i := range 100 {
					select {
					case <-time.After(9 * time.Second):
					case <-ctx.Done():
						return ctx.Err()
					}
					if _, err := fmt.Fprintln(w, i); err != nil {
						return err
					}
				}
				return nil
			})
		})
		defer stop()
		reply := a.get("/api/syslog") // 15 minutes
		assert.False(t, reply.Broken)
		assert.True(t, strings.HasSuffix(reply.Body, "\n99\n"), "%d bytes", len(reply.Body))
		reply = a.do("POST", "/api/syslog", "application/x-www-form-urlencoded", "a=b")
		assert.False(t, reply.Broken, "after a body")
		assert.Equal(t, 200, a.get("/api/version").Status)
	})
}

// A client that takes nothing for 30 s is let go, and the provider with it.
func TestClientThatStopsReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := new(device)
		ended := make(chan error, 1)
		a, stop := serveInMemoryWith(t, d, func(o *api.Options) {
			o.Providers.Syslog = syslogFunc(func(_ context.Context, w io.Writer) error {
				for {
					if _, err := w.Write(make([]byte, 32<<10)); err != nil {
						ended <- err
						return err
					}
				}
			})
		})
		defer stop()
		conn, err := a.dial(t.Context())
		require.NoError(t, err)
		defer conn.Close()
		start := time.Now()
		_, err = fmt.Fprintf(conn, "GET /api/syslog HTTP/1.1\r\nHost: x\r\napiKey: %s\r\n\r\n", testKey)
		require.NoError(t, err)
		require.Error(t, <-ended)
		assert.Equal(t, 30*time.Second, time.Since(start))
	})
}

// So is one that does not take a short answer.
func TestClientThatNeverReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, stop := serveInMemory(t, new(device))
		defer stop()
		conn, err := a.dial(t.Context())
		require.NoError(t, err)
		defer conn.Close()
		_, err = fmt.Fprintf(conn, "GET /api/version HTTP/1.1\r\nHost: x\r\napiKey: %s\r\n\r\n", testKey)
		require.NoError(t, err)
		time.Sleep(31 * time.Second)
		_, err = conn.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF)
	})
}

// A client that takes 14 s for each piece is slow and not gone. Its slowness
// is not the provider's.
func TestSlowClientIsNotCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size = 200_000
		a, stop := serveInMemoryWith(t, new(device), func(o *api.Options) {
			o.Providers.Syslog = syslogFunc(func(ctx context.Context, w io.Writer) error {
				for range 2 {
					if _, err := w.Write(make([]byte, size/2)); err != nil {
						return err
					}
				}
				return ctx.Err()
			})
		})
		defer stop()
		conn, err := a.dial(t.Context())
		require.NoError(t, err)
		defer conn.Close()
		_, err = fmt.Fprintf(conn, "GET /api/syslog HTTP/1.0\r\napiKey: %s\r\n\r\n", testKey)
		require.NoError(t, err)
		got, piece := 0, make([]byte, 16<<10)
		for err == nil {
			time.Sleep(14 * time.Second)
			var n int
			n, err = io.ReadFull(conn, piece)
			got += n
		}
		assert.Greater(t, got, size)
	})
}

// The body of a refused request, which nobody wants, does not hold its
// connection for long.
func TestRefusedBodyThatDoesNotCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, stop := serveInMemory(t, new(device))
		defer stop()
		conn, err := a.dial(t.Context())
		require.NoError(t, err)
		defer conn.Close()
		start := time.Now()
		_, err = fmt.Fprint(conn, "POST /api/version HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n")
		require.NoError(t, err)
		reply, err := io.ReadAll(conn)
		require.NoError(t, err)
		assert.Contains(t, string(reply), "HTTP/1.1 401 ")
		assert.LessOrEqual(t, time.Since(start), 16*time.Second)
	})
}

// A body that never comes ends with its time.
func TestBodyThatDoesNotCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, stop := serveInMemory(t, new(device))
		defer stop()
		conn, err := a.dial(t.Context())
		require.NoError(t, err)
		defer conn.Close()
		start := time.Now()
		_, err = fmt.Fprintf(conn, "POST /api/version HTTP/1.1\r\nHost: x\r\napiKey: %s\r\n"+
			"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\na=b", testKey)
		require.NoError(t, err)
		reply, err := io.ReadAll(conn)
		require.NoError(t, err)
		assert.Contains(t, string(reply), "HTTP/1.1 400 ")
		assert.Equal(t, 10*time.Second, time.Since(start))
	})
}
