package pages_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// event reads the first event of a page.
func (s *site) event(query string) string {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.server.URL+"/events?"+query, nil)
	require.NoError(s.t, err)
	request.Header.Set("Accept", "text/event-stream")
	answer, err := http.DefaultClient.Do(request)
	require.NoError(s.t, err)
	defer func() { _ = answer.Body.Close() }()
	require.Equal(s.t, http.StatusOK, answer.StatusCode)
	var text strings.Builder
	for in := bufio.NewReader(answer.Body); ; {
		line, err := in.ReadString('\n')
		require.NoError(s.t, err)
		if line == "\n" {
			return text.String()
		}
		text.WriteString(line)
	}
}

// Who looks at a page that lives does not hold the end of the server up.
func TestEventsEnd(t *testing.T) {
	s := newSite(t)
	ctx, end := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- s.pages.Run(ctx) }()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.server.URL+"/events?page=/", nil)
	require.NoError(t, err)
	request.Header.Set("Accept", "text/event-stream")
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { _ = answer.Body.Close() }()
	end()
	_, err = io.Copy(io.Discard, answer.Body)
	require.NoError(t, err, "the answer ends as a whole")
	require.NoError(t, <-ran)
}

// A carriage return ends a line of an event: text of others must not begin
// fields or events of its own there.
func TestEventsOfHostileText(t *testing.T) {
	s := newSite(t)
	_, _ = s.log.Write([]byte("one\rretry: 1\r\rdata: two"))
	event := s.event("page=/log")
	assert.Contains(t, event, "one")
	assert.Contains(t, event, "data: two")
	for _, line := range regexp.MustCompile(`[\r\n]+`).Split(strings.TrimSuffix(event, "\n"), -1) {
		assert.True(t, strings.HasPrefix(line, "data: "), "%q", line)
	}
}

// A script gets what did not work as a message, not as a page within the page.
func TestRefusalsToScripts(t *testing.T) {
	s := newSite(t)
	for path, want := range map[string]int{"/do": http.StatusBadRequest, "/upgrade": http.StatusConflict, "/openvpn/client": http.StatusConflict, "/nowhere": http.StatusNotFound} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.server.URL+path, strings.NewReader(url.Values{"verb": {"explode"}}.Encode()))
		require.NoError(t, err)
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("HX-Request", "true")
		answer, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		text, err := bufio.NewReader(answer.Body).ReadString(0)
		assert.Error(t, err, "all was read")
		require.NoError(t, answer.Body.Close())
		assert.Equal(t, want, answer.StatusCode, path)
		assert.Contains(t, text, `<p role="alert">`, path)
		assert.NotContains(t, text, "<html", path)
	}
}

// Names that mean something else in a path have pages, too.
func TestNamesInPaths(t *testing.T) {
	s := newSite(t)
	for i, name := range []string{".", "..", "+", "~", "~+", "a/b", "100%", "%2e%2e", "a?b#c", `"<ü>'`, strings.Repeat("x", 64)} {
		base := []string{strconv.Itoa(i + 1)}
		status, page := s.post("/ser2net/ports/+", url.Values{"base": base, "name": {name}, "device": {"/dev/ttyS0"}, "listen": {"127.0.0.1:0"}})
		require.Equal(t, http.StatusSeeOther, status, "%s: %s", name, page)
	}
	_, page := s.get("/ser2net")
	links := regexp.MustCompile(`href="(/ser2net/ports/[^"]+)" aria-label="Edit`).FindAllStringSubmatch(page, -1)
	require.Len(t, links, 11)
	doc, _ := s.control.Saved()
	for i, link := range links {
		at, err := url.Parse(strings.ReplaceAll(link[1], "&#43;", "+"))
		require.NoError(t, err)
		at, err = at.Parse(at.EscapedPath()) // as a browser does
		require.NoError(t, err)
		status, page := s.get(at.EscapedPath())
		assert.Equal(t, http.StatusOK, status, link[1])
		assert.Contains(t, page, "<h1>Port ", link[1])
		assert.Contains(t, page, `name="action" value="delete"`, "%s leads to another page", doc.Ser2net.Ports[i].Name)
	}
}
