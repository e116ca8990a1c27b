package devicelog

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"strings"
	"syscall"
	"time"
)

// child is a program that writes a log to its standard output and ends.
type child struct {
	paths []string // the first that exists is run
	args  []string
}

// killTime is how long a killed child's output is waited for.
const killTime = 2 * time.Second

// run writes the child's output to w. When ctx ends or w fails, the child is
// killed with its process group.
func (c child) run(ctx context.Context, w io.Writer) error {
	binary, err := c.find()
	if err != nil {
		return fmt.Errorf("devicelog: %w", err)
	}
	if err := c.runBinary(ctx, binary, w); err != nil {
		return fmt.Errorf("devicelog: %s: %w", path.Base(binary), err)
	}
	return nil
}

func (c child) runBinary(ctx context.Context, binary string, w io.Writer) error {
	alive, kill := context.WithCancel(ctx)
	defer kill()
	out := &output{w: w, failed: kill}
	var complaint firstBytes

	cmd := exec.CommandContext(alive, binary, c.args...)
	cmd.Env = []string{"LC_ALL=C.UTF-8", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	cmd.Stdout, cmd.Stderr = out, &complaint
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = killTime
	err := cmd.Run()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case out.err != nil:
		return out.err
	case err != nil && complaint.line() != "":
		return fmt.Errorf("%s (%w)", complaint.line(), err)
	}
	return err
}

func (c child) find() (string, error) {
	for _, p := range c.paths {
		info, err := os.Stat(p)
		if err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return p, nil
		}
	}
	return "", fmt.Errorf("%s is not installed (looked for %s)", path.Base(c.paths[0]), strings.Join(c.paths, ", "))
}

// output passes the child's output on, and ends the child when that fails: it
// may have nothing more to say for a long time.
type output struct {
	w      io.Writer
	failed func()
	err    error
}

func (o *output) Write(p []byte) (int, error) {
	n, err := o.w.Write(p)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	if err != nil {
		o.err = err
		o.failed()
	}
	return n, err
}

// firstBytes keeps the begin of what is written to it.
type firstBytes struct{ buf bytes.Buffer }

const maxComplaint = 512

func (f *firstBytes) Write(p []byte) (int, error) {
	f.buf.Write(p[:min(len(p), maxComplaint-f.buf.Len())])
	return len(p), nil
}

// line returns the first line that says something.
func (f *firstBytes) line() string {
	for line := range strings.Lines(f.buf.String()) {
		if line = strings.TrimSpace(line); line != "" {
			return strings.ToValidUTF8(line, "\uFFFD")
		}
	}
	return ""
}
