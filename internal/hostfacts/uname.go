package hostfacts

import (
	"errors"
	"io/fs"
)

// Version is the kernel's build, as uname -v shows it, such as "#1 SMP
// PREEMPT_DYNAMIC". Source: /proc/sys/kernel/version.
func (h *Host) Version() (string, error) { return h.line("proc/sys/kernel/version") }

// Machine is the processor's kind, as uname -m shows it, such as "mips".
// Source: /proc/sys/kernel/arch, or where the kernel is older than 6.1 the
// system call.
func (h *Host) Machine() (string, error) {
	text, err := h.line("proc/sys/kernel/arch")
	if errors.Is(err, fs.ErrNotExist) {
		return machine()
	}
	return text, err
}

// CommandLine is what the boot loader told the kernel. It may hold secrets.
// Source: /proc/cmdline.
func (h *Host) CommandLine() (string, error) { return h.read("proc/cmdline") }
