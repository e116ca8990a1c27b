package process

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// identity is a process for all time: the kernel gives a pid again, but not
// with the same start.
type identity struct {
	PID   int    `json:"pid"`
	Start uint64 `json:"start"` // in clock ticks since Boot
	Boot  string `json:"boot"`  // the kernel's name for its own start
}

// identify returns the identity of a process that runs.
func identify(pid int) (identity, error) {
	boot, err := bootID()
	if err != nil {
		return identity{}, err
	}
	_, start, err := stat(pid)
	return identity{pid, start, boot}, err
}

func bootID() (string, error) {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(text)), err
}

// stat returns the state and the start of a process (proc(5)).
func stat(pid int) (state byte, start uint64, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0, err
	}
	return parseStat(text)
}

func parseStat(text []byte) (state byte, start uint64, err error) {
	// The name of the program may hold blanks and brackets.
	f := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(f) < 20 || len(f[0]) != 1 {
		return 0, 0, errors.New("/proc/PID/stat is not as proc(5) says")
	}
	start, err = strconv.ParseUint(string(f[19]), 10, 64)
	return f[0][0], start, err
}

// alive reports whether the process runs, stopped or not.
func (id identity) alive() bool {
	state, start, err := stat(id.PID)
	if err != nil || start != id.Start || state == 'Z' || state == 'X' {
		return false
	}
	boot, err := bootID()
	return err == nil && boot == id.Boot
}

// reap reports whether the process has ended. Of a child of ours, status says
// how; it is reaped.
func (id identity) reap() (ended bool, status string) {
	var ws syscall.WaitStatus
	pid, err := syscall.Wait4(id.PID, &ws, syscall.WNOHANG, nil)
	if err == nil && pid == id.PID {
		return true, describe(ws)
	}
	if err == nil { // a child that runs
		return false, ""
	}
	return !id.alive(), "not known: an earlier life of this program started it"
}

func describe(ws syscall.WaitStatus) string {
	if ws.Signaled() {
		return "signal: " + ws.Signal().String()
	}
	return fmt.Sprintf("exit status %d", ws.ExitStatus())
}

// signal sends a signal to this very process.
func (id identity) signal(s syscall.Signal) error {
	p, err := os.FindProcess(id.PID) // holds on to the process where the kernel can (pidfd)
	if err != nil {
		return err
	}
	defer func() { _ = p.Release() }()
	if !id.alive() {
		return os.ErrProcessDone
	}
	return p.Signal(s)
}

// end ends the process, the hard way if it takes longer than patience.
func (id identity) end(patience time.Duration) {
	_ = id.signal(syscall.SIGTERM) // it may have ended by itself
	if id.await(patience) {
		return
	}
	_ = id.signal(syscall.SIGKILL)
	id.await(patience)
}

// await waits for the end.
func (id identity) await(patience time.Duration) (ended bool) {
	const step = 5 * time.Millisecond
	for begin := time.Now(); time.Since(begin) < patience; time.Sleep(step) {
		if ended, _ := id.reap(); ended {
			return true
		}
	}
	return false
}

// managed returns the processes whose arguments name a management socket in
// the folder, by the name of the instance.
func managed(folder string) (map[string][]identity, error) {
	all := map[string][]identity{}
	deadline := time.Now().Add(50 * time.Millisecond)
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		args, err := arguments(filepath.Join("/proc", e.Name()), deadline)
		if err != nil {
			continue // it has ended
		}
		name, ok := instanceOf(strings.Split(string(args), "\x00"), folder)
		if !ok {
			continue
		}
		if id, err := identify(pid); err == nil {
			all[name] = append(all[name], id)
		}
	}
	return all, nil
}

// arguments returns those of a process. One that is about to run another
// program has none for a moment, in which it has let go of all locks already;
// what has none for good does not matter beyond the deadline.
func arguments(path string, deadline time.Time) ([]byte, error) {
	for {
		args, err := os.ReadFile(filepath.Join(path, "cmdline"))
		if err != nil || len(args) > 0 || time.Now().After(deadline) {
			return args, err
		}
		if _, err := os.Readlink(filepath.Join(path, "exe")); err != nil {
			return nil, err // the kernel's, or it has ended
		}
		time.Sleep(time.Millisecond)
	}
}

// instanceOf returns the instance to which a process with these arguments
// belongs.
func instanceOf(args []string, folder string) (string, bool) {
	for i, a := range args[:len(args)-1] {
		if a != "--management" {
			continue
		}
		rest, inFolder := strings.CutPrefix(args[i+1], folder+"/")
		name, isSocket := strings.CutSuffix(rest, "/"+socketName)
		return name, inFolder && isSocket && checkName(name) == nil
	}
	return "", false
}
