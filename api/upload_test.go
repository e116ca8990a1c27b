package api_test

import (
	"bufio"
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

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/internal/syncbuf"
)

// syncFunc is an api.Sync.
type syncFunc func(ctx context.Context, file io.Reader) (string, error)

func (f syncFunc) Sync(ctx context.Context, file io.Reader) (string, error) { return f(ctx, file) }

// upgradeFunc is an api.Upgrade.
type upgradeFunc func(ctx context.Context, image io.Reader) (func() error, error)

func (f upgradeFunc) Receive(ctx context.Context, image io.Reader) (func() error, error) {
	return f(ctx, image)
}

// reader keeps what a provider has read of a file, and how that ended.
type reader struct {
	text string
	err  error // nil = io.EOF
}

func (r *reader) Sync(_ context.Context, file io.Reader) (string, error) {
	text, err := io.ReadAll(file)
	r.text, r.err = string(text), err
	return "read", err
}

func TestFileForms(t *testing.T) {
	const multi = "multipart/form-data; boundary=b"
	part := func(disposition, content string) string {
		return "--b\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\n" + content + "\r\n"
	}
	good := part(`name="file"; filename="c.xlsx"`, "content")
	const end = "--b--\r\n"
	for name, c := range map[string]struct {
		contentType, body string
		status            int
		sentence          string
		read              string // by the provider
	}{
		"good":             {multi, good + end, 200, "", "content"},
		"no_file_name":     {multi, part("name=file", "content") + end, 200, "", "content"},
		"with_boundary":    {multi, part("name=file", "con\r\n--btent\r\n-") + end, 200, "", "con\r\n--btent\r\n-"},
		"after_the_end":    {multi, good + end + "more", 200, "", "content"},
		"raw":              {multi, strings.Replace(good, "\r\n\r\n", "\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=", 1) + end, 200, "", "=content"},
		"nothing":          {multi, "", 400, "The field file is missing.", ""},
		"no_parts":         {multi, end, 400, "The field file is missing.", ""},
		"empty":            {multi, part(`name="file"; filename="x"`, "") + end, 400, "The file is empty.", ""},
		"two_files":        {multi, good + good + end, 400, "The field file is there twice, send one file.", "content"},
		"field_before":     {multi, part("name=a", "1") + good + end, 400, `There is no field "a" here, send file.`, ""},
		"field_after":      {multi, good + part("name=a", "1") + end, 400, `There is no field "a" here, send file.`, "content"},
		"no_name":          {multi, part(`filename="x"`, "content") + end, 400, `There is no field "" here, send file.`, ""},
		"truncated":        {multi, good[:len(good)-5], 400, "The multipart body cannot be read.", "*"},
		"no_closing":       {multi, good, 400, "The multipart body cannot be read.", "*"},
		"half_closing":     {multi, good + "--b", 400, "The multipart body cannot be read.", "*"},
		"headers_only":     {multi, "--b\r\nContent-Disposition: form-data; name=file\r\n\r\n", 400, "The multipart body cannot be read.", ""},
		"other_boundary":   {multi, "--c\r\n--c--\r\n", 400, "The multipart body cannot be read.", ""},
		"no_boundary":      {"multipart/form-data", good + end, 400, "The multipart body cannot be read.", ""},
		"endless_header":   {multi, "--b\r\nX: " + strings.Repeat("x", 100<<10), 400, "The multipart body cannot be read.", ""},
		"endless_preamble": {multi, strings.Repeat("x\r\n", 100<<10), 400, "The multipart body cannot be read.", ""},
		"endless_trailer":  {multi, good + end + strings.Repeat("x", 200<<10), 400, "The multipart body cannot be read.", "content"},
		"too_large":        {multi, part("name=file", strings.Repeat("x", 1<<20+1)) + end, 413, "The file is too large, at most 1048576 bytes are allowed.", "*"},
		"just_fits":        {multi, part("name=file", strings.Repeat("x", 1<<20)) + end, 200, "", strings.Repeat("x", 1<<20)},
		"url_encoded":      {urlEncoded, "file=content", 415, "Send the file as multipart/form-data, without a Content-Encoding.", ""},
		"plain":            {"application/octet-stream", "content", 415, "Send the file as multipart/form-data, without a Content-Encoding.", ""},
		"mixed":            {"multipart/mixed; boundary=b", good + end, 415, "Send the file as multipart/form-data, without a Content-Encoding.", ""},
	} {
		for _, chunked := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s_chunked_%v", name, chunked), func(t *testing.T) {
				if chunked && c.body == "" {
					t.Skip("a client sends no empty chunks")
				}
				var got reader
				o := new(device).options()
				o.Providers.Sync = &got
				config := allOn(t)
				config.Limits.MaxSyncBytes = 1 << 20
				a := serve(t, config, o)
				var body io.Reader = strings.NewReader(c.body)
				if chunked {
					body = struct{ io.Reader }{body}
				}
				reply, err := a.client.Do(t.Context(), "POST", "/api/sync", c.contentType, body)
				require.NoError(t, err)
				assert.Equal(t, c.status, reply.Status, reply.Body)
				if c.sentence != "" {
					assertError(t, c.status, c.sentence, reply.Status, reply.Body)
				}
				switch {
				case c.status == 200:
					assert.NoError(t, got.err)
				case c.read == "":
					assert.NoError(t, got.err, "never called")
				default:
					assert.ErrorIs(t, got.err, io.ErrUnexpectedEOF)
				}
				if c.read != "*" {
					assert.Equal(t, c.read, got.text)
				}
				assert.Equal(t, 200, a.get("/api/version").Status, "the next request is answered")
			})
		}
	}
}

