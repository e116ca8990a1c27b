package benchkit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"

	"github.com/fieldgate/fieldgate/internal/syncbuf"
)

// Build makes a program of this module as it is shipped: without symbols and
// cgo. flags are further ones of go build, env is added to the environment.
func Build(ctx context.Context, out, path string, flags []string, env ...string) error {
	args := append([]string{"build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", out}, flags...)
	cmd := exec.CommandContext(ctx, "go", append(args, path)...)
	cmd.Env = append(append(os.Environ(), "CGO_ENABLED=0"), env...)
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s: %w: %s", path, err, text)
	}
	return nil
}

// Program is a running program that is measured.
type Program struct {
	name   string
	cmd    *exec.Cmd
	output syncbuf.Buffer
	ended  chan struct{}
}

// Start runs a program until Stop or the end of ctx.
func Start(ctx context.Context, name string, args ...string) (*Program, error) {
	p := &Program{name: name, cmd: exec.CommandContext(ctx, name, args...), ended: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = &p.output, &p.output
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

// Stop ends the program and waits for that.
func (p *Program) Stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(10 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
}

// Output returns what the program has printed so far.
func (p *Program) Output() string { return p.output.String() }

// CPU returns the processor time that the program has used, by its process
// clock (clock_getcpuclockid(3), whose numbers Linux makes from the pid).
func (p *Program) CPU() (time.Duration, error) {
	const scheduled = 2 // CPUCLOCK_SCHED: user and system time, in nanoseconds
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^p.cmd.Process.Pid<<3|scheduled), &t); err != nil {
		return 0, fmt.Errorf("the processor time of %s: %w: %s", p.name, err, &p.output)
	}
	return time.Duration(t.Nano()), nil
}

// Memory returns the program's memory now, in bytes (VmRSS).
func (p *Program) Memory() (uint64, error) {
	proc, err := procfs.NewProc(p.cmd.Process.Pid)
	if err != nil {
		return 0, err
	}
	status, err := proc.NewStatus()
	return status.VmRSS, err
}

// Resident is the memory of a program by what is in it, in bytes (VmRSS,
// RssAnon and RssFile).
type Resident struct {
	All     uint64
	Own     uint64 // what it has written to, heap and stacks
	Program uint64 // pages of the program itself, which the kernel can read again
}

// Resident returns the program's memory now, by what is in it.
func (p *Program) Resident() (Resident, error) {
	proc, err := procfs.NewProc(p.cmd.Process.Pid)
	if err != nil {
		return Resident{}, err
	}
	status, err := proc.NewStatus()
	return Resident{status.VmRSS, status.RssAnon, status.RssFile}, err
}

// ForgetPeak lets Peak begin anew (proc(5), clear_refs).
func (p *Program) ForgetPeak() error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.cmd.Process.Pid), []byte("5"), 0)
}

// Peak returns the most memory that the program has had since ForgetPeak, in
// bytes (VmHWM).
func (p *Program) Peak() (uint64, error) {
	proc, err := procfs.NewProc(p.cmd.Process.Pid)
	if err != nil {
		return 0, err
	}
	status, err := proc.NewStatus()
	return status.VmHWM, err
}

// Wait asks every 50 ms until done says yes, for a minute at most. what is
// what the program is to do, for the error.
func (p *Program) Wait(ctx context.Context, what string, done func() (bool, error)) error {
	for begin := time.Now(); time.Since(begin) < time.Minute; {
		if ok, err := done(); ok || err != nil {
			return err
		}
		select {
		case <-p.ended:
			return fmt.Errorf("%s ended: %s", p.name, &p.output)
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	return errors.New(p.name + " does not " + what)
}
