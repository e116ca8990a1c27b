package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/gateway/confstore"
)

// saver saves one form after the other, each with a secret, until the gateway
// is gone.
type saver struct {
	client *http.Client
	url    string

	sent, stored int // number of the last form that was sent, and of the last that was acknowledged
}

func savedName(n int) string   { return fmt.Sprint("n", n) }
func savedSecret(n int) string { return fmt.Sprint("secret of n", n) }

// save sends the next form. The error is of a gateway that is gone.
func (s *saver) save() error {
	page, err := s.client.Get(s.url + "config/points")
	if err != nil {
		return err
	}
	text, err := io.ReadAll(page.Body)
	_ = page.Body.Close()
	base := formBase.FindSubmatch(text)
	if err != nil || base == nil {
		return fmt.Errorf("there is no form: %w", err)
	}
	s.sent++
	answer, err := s.client.PostForm(s.url+"config/points", url.Values{
		"base": {string(base[1])}, "source": {"hub"},
		"redis.username": {savedName(s.sent)}, "redis.password": {savedSecret(s.sent)},
	})
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("it is not saved: %s", answer.Status)
	}
	if err == nil {
		s.stored = s.sent
	}
	return err
}

// A gateway that is killed at any moment, while it starts and while forms are
// saved, has the configuration before or the new one, with its secrets. What
// was acknowledged is never lost, and it starts again.
//
// It takes some seconds; FIELDGATE_KILL_TIME is how long it goes on, such as
// 10m.
func TestIntegrationKilledWhileSaving(t *testing.T) {
	long := 6 * time.Second
	if text := os.Getenv("FIELDGATE_KILL_TIME"); text != "" {
		var err error
		long, err = time.ParseDuration(text)
		require.NoError(t, err)
	}
	seed := uint64(time.Now().UnixNano())
	t.Log("seed:", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	path, err := binary()
	require.NoError(t, err)
	state := filepath.Join(t.TempDir(), "state")
	first := startGateway(t, state)
	require.NotEmpty(t, first.url, "stderr: %s", &first.stderr)
	first.login()
	require.Equal(t, exitOK, first.end(syscall.SIGTERM))

	s := &saver{}
	kills, last := 0, -1
	for begin := time.Now(); kills < 4 || time.Since(begin) < long; kills++ {
		if kills%4 == 3 { // while it starts
			cmd := exec.Command(path, "-state", state, "-listen", "127.0.0.1:0")
			require.NoError(t, cmd.Start())
			time.Sleep(time.Duration(random.Int64N(int64(150 * time.Millisecond))))
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			last = s.check(t, state, last)
			continue
		}
		p := startGateway(t, state)
		require.NotEmpty(t, p.url, "stderr: %s", &p.stderr)
		assert.NotContains(t, p.stderr.String(), "an older one is in force")
		p.password = first.password
		p.login()
		s.client, s.url = p.client, p.url
		before := s.stored
		if kills%4 == 0 { // however slow it is
			require.NoError(t, s.save())
		}
		killed := make(chan struct{})
		wait := time.Duration(random.Int64N(int64(400 * time.Millisecond)))
		go func() {
			defer close(killed)
			time.Sleep(wait)
			_ = p.cmd.Process.Kill()
		}()
		for err = nil; err == nil; {
			err = s.save()
		}
		<-killed
		p.wait()
		t.Logf("killed after %v, %d saves, then: %.80s", wait, s.stored-before, strings.ReplaceAll(err.Error(), "\n", " "))
		assert.NotContains(t, err.Error(), "it is not saved")
		assert.NotContains(t, err.Error(), "there is no form: %!w(<nil>)")
		last = s.check(t, state, last)
	}
	assert.Positive(t, s.stored, "nothing was ever saved")
	t.Logf("%d kills, %d forms saved", kills, s.stored)

	p := startGateway(t, state)
	require.NotEmpty(t, p.url, "stderr: %s", &p.stderr)
	p.password = first.password
	p.page()
	_, page := p.get("/config/points", "")
	if last >= 0 {
		assert.Contains(t, page, `value="`+savedName(last)+`"`)
	}
	require.Equal(t, exitOK, p.end(syscall.SIGTERM))
	left, err := filepath.Glob(filepath.Join(state, confstore.HistoryFolder, "*.yaml"))
	require.NoError(t, err)
	assert.LessOrEqual(t, len(left), confstore.DefaultKeep+1, "old revisions go")
}

// check wants that what is stored is the last that was acknowledged, or one
// that was under way, and returns which.
func (s *saver) check(t *testing.T, state string, last int) int {
	t.Helper()
	doc, err := confstore.Check(confstore.Disk(state))
	require.NoError(t, err)
	name := doc.Points.Redis.Username
	if name == "" {
		require.Zero(t, s.stored, "an acknowledged save is lost")
		return last
	}
	var n int
	_, err = fmt.Sscanf(name, "n%d", &n)
	require.NoError(t, err, name)
	assert.GreaterOrEqual(t, n, s.stored, "an acknowledged save is lost")
	assert.GreaterOrEqual(t, n, last, "an older one is back")
	assert.LessOrEqual(t, n, s.sent)
	assert.Equal(t, savedSecret(n), doc.Points.Redis.Password.Reveal(), "the secret is not that of the revision")
	return n
}
