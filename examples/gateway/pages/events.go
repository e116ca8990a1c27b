package pages

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"net/http"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/examples/gateway/account"
)

// events sends what lives on a page whenever it has changed, as server-sent
// events (HTML standard, section 9.2). The page is named by its path.
func (p *Pages) events(w http.ResponseWriter, r *http.Request) {
	pg := p.templates[r.URL.Query().Get("page")]
	if pg == nil || !account.From(r.Context()).Role.Allows(pg.role) {
		http.Error(w, "There is no such page.", http.StatusNotFound)
		return
	}
	if p.parsed[pg.template].Lookup("live") == nil {
		http.Error(w, "Nothing lives on this page.", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.WriteHeader(http.StatusOK)
	out := http.NewResponseController(w)
	seed := maphash.MakeSeed()
	facts := pg.live
	if facts == nil {
		facts = pg.data
	}
	var last uint64
	quiet := time.Now()
	tick := time.NewTicker(p.Interval)
	defer tick.Stop()
	for {
		var b bytes.Buffer
		inner := r.Clone(r.Context())
		inner.URL.Path, inner.URL.RawQuery = pg.path, r.URL.Query().Get("query")
		data, err := facts(inner)
		if err == nil {
			err = p.parsed[pg.template].ExecuteTemplate(&b, "live", p.frameOf(inner, pg.title, data))
		}
		if err != nil {
			return // the page asks again
		}
		if now := maphash.Bytes(seed, b.Bytes()); now != last {
			last, quiet = now, time.Now()
			_ = out.SetWriteDeadline(time.Now().Add(10 * time.Second))
			_, err = fmt.Fprintf(w, "data: %s\n\n", strings.ReplaceAll(b.String(), "\n", "\ndata: "))
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
		case <-tick.C:
		}
	}
}
