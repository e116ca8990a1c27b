package pages

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/examples/gateway/account"
)

// events sends what lives on a page whenever it has changed, as server-sent
// events (HTML standard, section 9.2). The page is named by its path.
func (p *Pages) events(w http.ResponseWriter, r *http.Request) {
	pg := p.pages[r.URL.Query().Get("page")]
	if pg == nil || !account.From(r.Context()).Role.Allows(pg.role) {
		http.Error(w, "There is no such page.", http.StatusNotFound)
		return
	}
	if pg.live == nil {
		http.Error(w, "Nothing lives on this page.", http.StatusNotFound)
		return
	}
	if !strings.Contains(r.Header.Get("Accept"), "text/event-stream") { // so that the login knows that it lasts
		http.Error(w, "Ask for text/event-stream.", http.StatusNotAcceptable)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.WriteHeader(http.StatusOK)
	out := http.NewResponseController(w)
	v, leave := p.views.join(viewKey{pg.path, r.URL.Query().Get("query"), account.From(r.Context()).Role})
	defer leave()
	var last []byte
	quiet := time.Now()
	tick := time.NewTicker(p.Interval)
	defer tick.Stop()
	for {
		now, err := v.current(p.Interval*3/4, func() ([]byte, error) { return p.lives(r, pg, v.key) })
		if err != nil {
			return // the page asks again
		}
		if last == nil || !bytes.Equal(now, last) {
			last, quiet = now, time.Now()
			_ = out.SetWriteDeadline(time.Now().Add(10 * time.Second))
			_, err = w.Write(now)
		} else if time.Since(quiet) > 20*time.Second {
			quiet = time.Now()
			_ = out.SetWriteDeadline(time.Now().Add(10 * time.Second))
			_, err = fmt.Fprint(w, ": still here\n\n") // so that a page that has gone is noticed
		}
		if err != nil || out.Flush() != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-p.ending:
			return // the page asks again
		case <-tick.C:
		}
	}
}

// renderTime bounds how long it may take to find out what lives on a page.
const renderTime = 10 * time.Second

// lives renders what lives on a page, as an event. It is the same for all of
// a role, whoever of them has asked.
func (p *Pages) lives(r *http.Request, pg *page, key viewKey) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), renderTime)
	defer cancel()
	inner := r.Clone(account.With(ctx, account.User{Role: key.role}))
	inner.URL.Path, inner.URL.RawQuery = key.page, key.query
	shown, err := pg.live(inner)
	if err != nil {
		return nil, err
	}
	s := &sheet{user: account.From(inner.Context())}
	shown.live(s)
	text, err := s.Bytes()
	return event(string(text)), err
}

// event makes a server-sent event of a text. Carriage returns end a line
// there, too.
func event(text string) []byte {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = strings.NewReplacer("\r", "\ndata: ", "\n", "\ndata: ").Replace(text)
	return []byte("data: " + text + "\n\n")
}
