package browser_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// everyPage are the paths of all pages: those that links lead to, beginning at
// the first one.
func (b *browser) everyPage() []string {
	b.t.Helper()
	found := []string{"/"}
	known := map[string]bool{"/": true}
	for i := 0; i < len(found); i++ {
		b.visit(found[i])
		var links []string
		require.NoError(b.t, b.do(chromedp.Evaluate(
			`Array.from(document.querySelectorAll("main a[href], nav a[href]"), a => a.getAttribute("href"))`, &links)))
		for _, link := range links {
			at, err := url.Parse(link)
			require.NoError(b.t, err, "%s on %s", link, found[i])
			if at.IsAbs() || at.Path == "" || strings.HasPrefix(at.Path, "/log/download") || strings.HasSuffix(at.Path, "/export") || strings.HasSuffix(at.Path, ".crt") {
				continue // a file, or a place on the page
			}
			kind := at.Path
			if at.Path == "/openvpn/new" || at.Path == "/openvpn/instance" {
				kind += at.RawQuery
			}
			if !known[kind] {
				known[kind] = true
				found = append(found, at.RequestURI())
			}
		}
	}
	return found
}

// TestIntegrationAccessibility lets axe look at every page. It needs AXE, the
// path of axe.min.js of axe-core: make axe gets it.
func TestIntegrationAccessibility(t *testing.T) {
	path := os.Getenv("AXE")
	if path == "" {
		t.Skip("skipped: make axe runs this")
	}
	axe, err := os.ReadFile(path)
	require.NoError(t, err)
	b := open(t, start(t, "-simulate"))
	for _, width := range []int64{1280, 390} {
		require.NoError(t, b.do(emulation.SetDeviceMetricsOverride(width, 900, 1, width < 500)))
		for _, at := range b.everyPage() {
			t.Run(fmt.Sprint(width, at), func(t *testing.T) {
				b.visit(at)
				var faults []struct {
					ID, Impact, Help string
					Nodes            []struct{ HTML string }
				}
				require.NoError(t, b.do(
					chromedp.Evaluate(string(axe)+"\n;0", nil),
					chromedp.Evaluate(`axe.run().then(r => r.violations)`, &faults, awaits),
				))
				for _, f := range faults {
					var where []string
					for _, n := range f.Nodes {
						where = append(where, n.HTML)
					}
					text := fmt.Sprintf("%s (%s): %s\n\t%.900s", f.ID, f.Impact, f.Help, strings.Join(where, "\n\t"))
					if f.Impact == "serious" || f.Impact == "critical" {
						assert.Fail(t, text)
					} else {
						t.Log(text)
					}
				}
			})
		}
	}
}

// TestIntegrationScreenshots writes pictures of every page into the folder
// SCREENSHOTS, as a desk and as a telephone show them.
func TestIntegrationScreenshots(t *testing.T) {
	dir := os.Getenv("SCREENSHOTS")
	if dir == "" {
		t.Skip("skipped: make screenshots runs this")
	}
	require.NoError(t, os.MkdirAll(dir, 0o755))
	b := open(t, start(t, "-simulate"))
	all := b.everyPage()
	for _, width := range []int64{1280, 390} {
		require.NoError(t, b.do(emulation.SetDeviceMetricsOverride(width, 900, 1, width < 500)))
		for _, at := range all {
			b.visit(at)
			b.until("arrived")
			var tall int64
			require.NoError(t, b.do(chromedp.Evaluate(`document.documentElement.scrollHeight`, &tall)))
			var picture []byte
			require.NoError(t, b.do(chromedp.ActionFunc(func(ctx context.Context) (err error) {
				picture, err = page.CaptureScreenshot().WithCaptureBeyondViewport(true).
					WithClip(&page.Viewport{Width: float64(width), Height: float64(tall), Scale: 1}).Do(ctx)
				return err
			})))
			name := strings.Trim(strings.NewReplacer("/", "-", "?", "-", "=", "-", "+", "new", "&", "-").Replace(at), "-")
			if name == "" {
				name = "status"
			}
			require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%d.png", name, width)), picture, 0o644))
		}
	}
}

// TestIntegrationNarrow makes sure that no page is wider than a telephone.
func TestIntegrationNarrow(t *testing.T) {
	needs(t, "chromium")
	b := open(t, start(t, "-simulate"))
	require.NoError(t, b.do(emulation.SetDeviceMetricsOverride(390, 844, 1, true)))
	for _, at := range b.everyPage() {
		b.visit(at)
		var wide int64
		require.NoError(t, b.do(chromedp.Evaluate(`document.documentElement.scrollWidth`, &wide)))
		assert.LessOrEqual(t, wide, int64(390), at)
	}
}
