package uml

import (
	"fmt"
	"strings"
)

// signs are what the kernel says on machines that cannot run it.
var signs = []struct{ text, reason string }{
	{"ptrace set fp regs failed", "this processor needs a library that gcc makes; install gcc (make peers)"},
	{"must be not mounted noexec", "the folder for its memory is mounted noexec"},
	{"Checking that ptrace can change system call numbers...ptrace", "a process may not watch another here (ptrace)"},
	{"check_ptrace", "a process may not watch another here (ptrace)"},
}

// result takes the job's output and status out of what the machine printed.
// ended is how the machine ended.
func result(text, ended string) (output string, code int, err error) {
	_, output, begun := strings.Cut(text, "UML-BEGIN\n")
	if !begun {
		output = text
	}
	output, last, finished := strings.Cut(output, "UML-RESULT ")
	for _, sign := range signs {
		if !finished && strings.Contains(text, sign.text) {
			return output, 0, fmt.Errorf("uml: %s: %w", sign.reason, ErrUnavailable)
		}
	}
	if !finished {
		return output, 0, fmt.Errorf("uml: it stopped on its own (%s)%s: %w", ended, lastWords(text), ErrBroken)
	}
	if _, err := fmt.Sscan(last, &code); err != nil {
		return output, 0, fmt.Errorf("uml: result %q: %w", last, ErrBroken)
	}
	if !begun {
		return output, code, fmt.Errorf("uml: the system could not be made, see init.sh for code %d%s: %w", code, lastWords(output), ErrBroken)
	}
	return output, code, nil
}

// lastWords returns the last lines of what a machine printed, for an error.
func lastWords(text string) string {
	const most = 4
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if lines[0] == "" {
		return ", and said nothing"
	}
	return fmt.Sprintf(", its last words: %q", lines[max(0, len(lines)-most):])
}
