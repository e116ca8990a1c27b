package hostfacts

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
)

// Uptime is the time since boot, in steps of 10 ms. Source: /proc/uptime.
func (h *Host) Uptime() (time.Duration, error) {
	const name = "proc/uptime"
	text, err := h.read(name)
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(text, " ")
	n, err := hundredths(first)
	if err != nil {
		return 0, h.fault(name, err)
	}
	const step = 10 * time.Millisecond
	if n > uint64(math.MaxInt64/step) {
		return 0, h.fault(name, fmt.Errorf("%s s is out of range", first))
	}
	return time.Duration(n) * step, nil
}

// Hostname is the kernel's host name, as gethostname(2) gives it. Source:
// /proc/sys/kernel/hostname.
func (h *Host) Hostname() (string, error) { return h.line("proc/sys/kernel/hostname") }

// Kernel is the kernel's release, as uname -r shows it, such as
// "6.1.0-30-amd64". Source: /proc/sys/kernel/osrelease.
func (h *Host) Kernel() (string, error) { return h.line("proc/sys/kernel/osrelease") }

// line reads a file that must hold something.
func (h *Host) line(name string) (string, error) {
	text, err := h.read(name)
	if err != nil {
		return "", err
	}
	if text == "" {
		return "", h.fault(name, errors.New("it is empty"))
	}
	return text, nil
}
