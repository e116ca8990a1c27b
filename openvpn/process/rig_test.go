package process_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/openvpn/process"
)

// patience is for real processes on a loaded machine.
const patience = 30 * time.Second

// folder returns a folder with a short name, for sockets.
func folder(t *testing.T) string {
	dir, err := os.MkdirTemp("", "fg")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return filepath.Join(dir, "openvpn")
}

// program returns the fake openvpn. The race detector waits a second at each
// exit, unless it is told not to.
func program(t *testing.T) string {
	self, err := os.Executable()
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "openvpn")
	text := "#!/bin/sh\nGORACE=atexit_sleep_ms=0 exec " + self + " \"$@\"\n"
	require.NoError(t, os.WriteFile(path, []byte(text), 0o700))
	return path
}

// fake returns a runner of the fake openvpn.
func fake(t *testing.T, o process.Options) *process.Runner {
	o.Program = program(t)
	if o.Folder == "" {
		o.Folder = folder(t)
	}
	r, err := process.New(o)
	require.NoError(t, err)
	return r
}

// start starts an instance and sees to its end.
func start(t *testing.T, r *process.Runner, l openvpn.Launch) openvpn.Process {
	p, err := r.Start(t.Context(), l)
	require.NoError(t, err)
	t.Cleanup(func() { end(t, p) })
	return p
}

// end kills a process and reads what it says until then.
func end(t *testing.T, p openvpn.Process) {
	require.NoError(t, p.Kill())
	for range p.Events() { //nolint:revive // the end of the channel is what counts
	}
}

// next returns the next event of a type for which ok says yes; others are
// passed over.
func next[E openvpn.Event](t *testing.T, p openvpn.Process, ok func(E) bool) E {
	t.Helper()
	var seen []string
	timeout := time.After(patience)
	for {
		select {
		case e, open := <-p.Events():
			if got, is := e.(E); is && ok(got) {
				return got
			}
			seen = append(seen, fmt.Sprintf("%T%v", e, e))
			require.True(t, open, "the events ended: %v", seen)
		case <-timeout:
			var want E
			require.Fail(t, "no such event", "%T; there were %q", want, seen)
		}
	}
}

func anyOf[E openvpn.Event](E) bool { return true }

// state waits for a state.
func state(t *testing.T, p openvpn.Process, name string) openvpn.StateChanged {
	t.Helper()
	return next(t, p, func(s openvpn.StateChanged) bool { return s.Name == name })
}

// states returns the names of all states until one.
func states(t *testing.T, p openvpn.Process, last string) (names []string) {
	t.Helper()
	next(t, p, func(s openvpn.StateChanged) bool {
		names = append(names, s.Name)
		return s.Name == last
	})
	return names
}

// gatewayWord is what the test binary is called with to be a gateway that can
// be killed. Its arguments are the program, the folder, and a Launch.
const gatewayWord = "gateway"

// gateway starts an instance, says "starts" before and "connected" when it is,
// and stays.
func gateway(args []string) int {
	err := func() error {
		r, err := process.New(process.Options{Program: args[0], Folder: args[1]})
		if err != nil {
			return err
		}
		var l openvpn.Launch
		if err := json.Unmarshal([]byte(args[2]), &l); err != nil {
			return err
		}
		fmt.Println("starts")
		p, err := r.Start(context.Background(), l)
		if err != nil {
			return err
		}
		for e := range p.Events() {
			if s, ok := e.(openvpn.StateChanged); ok && s.Name == "CONNECTED" {
				fmt.Println("connected", p.PID())
			}
		}
		return nil
	}()
	if err != nil {
		fmt.Println("gateway:", err)
		return 1
	}
	return 0
}
