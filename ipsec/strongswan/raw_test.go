package strongswan_test

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ipsec/internal/vici"
)

// load sends one command, as somebody else would.
func load(t testing.TB, socket, command string, m *vici.Message) *vici.Message {
	t.Helper()
	conn, err := net.Dial("unix", socket)
	require.NoError(t, err)
	defer func() { _ = conn.Close() }() // the answer is there
	require.NoError(t, vici.Write(conn, vici.Packet{Type: vici.CommandRequest, Name: command, Message: m}))
	p, err := vici.Read(conn)
	require.NoError(t, err)
	require.Equal(t, vici.CommandResponse, p.Type)
	return p.Message
}
