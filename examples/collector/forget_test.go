package main

import (
	"net"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A device that was replaced is refused until it is forgotten; then the new
// one counts, also after kill -9.
func TestIntegrationForget(t *testing.T) {
	args := []string{"-data", t.TempDir(), "-keys", keyFile(t, "* "+master), "-fsync", "20ms"}
	p := start(t, nil, args...)
	conn, err := net.Dial("udp4", p.dest.String())
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close()) }()
	send := func(boot uint32, seq uint64) {
		_, err := conn.Write(sealed(t, "GK0001", boot, seq))
		require.NoError(t, err)
	}
	send(57, 9)
	eventually(t, func() bool { return p.metric(t, "store_stored_total") == 1 }, "the first")
	send(1, 0)
	eventually(t, func() bool { return p.metric(t, "receiver_replayed_total") == 1 }, "the replacement is refused")
	answer, err := http.Post(p.url+"/v1/devices/GK0001/forget", "", nil)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusOK, answer.StatusCode)
	var d device
	require.Equal(t, http.StatusNotFound, p.get(t, "/v1/devices/GK0001", &d))
	send(1, 0)
	eventually(t, func() bool { return p.metric(t, "store_stored_total") == 2 }, "the replacement is taken")
	p.kill(t)
	p = start(t, nil, args...)
	require.Equal(t, http.StatusOK, p.get(t, "/v1/devices/GK0001", &d))
	assert.Equal(t, uint64(0), d.Seq)
	assert.Equal(t, uint32(1), d.Message.Boot.Value)
	assert.Len(t, history(t, p, "GK0001"), 2, "the history stays")
}
