package devicelog_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// needPeer skips the test when a program is missing; in CI it fails.
func needPeer(t *testing.T, path, aptPackage string) {
	t.Helper()
	_, err := os.Stat(path)
	if err == nil {
		return
	}
	if os.Getenv("CI") == "true" {
		require.NoError(t, err, "needs apt package %s", aptPackage)
	}
	t.Skipf("%s is not there (apt package %s)", path, aptPackage)
}