// A file that is refused at its beginning is read to its end: a client that
// looks for its answer when it has sent all gets it.
func TestRefusedFileIsReadToItsEnd(t *testing.T) {
	o := new(device).options()
	o.Providers.Upgrade = upgradeFunc(func(context.Context, io.Reader) (func() error, error) {
		return nil, fmt.Errorf("%w: not signed", api.ErrRefused)
	})
	a := serve(t, allOn(t), o)
	contentType, text := fileForm(strings.Repeat("x", 3<<20))
	body := strings.NewReader(text)
	reply, err := a.client.Do(t.Context(), "POST", "/api/sysupgrade", contentType, struct{ io.Reader }{body})
	require.NoError(t, err)
	assertError(t, 422, "The firmware is not taken: refused: not signed.", reply.Status, reply.Body)
	assert.Zero(t, body.Len(), "bytes left")
}

func TestCompressedFile(t *testing.T) {
	a := serve(t, allOn(t), new(device).options())
	contentType, body := fileForm("content")
	r, err := http.NewRequestWithContext(t.Context(), "POST", a.client.URL+"/api/sync", strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Content-Encoding", "gzip")
	reply, err := a.client.Send(r)
	require.NoError(t, err)
	assert.Equal(t, 415, reply.Status)
}

func TestSyncAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		report string
		err    error
		status int
		body   string
	}{
		"good":       {"1 device, 7 signals\n", nil, 200, `{"output":"1 device, 7 signals\n"}`},
		"no_report":  {"", nil, 200, `{"output":""}`},
		"refused":    {"Signals, row 7: x\nSignals, row 9: y\n", fmt.Errorf("%w: 2 faults", api.ErrRefused), 422, `{"output":"Signals, row 7: x\nSignals, row 9: y\n","error":"The configuration is not taken: refused: 2 faults."}`},
		"refused_2":  {"", api.ErrRefused, 422, `{"output":"","error":"The configuration is not taken: refused."}`},
		"busy":       {"", api.ErrBusy, 409, `{"error":"The configuration is not taken: another one is under way."}`},
		"not_ready":  {"", api.ErrNotReady, 503, `{"error":"The configuration is not taken: not ready."}`},
		"failed":     {"half\n", errors.New("disk full"), 500, `{"output":"half\n","error":"The configuration is not taken: disk full."}`},
		"not_utf8":   {"a\xff", nil, 200, `{"output":"a\ufffd"}`},
		"unfinished": {"unread", nil, 200, `{"output":"unread"}`},
	} {
		t.Run(name, func(t *testing.T) {
			o := new(device).options()
			o.Providers.Sync = syncFunc(func(_ context.Context, file io.Reader) (string, error) {
				if name != "unfinished" {
					_, err := io.Copy(io.Discard, file)
					assert.NoError(t, err)
				}
				return c.report, c.err
			})
			reply := serve(t, allOn(t), o).good("/api/sync")
			assert.Equal(t, c.status, reply.Status)
			assert.Equal(t, c.body+"\n", strings.ReplaceAll(reply.Body, "\uFFFD", `\ufffd`))
		})
	}
}

func TestLongReportIsCut(t *testing.T) {
	o := new(device).options()
	o.Providers.Sync = syncFunc(func(_ context.Context, file io.Reader) (string, error) {
		_, err := io.Copy(io.Discard, file)
		return strings.Repeat("row 7 of sheet Signals is wrong\n", 100_000), err
	})
	reply := serve(t, allOn(t), o).good("/api/sync")
	assert.Equal(t, 200, reply.Status)
	assert.Less(t, len(reply.Body), 300<<10)
	assert.True(t, strings.HasSuffix(reply.Body, `is wrong\n(cut here)\n"}`+"\n"))
}

