package pages_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/gateway/account"
	"github.com/fieldgate/fieldgate/ser2net"
)

// switchable stores two ports that are off, and returns the revision.
func (s *site) switchable() string {
	s.t.Helper()
	doc, base := s.control.Saved()
	for _, name := range []string{"meter", hostile} {
		port := ser2net.DefaultPort()
		port.Name, port.Device, port.Listen = name, "/dev/ttyS0", "127.0.0.1:0"
		doc.Ser2net.Ports = append(doc.Ser2net.Ports, port)
	}
	revision, err := s.control.Save(s.t.Context(), "anna", "ports", base, doc)
	require.NoError(s.t, err)
	require.EqualValues(s.t, 2, revision)
	return "2"
}

// Records are switched in their table, as the walk-through of the reference
// device does: tick Enabled, Save & apply.
func TestSwitch(t *testing.T) {
	s := newSite(t)
	base := s.switchable()
	_, page := s.get("/ser2net")
	assert.Contains(t, page, `<input type="checkbox" form="switch-ports" id="switch-ports-meter" name="on" value="meter">`)
	assert.Contains(t, page, "ser2net itself is off, and goes on with the first one")

	status, page := s.post("/ser2net/ports", url.Values{"base": {base}, "shown": {"meter", hostile}, "on": {hostile}, "action": {"apply"}})
	require.Equal(t, http.StatusOK, status, page)
	doc, _ := s.control.Applied()
	assert.False(t, doc.Ser2net.Ports[0].Enabled)
	assert.True(t, doc.Ser2net.Ports[1].Enabled)
	assert.True(t, doc.Ser2net.Enabled, "the service went on with it")
	versions, err := s.control.History()
	require.NoError(t, err)
	assert.Equal(t, "ser2net: "+hostile+" on", versions[0].What)

	status, _ = s.post("/ser2net/ports", url.Values{"base": {"3"}, "shown": {"meter"}})
	require.Equal(t, http.StatusSeeOther, status)
	doc, revision := s.control.Saved()
	assert.True(t, doc.Ser2net.Ports[1].Enabled, "who was not on the page stays as it is")
	assert.EqualValues(t, 3, revision, "nothing changed")

	s.user.Role = account.Operator
	status, _ = s.post("/ser2net/ports", url.Values{"base": {"3"}, "shown": {"meter"}, "on": {"meter"}})
	assert.Equal(t, http.StatusForbidden, status)
	_, page = s.get("/ser2net")
	assert.NotContains(t, page, "switch-ports")
}

// A second tab is told, and its ticks are still there.
func TestSwitchInTwoTabs(t *testing.T) {
	s := newSite(t)
	s.switchable()
	status, page := s.post("/ser2net/ports", url.Values{"base": {"1"}, "shown": {"meter", hostile}, "on": {"meter"}})
	assert.Equal(t, http.StatusUnprocessableEntity, status)
	assert.Contains(t, page, "while you were typing")
	assert.Contains(t, page, `value="meter" checked`)
	doc, _ := s.control.Saved()
	assert.False(t, doc.Ser2net.Ports[0].Enabled)
	status, _ = s.post("/ser2net/ports", url.Values{"base": {"many"}})
	assert.Equal(t, http.StatusBadRequest, status)
}

// Who is not there any more is not switched, and a change that does not fit is
// not stored.
func TestSwitchFaults(t *testing.T) {
	s := newSite(t)
	for _, path := range []string{"/ipsec/connections", "/openvpn/instances"} {
		status, page := s.post(path, url.Values{"base": {"1"}, "shown": {"x"}, "on": {"x"}})
		assert.Equal(t, http.StatusSeeOther, status, "%s: %s", path, page)
	}
	_, revision := s.control.Saved()
	assert.EqualValues(t, 1, revision)

	doc, base := s.control.Saved()
	for _, name := range []string{"one", "two"} {
		port := ser2net.DefaultPort()
		port.Name, port.Device, port.Listen = name, "/dev/ttyS0", "127.0.0.1:5001"
		doc.Ser2net.Ports = append(doc.Ser2net.Ports, port)
	}
	if len(doc.Faults()) > 0 {
		t.Skip("two ports at one address are refused even when they are off")
	}
	_, err := s.control.Save(t.Context(), "anna", "ports", base, doc)
	require.NoError(t, err)
	status, page := s.post("/ser2net/ports", url.Values{"base": {"2"}, "shown": {"one", "two"}, "on": {"one", "two"}})
	assert.Equal(t, http.StatusUnprocessableEntity, status)
	assert.Contains(t, page, "does not fit")
	assert.Contains(t, page, `value="two" checked`)
}
