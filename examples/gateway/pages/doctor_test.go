package pages_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/gateway/account"
	"github.com/fieldgate/fieldgate/examples/gateway/doctor"
	"github.com/fieldgate/fieldgate/examples/gateway/pages"
	"github.com/fieldgate/fieldgate/examples/gateway/simulate"
)

// examined returns a site with a doctor and a simulated device.
func examined(t *testing.T, findings *[]doctor.Finding) (*site, *simulate.Faults) {
	t.Helper()
	s := newSite(t)
	device, err := simulate.New()
	require.NoError(t, err)
	p, err := pages.New(pages.Options{
		Control: s.control, Live: s.live, Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Simulated: true,
		Doctor: func(context.Context) []doctor.Finding { return *findings }, Faults: device.Faults(),
	})
	require.NoError(t, err)
	s.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.ServeHTTP(w, r.WithContext(account.With(r.Context(), s.user)))
	}))
	t.Cleanup(s.server.Close)
	return s, device.Faults()
}

func TestDoctorPage(t *testing.T) {
	var findings []doctor.Finding
	s, _ := examined(t, &findings)
	_, page := s.get("/doctor")
	assert.Contains(t, page, "Nothing is wrong.")
	findings = []doctor.Finding{
		{Service: "ipsec", Subject: "<demo0>", Sentence: "The peer does not answer.", Todo: "Switch it on.", Severity: doctor.Fault},
		{Service: "moon", Sentence: "It is full.", Todo: "Wait.", Severity: doctor.Warning},
	}
	_, page = s.get("/doctor")
	assert.NotContains(t, page, "Nothing is wrong.")
	assert.Contains(t, page, `<a href="/ipsec">ipsec</a> &lt;demo0&gt;`)
	assert.Contains(t, page, "The peer does not answer.</td><td>Switch it on.")
	assert.Contains(t, page, "</span> warning</span></td><td>It is full.")
	assert.NotContains(t, page, `href="/moon"`)
}

func TestFaultsPage(t *testing.T) {
	s, faults := examined(t, &[]doctor.Finding{})
	_, page := s.get("/faults")
	assert.Equal(t, len(faults.All()), strings.Count(page, ">Make</button>"))
	status, _ := s.post("/faults", url.Values{"fault": {"fill-disk"}, "on": {"yes"}})
	assert.Equal(t, http.StatusSeeOther, status)
	assert.True(t, faults.DiskFull())
	_, page = s.get("/faults")
	assert.Equal(t, 1, strings.Count(page, ">Mend</button>"))
	status, _ = s.post("/faults", url.Values{"fault": {"fill-disk"}, "on": {"no"}})
	assert.Equal(t, http.StatusSeeOther, status)
	assert.False(t, faults.DiskFull())
	status, _ = s.post("/faults", url.Values{"fault": {"moon"}, "on": {"yes"}})
	assert.Equal(t, http.StatusNotFound, status)

	s.user.Role = account.Viewer
	_, page = s.get("/faults")
	assert.NotContains(t, page, ">Make</button>")
	status, _ = s.post("/faults", url.Values{"fault": {"fill-disk"}, "on": {"yes"}})
	assert.Equal(t, http.StatusForbidden, status)
	assert.False(t, faults.DiskFull())

	plain := newSite(t) // without a doctor, and not simulated
	for _, path := range []string{"/doctor", "/faults"} {
		status, _ = plain.get(path)
		assert.Equal(t, http.StatusNotFound, status)
	}
}