// The client has its answer before the upgrade begins.
func TestUpgradeAnswersFirst(t *testing.T) {
	var log syncbuf.Buffer
	applying, goOn := make(chan struct{}), make(chan struct{})
	o := new(device).options()
	o.Providers.Upgrade = upgradeFunc(func(_ context.Context, image io.Reader) (func() error, error) {
		_, err := io.Copy(&log, image)
		return func() error {
			close(applying)
			<-goOn
			return errors.New("told to fail")
		}, err
	})
	h, err := api.NewHandler(allOn(t), o)
	require.NoError(t, err)
	a := serveHandler(t, h)
	reply := a.good("/api/sysupgrade")
	assert.Equal(t, 200, reply.Status)
	assert.Equal(t, `{"status":"accepted"}`+"\n", reply.Body)
	assert.True(t, reply.Closed, "the next request would wait for the upgrade")
	<-applying
	assert.Equal(t, "PK a workbook", log.String())

	for _, path := range []string{"/api/sysupgrade", "/api/sync"} {
		reply = a.good(path)
		assertError(t, 409, "A sync or an upgrade is under way already.", reply.Status, reply.Body)
	}
	close(goOn)
	require.Eventually(t, func() bool { return strings.Contains(h.Status().LastError, "told to fail") }, time.Minute, time.Millisecond)
	assert.Equal(t, 200, a.good("/api/sync").Status)
}

// A truncated or refused image is never applied.
func TestUpgradeAppliesOnlyWholeImages(t *testing.T) {
	var d device
	a := serve(t, allOn(t), d.options())
	contentType, body := fileForm("image")
	assert.Equal(t, 400, a.do("POST", "/api/sysupgrade", contentType, body[:len(body)-8]).Status)
	_, second := fileForm("image")
	assert.Equal(t, 400, a.do("POST", "/api/sysupgrade", contentType, strings.TrimSuffix(body, "--b--\r\n")+second).Status)
	contentType, body = fileForm("refuse: signed by nobody")
	reply := a.do("POST", "/api/sysupgrade", contentType, body)
	assertError(t, 422, "The firmware is not taken: apitest: upgrade: refused: signed by nobody.", reply.Status, reply.Body)
	assert.Zero(t, d.upgrade.Applied())
	assert.Equal(t, 200, a.good("/api/sysupgrade").Status)
	assert.Eventually(t, func() bool { return d.upgrade.Applied() == 1 }, time.Minute, time.Millisecond)

	// A provider that does not look at the end of its file is no way around.
	o := d.options()
	o.Providers.Upgrade = upgradeFunc(func(context.Context, io.Reader) (func() error, error) {
		return func() error { assert.Fail(t, "applied"); return nil }, nil
	})
	contentType, body = fileForm("image")
	assert.Equal(t, 400, serve(t, allOn(t), o).do("POST", "/api/sysupgrade", contentType, body[:len(body)-8]).Status)
}

// A firmware of 64 MB passes through a few buffers.
func TestLargeUploadInBoundedMemory(t *testing.T) {
	const size = 64 << 20
	var d device
	a := serve(t, allOn(t), d.options())
	before, after := fileForm("\x00")
	head, tail, _ := strings.Cut(after, "\x00")
	body := io.MultiReader(strings.NewReader(head), io.LimitReader(zeros{}, size), strings.NewReader(tail))
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	allocated := m.TotalAlloc
	reply, err := a.client.Do(t.Context(), "POST", "/api/sysupgrade", before, body)
	require.NoError(t, err)
	assert.Equal(t, 200, reply.Status, reply.Body)
	runtime.ReadMemStats(&m)
	assert.Less(t, m.TotalAlloc-allocated, uint64(8<<20), "allocated in all")
	assert.Eventually(t, func() bool { return strings.Contains(d.upgrade.String(), fmt.Sprint(size)) }, time.Minute, time.Millisecond)
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// 10 GB are refused before they are sent, when the client asks for leave.
func TestHugeFileIsRefusedAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, stop := serveInMemory(t, new(device))
		defer stop()
		conn, err := a.dial(t.Context())
		require.NoError(t, err)
		defer conn.Close()
		_, err = fmt.Fprintf(conn, "POST /api/sysupgrade HTTP/1.1\r\nHost: x\r\napiKey: %s\r\nExpect: 100-continue\r\n"+
			"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 10737418240\r\n\r\n", testKey)
		require.NoError(t, err)
		reply, err := io.ReadAll(conn)
		require.NoError(t, err)
		assert.Contains(t, string(reply), "HTTP/1.1 413 ")
		assert.NotContains(t, string(reply), "100 Continue")
		assert.Contains(t, string(reply), "at most 67108864 bytes are allowed")
	})
}

