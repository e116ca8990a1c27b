package servercert_test

import (
	"bytes"
	"crypto/tls"
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/servercert"
)

// shown returns the certificate that a handshake gets.
func shown(t *testing.T, c *tls.Config) []byte {
	t.Helper()
	settings, err := c.GetConfigForClient(&tls.ClientHelloInfo{})
	require.NoError(t, err)
	return settings.Certificates[0].Certificate[0]
}

// Where nothing can be stored a server may still be reached, if it is said
// that this matters more.
func TestUnstored(t *testing.T) {
	var log bytes.Buffer
	files := servercert.Files{OwnFile: filepath.Join(t.TempDir(), "none", "tls.pem"), OwnNames: []string{"gateway"}}
	_, err := servercert.New("web", files, slog.New(slog.NewTextHandler(&log, nil))).Open()
	require.ErrorContains(t, err, "the certificate cannot be stored")

	files.Unstored = true
	c, err := servercert.New("web", files, slog.New(slog.NewTextHandler(&log, nil))).Open()
	require.NoError(t, err)
	assert.Contains(t, log.String(), "web tls: the certificate is not stored")
	assert.Equal(t, shown(t, c), shown(t, c), "it stays the same while the server runs")
	assert.NoFileExists(t, files.OwnFile)
}

func TestStored(t *testing.T) {
	files := servercert.Files{OwnFile: filepath.Join(t.TempDir(), "tls.pem")}
	log := slog.New(slog.DiscardHandler)
	first, err := servercert.New("web", files, log).Open()
	require.NoError(t, err)
	second, err := servercert.New("web", files, log).Open()
	require.NoError(t, err)
	assert.Equal(t, shown(t, first), shown(t, second), "the next server shows the same")
}
