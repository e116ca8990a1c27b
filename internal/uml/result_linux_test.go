package uml

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestResult(t *testing.T) {
	output, code, err := result("booting\nUML-BEGIN\nPASS\nUML-RESULT 3\n", "exit status 0")
	require.NoError(t, err)
	assert.Equal(t, "PASS\n", output)
	assert.Equal(t, 3, code)
	for name, c := range map[string]struct {
		text, want string
		is         error
	}{
		"processor": {"Kernel panic\nuserspace - ptrace set fp regs failed, errno = 14\n", "install gcc", ErrUnavailable},
		"noexec":    {"Checking PROT_EXEC mmap in /dev/shm...Operation not permitted\n/dev/shm must be not mounted noexec\n", "noexec", ErrUnavailable},
		"silent":    {"", "signal: killed), and said nothing", ErrBroken},
		"memory":    {"a\nb\nc\nd\nOut of memory\n", `"b" "c" "d" "Out of memory"`, ErrBroken},
		"cut":       {"UML-BEGIN\n--- PASS: x\n", "stopped on its own", ErrBroken},
		"modules":   {"modprobe: no such\nUML-RESULT 202\n", `code 202, its last words: ["modprobe: no such"]`, ErrBroken},
		"garbled":   {"UML-BEGIN\nUML-RESULT x\n", "result", ErrBroken},
		// What a job prints is no sign.
		"words": {"UML-BEGIN\ncheck_ptrace\nUML-RESULT y\n", "result", ErrBroken},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := result(c.text, "signal: killed")
			require.ErrorIs(t, err, c.is)
			assert.ErrorContains(t, err, c.want)
		})
	}
}

// Where the shared memory is of no use, root makes another.
func TestIntegrationOwnSharedMemory(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("skipped: root is needed to mount")
	}
	words := ownSharedMemory()
	out, err := exec.Command(words[0], append(words[1:], "sh", "-c", "grep ' /dev/shm ' /proc/mounts | tail -n 1")...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Contains(t, string(out), "mode=700")
	assert.NotContains(t, string(out), "noexec")
}
