package uml_test

import (
	"errors"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/uml"
)

// available skips the test where there is no User-mode Linux.
func available(t *testing.T) {
	t.Helper()
	err := uml.Available()
	if errors.Is(err, uml.ErrUnavailable) && os.Getenv("CI") != "true" {
		t.Skip("skipped: ", err)
	}
	require.NoError(t, err)
}

func TestIntegrationRun(t *testing.T) {
	available(t)
	output, code, err := uml.Run(t.Context(), uml.Job{
		Command: []string{"/bin/bash", "-c", `echo "$WORD in $PWD"; exit 3`},
		Folder:  "/usr", Env: []string{"WORD=it's a $word"}, Limit: time.Minute,
	})
	require.NoError(t, err, "%s", output)
	assert.Equal(t, "it's a $word in /usr\n", output)
	assert.Equal(t, 3, code)
}

// What goes wrong is said, and leaves no process behind.
func TestIntegrationBroken(t *testing.T) {
	available(t)
	for name, c := range map[string]struct {
		job  uml.Job
		want string
	}{
		"too long":     {uml.Job{Command: []string{"/bin/sleep", "100"}, Limit: 3 * time.Second}, "longer than 3s"},
		"no such":      {uml.Job{Command: []string{"/bin/true"}, Modules: []string{"no_such_module"}}, "code 202"},
		"kernel stops": {uml.Job{Command: []string{"/bin/busybox", "poweroff", "-f"}}, "stopped on its own"},
	} {
		t.Run(name, func(t *testing.T) {
			output, _, err := uml.Run(t.Context(), c.job)
			require.ErrorIs(t, err, uml.ErrBroken)
			assert.ErrorContains(t, err, c.want, "%s", output)
		})
	}
}

func TestUnavailable(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	require.ErrorIs(t, uml.Available(), uml.ErrUnavailable)
	_, _, err := uml.Run(t.Context(), uml.Job{})
	require.ErrorIs(t, err, uml.ErrUnavailable)
}
