package management_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/openvpn/internal/management"
)

const heading = "HEADER\tCLIENT_LIST\tCommon Name\tReal Address\tVirtual Address\tVirtual IPv6 Address\tBytes Received\tBytes Sent\t" +
	"Connected Since\tConnected Since (time_t)\tUsername\tClient ID\tPeer ID\tData Channel Cipher"

func TestParseClients(t *testing.T) {
	got, err := management.ParseClients([]string{
		"TITLE\tOpenVPN 2.6.14", "TIME\t2026-11-23 03:55:37\t1795406137", heading,
		"CLIENT_LIST\ta,b \"c\" é\t192.0.2.7:40001\t10.8.0.2\tfd00::2\t3111\t3027\t2026-11-23 03:55:37\t1795406137\tUNDEF\t0\t0\tAES-256-GCM",
		"CLIENT_LIST\tUNDEF\t[2001:db8::7]:1\t\t\t18446744073709551615\t1\t2026-11-23 03:55:37\t1795406137\tjoe\t9\t1\t",
		"HEADER\tROUTING_TABLE\tVirtual Address\tCommon Name", "ROUTING_TABLE\t10.8.0.2\tCLIENT_LIST", "GLOBAL_STATS\tx\t0",
	})
	require.NoError(t, err)
	assert.Equal(t, []openvpn.ConnectedClient{
		{CommonName: `a,b "c" é`, Real: "192.0.2.7:40001", Virtual: netip.MustParseAddr("10.8.0.2"),
			Virtual6: netip.MustParseAddr("fd00::2"), BytesIn: 3111, BytesOut: 3027, Since: time.Unix(1795406137, 0), Cipher: "AES-256-GCM"},
		{CID: 9, Username: "joe", Real: "[2001:db8::7]:1", BytesIn: 1<<64 - 1, BytesOut: 1, Since: time.Unix(1795406137, 0)},
	}, got)
}

// Columns were added over the versions, so they are found by name.
func TestParseClientsOfOtherVersions(t *testing.T) {
	got, err := management.ParseClients([]string{
		"HEADER\tCLIENT_LIST\tClient ID\tNew\tCommon Name", "CLIENT_LIST\t5\tx\talice", "CLIENT_LIST\t6",
	})
	require.NoError(t, err)
	assert.Equal(t, []openvpn.ConnectedClient{{CID: 5, CommonName: "alice"}, {CID: 6}}, got)
}

func TestParseClientsRefuses(t *testing.T) {
	_, err := management.ParseClients([]string{"CLIENT_LIST\talice"})
	assert.Error(t, err)
}

func TestParseClientsOfAClient(t *testing.T) {
	got, err := management.ParseClients([]string{"OpenVPN STATISTICS", "Updated,2026-11-23 03:55:37", "Auth read bytes,0"})
	require.NoError(t, err)
	assert.Empty(t, got)
}

func FuzzParseClients(f *testing.F) {
	f.Add(heading + "\nCLIENT_LIST\talice\t192.0.2.7:1\t10.8.0.2\t\t1\t2\tx\t3\tUNDEF\t4\t5\tAES")
	f.Fuzz(func(t *testing.T, body string) {
		clients, err := management.ParseClients(strings.Split(body, "\n"))
		if err == nil {
			assert.LessOrEqual(t, len(clients), strings.Count(body, "CLIENT_LIST"))
		}
	})
}
