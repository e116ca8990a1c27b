package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"
)

// process is a program that is measured.
type process struct {
	name   string
	cmd    *exec.Cmd
	output output // of the program
	ended  chan struct{}
}

// output is what a program has printed so far.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// start runs a program until stop or the end of ctx.
func start(ctx context.Context, name string, args ...string) (*process, error) {
	p := &process{name: name, cmd: exec.CommandContext(ctx, name, args...), ended: make(chan struct{})}
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

// stop ends the program and waits for that.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(10 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
}

// cpu returns the processor time that the program has used, by its process
// clock (clock_getcpuclockid(3), whose numbers Linux makes from the pid).
func (p *process) cpu() (time.Duration, error) {
	const scheduled = 2 // CPUCLOCK_SCHED: user and system time, in nanoseconds
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^p.cmd.Process.Pid<<3|scheduled), &t); err != nil {
		return 0, fmt.Errorf("the processor time of %s: %w: %s", p.name, err, &p.output)
	}
	return time.Duration(t.Nano()), nil
}

// memory returns the program's memory now, in bytes (VmRSS).
func (p *process) memory() (uint64, error) {
	proc, err := procfs.NewProc(p.cmd.Process.Pid)
	if err != nil {
		return 0, err
	}
	status, err := proc.NewStatus()
	return status.VmRSS, err
}

// udpBound waits until a UDP socket on that port of this host exists.
func (p *process) udpBound(ctx context.Context, port int) error {
	return p.wait(ctx, fmt.Sprintf("listen on port %d", port), func() (bool, error) {
		fs, err := procfs.NewDefaultFS()
		if err != nil {
			return false, err
		}
		lines, err := fs.NetUDP()
		for _, line := range lines {
			if line.LocalPort == uint64(port) {
				return true, nil
			}
		}
		return false, err
	})
}

// wait asks until done says yes, for a minute at most.
func (p *process) wait(ctx context.Context, what string, done func() (bool, error)) error {
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

// freePort returns a UDP port of 127.0.0.1 that nobody uses now.
func freePort() (int, error) {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close() }()
	return conn.LocalAddr().(*net.UDPAddr).Port, nil
}
