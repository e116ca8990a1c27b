package browser_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestIntegrationLiveStays makes sure that a page that changes by itself leaves
// alone what a person does on it: ticks, the focus, what is opened.
func TestIntegrationLiveStays(t *testing.T) {
	needs(t, "chromium")
	b := open(t, start(t, "-simulate"))
	b.visit("/openvpn")
	require.NoError(t, b.do(chromedp.Evaluate(`
		window.changes = 0;
		new MutationObserver(() => window.changes++).observe(document.getElementById("live"), {subtree: true, childList: true, characterData: true});
		document.getElementById("switch-instances-service").click();
		document.getElementById("switch-instances-service").focus();
		window.head = document.querySelector("#instances thead"); 0`, nil)))
	b.changes(3)
	var stays []bool
	require.NoError(t, b.do(chromedp.Evaluate(`[
		!document.getElementById("switch-instances-service").checked,
		document.activeElement.id === "switch-instances-service",
		window.head === document.querySelector("#instances thead")]`, &stays)))
	assert.Equal(t, []bool{true, true, true}, stays, "the tick, the focus, the table")

	b.visit("/ipsec")
	require.NoError(t, b.do(chromedp.Evaluate(`
		window.changes = 0;
		new MutationObserver(() => window.changes++).observe(document.getElementById("live"), {subtree: true, childList: true, characterData: true});
		document.querySelector("#history-0 summary").focus();
		document.querySelector("#history-0 summary").click(); 0`, nil)))
	b.changes(3)
	require.NoError(t, b.do(chromedp.Evaluate(`[document.getElementById("history-0").open, document.activeElement.nodeName === "SUMMARY"]`, &stays)))
	assert.Equal(t, []bool{true, true}, stays, "what is open, the focus")
}

// changes waits until the page has changed by itself so many times.
func (b *browser) changes(n int) {
	b.t.Helper()
	eventually(b.t, "the page changes", func() bool {
		var seen int
		return b.do(chromedp.Evaluate("window.changes", &seen)) == nil && seen >= n
	})
}

// TestIntegrationConsole makes sure that no page breaks its own rules, the
// Content-Security-Policy among them, and that no script fails.
func TestIntegrationConsole(t *testing.T) {
	needs(t, "chromium")
	b := open(t, start(t, "-simulate"))
	var mu sync.Mutex
	var said []string
	chromedp.ListenTarget(b.ctx, func(event any) {
		mu.Lock()
		defer mu.Unlock()
		switch e := event.(type) {
		case *log.EventEntryAdded:
			if e.Entry.Level != log.LevelVerbose { // hints about password managers
				said = append(said, e.Entry.URL+": "+e.Entry.Text)
			}
		case *runtime.EventExceptionThrown:
			said = append(said, e.ExceptionDetails.Error())
		}
	})
	require.NoError(t, b.do(log.Enable(), runtime.Enable()))
	pages := b.everyPage()
	require.Greater(t, len(pages), 30)
	mu.Lock()
	defer mu.Unlock()
	assert.Empty(t, strings.Join(said, "\n"))
}

// TestIntegrationKeyboard goes through a page that changes by itself with the
// Tab key alone, and finds everything that can be used on it.
func TestIntegrationKeyboard(t *testing.T) {
	needs(t, "chromium")
	b := open(t, start(t, "-simulate"))
	for _, at := range []string{"/openvpn", "/ipsec", "/users"} {
		b.visit(at)
		require.NoError(t, b.do(chromedp.KeyEvent(kb.Tab)))
		var skip bool
		require.NoError(t, b.do(chromedp.Evaluate(`document.activeElement.className === "skip" && document.activeElement.getBoundingClientRect().left >= 0`, &skip)))
		assert.True(t, skip, "%s: the first Tab offers to skip the menu", at)
		const usable = `Array.from(document.querySelectorAll("a[href], button, summary, select, textarea, input:not([type=hidden])")).filter(e => e.checkVisibility() && !e.disabled)`
		var n int
		require.NoError(t, b.do(chromedp.Evaluate(usable+`.length`, &n)))
		require.Greater(t, n, 10, at)
		for range n + 10 { // and areas to scroll
			require.NoError(t, b.do(chromedp.Evaluate(`document.activeElement.reached = true; 0`, nil), chromedp.KeyEvent(kb.Tab)))
		}
		var missed []string
		require.NoError(t, b.do(chromedp.Evaluate(usable+`.filter(e => !e.reached).map(e => e.outerHTML)`, &missed)))
		assert.Empty(t, missed, at)
	}
}
