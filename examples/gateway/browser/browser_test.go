package browser_test

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

//go:embed testdata/hand.js
var hand string

// browser is a Chromium with one page open. Its methods do what a person does:
// they find what is to be clicked or filled in by the words beside it, and
// only where it can be seen.
type browser struct {
	t   *testing.T
	g   *gateway
	ctx context.Context
}

// open starts a browser and logs in.
func open(t *testing.T, g *gateway) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		skip(t, "chromium is missing: make peers installs it")
	}
	alloc, stop := chromedp.NewExecAllocator(context.Background(),
		chromedp.ExecPath(path), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.WindowSize(1280, 900),
		chromedp.WSURLReadTimeout(patience),
	)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx) // waits for the end, so that its folder can go
		cancel()
	})
	b := &browser{t: t, g: g, ctx: ctx}
	require.NoError(t, chromedp.Run(ctx)) // starts it, for as long as ctx
	b.visit("/")
	b.fill("User", "admin")
	b.fill("Password", g.password)
	b.follow("Log in")
	b.sees("Log out")
	return b
}

// do runs actions within the time that one may take.
func (b *browser) do(actions ...chromedp.Action) error {
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, actions...)
}

// visit opens a page by its path.
func (b *browser) visit(path string) {
	b.t.Helper()
	require.NoError(b.t, b.do(chromedp.Navigate(b.g.url+path)), path)
}

// ask calls a function of testdata/hand.js. It returns what that found wrong,
// "" for nothing.
func (b *browser) ask(function string, args ...any) (string, error) {
	words, err := json.Marshal(args)
	if err != nil {
		return "", err
	}
	list := strings.TrimSuffix(strings.TrimPrefix(string(words), "["), "]")
	var trouble string
	err = b.do(chromedp.Evaluate(fmt.Sprintf("(() => {%s\nreturn %s(%s);})()", hand, function, list), &trouble))
	return trouble, err
}

// awaits makes [chromedp.Evaluate] wait for a promise.
func awaits(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }

// until asks again until nothing is wrong: pages come, and change by
// themselves.
func (b *browser) until(function string, args ...any) {
	b.t.Helper()
	var last string
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		trouble, err := b.ask(function, args...)
		if err == nil && trouble == "" {
			return
		}
		if last = trouble; err != nil { // such as a page that goes away meanwhile
			last = err.Error()
		}
	}
	page, _ := b.ask("said")
	require.Fail(b.t, fmt.Sprint(function, args, ": ", last), "the page says: %s", page)
}

// sees waits until the page shows some words.
func (b *browser) sees(words string) { b.t.Helper(); b.until("sees", words) }

// row waits until a row of a table shows all of some words; the first is that
// of its head.
func (b *browser) row(head string, words ...string) {
	b.t.Helper()
	b.until("row", head, append([]string{}, words...))
}

// press clicks a button or what opens further fields, and stays on the page.
func (b *browser) press(name string) { b.t.Helper(); b.until("click", name) }

// follow clicks a link or button, and waits for the page that it leads to.
func (b *browser) follow(name string) {
	b.t.Helper()
	require.NoError(b.t, b.do(chromedp.Evaluate("window.before = true", nil)))
	b.until("click", name)
	b.until("arrived")
}

// fill types into the field of a label, in the place of what is there.
func (b *browser) fill(label, text string) {
	b.t.Helper()
	b.until("focus", label)
	require.NoError(b.t, b.do(input.InsertText(text)), label)
	b.until("holds", label, text)
}

// choose picks from a list.
func (b *browser) choose(label, option string) { b.t.Helper(); b.until("choose", label, option) }

// tick makes sure that a box is ticked.
func (b *browser) tick(label string) { b.t.Helper(); b.until("tick", label) }

// apply saves the form and applies it.
func (b *browser) apply() {
	b.t.Helper()
	b.follow("Save & Apply")
	b.until("heading", "Applied")
}
