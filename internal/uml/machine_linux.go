// Package uml runs tests in a kernel of their own: User-mode Linux, which is
// the Linux kernel as an ordinary program. Debian's has as modules what the
// kernel of a build machine often has not (ESP, IPComp, PPP, L2TP). It needs no
// root, no virtualisation and no disk image: its files are the host's, read
// only, with scratch space in memory.
//
// A test calls suite.Run outside; inside, [Inside] is true.
package uml

import (
	"bytes"
	"context"
	_ "embed" // init.sh
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ErrUnavailable says that this machine cannot run User-mode Linux. The error
// around it says why.
var ErrUnavailable = errors.New("no User-mode Linux here")

// ErrBroken says that the machine ended, or did not, without a result.
var ErrBroken = errors.New("the machine gave no result")

// insideVariable marks the environment of what runs in the machine.
const insideVariable = "FIELDGATE_UML"

// modules is where Debian keeps those of the kernel.
const modules = "/usr/lib/uml/modules"

// kernel is the program.
const kernel = "linux.uml"

// memory is how much of it the machine has, in octets.
const memory = 512 << 20

//go:embed init.sh
var initScript []byte

// Inside reports whether this program runs in the machine.
func Inside() bool { return os.Getenv(insideVariable) != "" }

// Available returns an error that wraps [ErrUnavailable] where there is no
// User-mode Linux.
func Available() error {
	for program, names := range map[string]string{
		kernel: "user-mode-linux", "modprobe": "kmod", "busybox": "busybox-static", "bash": "bash", "ip": "iproute2",
	} {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Errorf("uml: %w: install %s (make peers): %w", err, names, ErrUnavailable)
		}
	}
	if _, err := os.Stat(modules); err != nil {
		return fmt.Errorf("uml: %w: install user-mode-linux (make peers): %w", err, ErrUnavailable)
	}
	if err := sharedMemory(); err != nil && os.Geteuid() != 0 {
		return fmt.Errorf("uml: %w, or be root: %w", err, ErrUnavailable)
	}
	return nil
}

// Job is what the machine runs.
type Job struct {
	// Command is the program, an absolute path, with its arguments. It may be
	// no program of the race detector, whose memory does not fit.
	Command []string
	// Folder is where it runs; default /.
	Folder string
	// Env are additional variables, as NAME=value.
	Env []string
	// Modules of the kernel that it needs.
	Modules []string
	// Limit is when the machine is stopped for taking too long; default 5 min.
	Limit time.Duration
}

// Run boots a machine, runs the job and stops the machine. The output is that
// of the job, and what the kernel had to say. code is the status with which the
// job ended. The error wraps [ErrBroken] when there is none, for example since
// the limit was exceeded.
func Run(ctx context.Context, job Job) (output string, code int, err error) {
	if err := Available(); err != nil {
		return "", 0, err
	}
	folder, err := os.MkdirTemp("", "uml")
	if err != nil {
		return "", 0, fmt.Errorf("uml: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	files := map[string][]byte{"init": initScript, "job": job.script()}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o755); err != nil {
			return "", 0, fmt.Errorf("uml: %w", err)
		}
	}
	limit := job.Limit
	if limit == 0 {
		limit = 5 * time.Minute
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("it took longer than %v", limit))
	defer cancel()
	env, err := preload(ctx, folder)
	if err != nil {
		return "", 0, err
	}
	text, ended, err := boot(ctx, folder, env, job.Modules)
	if err != nil {
		return text, 0, fmt.Errorf("uml: %w%s: %w", err, lastWords(text), ErrBroken)
	}
	return result(text, ended)
}

// boot runs the kernel to its end. It returns what it printed and how it ended,
// which tells nothing of the job.
func boot(ctx context.Context, folder string, env, modules []string) (text, ended string, err error) {
	// Without "ro" a root user inside could write to the host's files. The
	// line is split at blanks; what the kernel does not know becomes the
	// environment of init.
	line := []string{kernel, "mem=" + strconv.Itoa(memory>>20) + "M", "rootfstype=hostfs", "ro",
		"init=" + filepath.Join(folder, "init"), "JOB=" + filepath.Join(folder, "job"),
		"MODULES=" + strings.Join(modules, ","), "uml_dir=" + folder + "/", "con=null", "con0=fd:0,fd:1", "quiet"}
	if problem := sharedMemory(); problem != nil {
		line = append(ownSharedMemory(), line...)
	}
	cmd := exec.CommandContext(ctx, line[0], line[1:]...)
	cmd.Env = append(os.Environ(), env...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	// The processes of the machine are processes of the host.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 10 * time.Second
	err = cmd.Run()
	text = strings.ReplaceAll(said.String(), "\r", "")
	if cause := context.Cause(ctx); cause != nil {
		return text, "", cause
	}
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		return text, "", err
	}
	return text, cmd.ProcessState.String(), nil
}

// script is the job as bash reads it.
func (j Job) script() []byte {
	var b bytes.Buffer
	folder := j.Folder
	if folder == "" {
		folder = "/"
	}
	write := func(format string, args ...any) { _, _ = fmt.Fprintf(&b, format, args...) }
	write("cd %s || exit 203\n", quote(folder))
	for _, pair := range append([]string{insideVariable + "=1"}, j.Env...) {
		write("export %s\n", quote(pair))
	}
	for i, word := range j.Command {
		if i > 0 {
			_, _ = io.WriteString(&b, " ")
		}
		_, _ = io.WriteString(&b, quote(word))
	}
	_, _ = io.WriteString(&b, "\n")
	return b.Bytes()
}

// quote makes one word of text, whatever is in it.
func quote(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
