package browser_test

import (
	"net"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/ptypair"
)

var apiKey = regexp.MustCompile(`API key \([^)]*\): (\S+)`)

// freeUDP is an address for UDP that was free a moment ago.
func freeUDP(t *testing.T) string {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, c.Close())
	return c.LocalAddr().String()
}

// freeTCP is an address for TCP that was free a moment ago.
func freeTCP(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}

// TestIntegrationServices enables SNMP, an endpoint of the API and a serial
// port by clicking, and uses each with what integrators have.
func TestIntegrationServices(t *testing.T) {
	needs(t, "chromium", "snmpget", "snmpwalk", "curl")
	g := start(t)
	b := open(t, g)

	t.Run("snmp", func(t *testing.T) {
		b.t = t
		address := freeUDP(t)
		_, err := run(t, "snmpget", "-v2c", "-c", "plant", "-t", "0.3", "-r", "0", address, "1.3.6.1.2.1.1.6.0")
		require.Error(t, err)
		b.follow("SNMP")
		b.follow("Add a community")
		b.fill("Community", "plant")
		b.choose("Version", "v2c")
		b.choose("Read", "all")
		b.follow("Save")
		b.tick("Enabled")
		b.fill("Listen", address)
		b.fill("Location", "Pump house 4")
		b.apply()
		out, err := run(t, "snmpget", "-v2c", "-c", "plant", "-Oqv", address, "1.3.6.1.2.1.1.6.0")
		require.NoError(t, err, out)
		assert.Contains(t, out, "Pump house 4")
		out, err = run(t, "snmpwalk", "-v2c", "-c", "plant", "-On", address, "1.3.6.1.2.1.1")
		require.NoError(t, err, out)
		assert.Contains(t, out, ".1.3.6.1.2.1.1.3.0 = Timeticks")
		b.follow("SNMP")
		b.sees("Listens on " + address)
	})
	t.Run("api", func(t *testing.T) {
		b.t = t
		key := apiKey.FindStringSubmatch(g.said.String())[1]
		ask := func() string {
			out, err := run(t, "curl", "-s", "-w", " %{http_code}", "-H", "apiKey: "+key, g.url+"/api/actions")
			require.NoError(t, err, out)
			return out
		}
		assert.Contains(t, ask(), " 403")
		b.visit("/api-settings/endpoints")
		b.tick("Actions")
		b.apply()
		assert.Regexp(t, `actions(?s:.*) 200$`, ask())
	})
	t.Run("ser2net", func(t *testing.T) {
		b.t = t
		device, err := ptypair.Open()
		require.NoError(t, err)
		t.Cleanup(func() { _ = device.Close() })
		address := freeTCP(t)
		b.follow("ser2net")
		b.follow("Add a port")
		b.fill("Name", "meter")
		b.tick("Enabled")
		b.fill("Listen", address)
		b.choose("Protocol", "raw")
		b.fill("Device", device.Name())
		b.apply()

		conn, err := net.Dial("tcp", address)
		require.NoError(t, err)
		defer func() { _ = conn.Close() }()
		end := time.Now().Add(patience)
		require.NoError(t, conn.SetDeadline(end))
		require.NoError(t, device.SetReadDeadline(end))
		reads(t, device, conn, "/?!\r\n")
		reads(t, conn, device, "/FG4 meter\r\n")
		b.follow("ser2net")
		b.sees(conn.LocalAddr().String())
	})
}

// reads writes a text on one side, and wants all of it on the other.
func reads(t *testing.T, to interface{ Read([]byte) (int, error) }, from interface{ Write([]byte) (int, error) }, text string) {
	t.Helper()
	_, err := from.Write([]byte(text))
	require.NoError(t, err)
	var all []byte
	for part := make([]byte, 100); len(all) < len(text); {
		n, err := to.Read(part)
		require.NoError(t, err, "%q", all)
		all = append(all, part[:n]...)
	}
	assert.Equal(t, text, string(all))
}