// A client that asks for leave gets it when its key and headers are right.
func TestExpectContinue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, stop := serveInMemory(t, new(device))
		defer stop()
		conn, err := a.dial(t.Context())
		require.NoError(t, err)
		defer conn.Close()
		contentType, body := fileForm("content")
		_, err = fmt.Fprintf(conn, "POST /api/sync HTTP/1.1\r\nHost: x\r\napiKey: %s\r\nExpect: 100-continue\r\nConnection: close\r\n"+
			"Content-Type: %s\r\nContent-Length: %d\r\n\r\n", testKey, contentType, len(body))
		require.NoError(t, err)
		from := bufio.NewReader(conn)
		line, err := from.ReadString('\n')
		require.NoError(t, err)
		assert.Equal(t, "HTTP/1.1 100 Continue\r\n", line)
		_, err = io.WriteString(conn, body)
		require.NoError(t, err)
		reply, err := io.ReadAll(from)
		require.NoError(t, err)
		assert.Contains(t, string(reply), "HTTP/1.1 200 OK\r\n")
	})
}

// trickle sends a form with a file of n bytes, one each pause, and returns the
// answer and how long it all took.
func trickle(t *testing.T, a memClient, n int, pause time.Duration) (reply string, took time.Duration) {
	conn, err := a.dial(t.Context())
	require.NoError(t, err)
	defer conn.Close()
	contentType, body := fileForm("\x00")
	head, tail, _ := strings.Cut(body, "\x00")
	start := time.Now()
	_, err = fmt.Fprintf(conn, "POST /api/sync HTTP/1.1\r\nHost: x\r\napiKey: %s\r\nConnection: close\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s",
		testKey, contentType, len(head)+n+len(tail), head)
	require.NoError(t, err)
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		for range n {
			time.Sleep(pause)
			if _, err := io.WriteString(conn, "x"); err != nil {
				return
			}
		}
		_, _ = io.WriteString(conn, tail) // the server may have gone
	}()
	all, err := io.ReadAll(conn)
	require.NoError(t, err)
	took = time.Since(start)
	require.NoError(t, conn.Close())
	<-sent
	return string(all), took
}

func TestSlowUploads(t *testing.T) {
	for name, c := range map[string]struct {
		n     int
		pause time.Duration
		want  string
		took  time.Duration
	}{
		"slow_enough_to_live": {20, time.Second, "HTTP/1.1 200 ", 20 * time.Second},
		"a_byte_a_second":     {1000, time.Second, "HTTP/1.1 400 ", 30 * time.Second},
		"silent":              {1, time.Hour, "HTTP/1.1 400 ", 30 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got reader
				a, stop := serveInMemoryWith(t, new(device), func(o *api.Options) { o.Providers.Sync = &got })
				defer stop()
				reply, took := trickle(t, a, c.n, c.pause)
				assert.Contains(t, reply, c.want)
				assert.InDelta(t, c.took, took, float64(2*time.Second))
				if c.want != "HTTP/1.1 200 " {
					assert.Contains(t, reply, "The body does not come in time.")
				}
				if c.n > 1 && c.want != "HTTP/1.1 200 " {
					assert.ErrorIs(t, got.err, io.ErrUnexpectedEOF)
				}
			})
		})
	}
}

// The provider's own time is not the client's, and has an end too.
func TestSlowProviderOfFiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		work := 90 * time.Second
		a, stop := serveInMemoryWith(t, new(device), func(o *api.Options) {
			o.Providers.Sync = syncFunc(func(ctx context.Context, file io.Reader) (string, error) {
				wait := func() error {
					select {
					case <-time.After(work):
						return nil
					case <-ctx.Done():
						return ctx.Err()
					}
				}
				if err := wait(); err != nil {
					return "", err
				}
				if _, err := io.Copy(io.Discard, file); err != nil {
					return "", err
				}
				return "done", wait()
			})
		})
		defer stop()
		reply := a.good("/api/sync")
		assert.Equal(t, 200, reply.Status, reply.Body)

		work = time.Hour
		start := time.Now()
		reply = a.good("/api/sync")
		assertError(t, 503, "The configuration is not taken: no answer in time.", reply.Status, reply.Body)
		assert.Equal(t, 2*time.Minute, time.Since(start))
	})
}

// A client that goes away half-way leaves nothing behind.
func TestUploadThatBreaksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got reader
		a, stop := serveInMemoryWith(t, new(device), func(o *api.Options) { o.Providers.Sync = &got })
		conn, err := a.dial(t.Context())
		require.NoError(t, err)
		contentType, body := fileForm("content")
		_, err = fmt.Fprintf(conn, "POST /api/sync HTTP/1.1\r\nHost: x\r\napiKey: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s",
			testKey, contentType, len(body), body[:len(body)-10])
		require.NoError(t, err)
		synctest.Wait() // the provider waits for more
		require.NoError(t, conn.Close())
		synctest.Wait()
		stop()
		require.ErrorIs(t, got.err, io.ErrUnexpectedEOF)
	})
}
