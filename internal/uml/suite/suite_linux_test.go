package suite_test

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/uml"
	"github.com/fieldgate/fieldgate/internal/uml/suite"
)

// What the machine is for: a kernel with ESP, root in it, and the host's files
// that nobody can change.
func TestIntegrationInside(t *testing.T) {
	if suite.Run(t, 2*time.Minute, "xfrm_user", "esp4", "dummy") {
		return
	}
	require.True(t, uml.Inside())
	t.Run("kernel", func(t *testing.T) {
		out, err := exec.Command("ip", "xfrm", "state").CombinedOutput()
		require.NoError(t, err, "%s", out)
		out, err = exec.Command("ip", "link", "add", "stub", "type", "dummy").CombinedOutput()
		require.NoError(t, err, "%s", out)
	})
	t.Run("scratch", func(t *testing.T) {
		require.NoError(t, os.WriteFile(t.TempDir()+"/file", []byte("x"), 0o600))
	})
	t.Run("read_only", func(t *testing.T) {
		err := os.WriteFile("/etc/fieldgate-was-here", nil, 0o600)
		require.ErrorContains(t, err, "read-only")
	})
	t.Run("environment", func(t *testing.T) {
		assert.Equal(t, 0, os.Geteuid())
		folder, err := os.Getwd()
		require.NoError(t, err)
		assert.Contains(t, folder, "suite", "where go test runs it")
	})
	t.Run("skipped", func(t *testing.T) { t.Skip("to see that it arrives as one") })
}
