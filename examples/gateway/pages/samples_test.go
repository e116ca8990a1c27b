package pages_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/gateway/account"
	"github.com/fieldgate/fieldgate/examples/gateway/confstore"
	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/examples/gateway/pages"
	"github.com/fieldgate/fieldgate/telemetry"
)

// counting is a device whose one interface takes 1,000 bytes a second.
type counting struct {
	begin time.Time
	name  string
}

func (c counting) Sample(context.Context) (telemetry.Sample, error) {
	passed := uint64(time.Since(c.begin).Seconds())
	return telemetry.Sample{
		Load:  telemetry.Load{One: telemetry.Known[uint64](150)},
		Modem: telemetry.Modem{SignalDBm: telemetry.Known[int64](-71)},
		Interfaces: []telemetry.Interface{
			{Name: c.name, RxBytes: telemetry.Known(passed * 1024), TxBytes: telemetry.Known(5000 - min(5000, passed*1000))},
			{Name: "lo", RxBytes: telemetry.Known(passed), TxBytes: telemetry.Known(passed)},
		},
	}, nil
}

func TestPlots(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "gateway.yaml"), []byte("{}\n"), 0o600))
	store, err := confstore.Open(confstore.Disk(dir), confstore.Options{})
	require.NoError(t, err)
	synctest.Test(t, func(t *testing.T) {
		gateway := control.New(store, &engine{}, slog.New(slog.DiscardHandler))
		gateway.Boot()
		defer gateway.Close()
		p, err := pages.New(pages.Options{Control: gateway, Live: live{}, Log: slog.New(slog.DiscardHandler), Source: counting{time.Now(), hostile}})
		require.NoError(t, err)
		look := func() string {
			answer := httptest.NewRecorder()
			p.ServeHTTP(answer, httptest.NewRequestWithContext(account.With(t.Context(), account.User{Name: "anna", Role: account.Viewer}), http.MethodGet, "/", nil))
			require.Equal(t, http.StatusOK, answer.Code)
			return answer.Body.String()
		}
		assert.NotContains(t, look(), "<svg", "nothing is known yet")
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- p.Run(ctx) }()
		time.Sleep(11 * time.Second)
		page := look()
		assert.Contains(t, page, "1 KiB/s")
		assert.Contains(t, page, "-71 dBm")
		assert.Contains(t, page, "1 min 1.50")
		assert.NotContains(t, page, hostile)
		assert.NotContains(t, page, "Traffic of lo")
		time.Sleep(time.Hour)
		for _, line := range strings.Split(look(), `points="`)[1:] {
			points, _, _ := strings.Cut(line, `"`)
			assert.LessOrEqual(t, len(strings.Fields(points)), 120, "ten minutes")
			assert.NotContains(t, points, "-", "nothing is drawn outside")
		}
		cancel()
		assert.NoError(t, <-ended)
	})
}
