package firmware_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api/firmware"
)

// helperWord makes the test binary a program with a provider of its own,
// which the tests kill.
const helperWord = "fieldgate-firmware-helper"

// helper receives the image on its standard input with the configuration in
// a file, says so, and applies it when told to.
func helper(configFile, then string) int {
	text, err := os.ReadFile(configFile)
	if err == nil {
		var c firmware.Config
		if err = json.Unmarshal(text, &c); err == nil {
			err = receiveAs(c, then)
		}
	}
	if err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

func receiveAs(c firmware.Config, then string) error {
	u, err := firmware.New(c, firmware.Options{RunningVersion: running})
	if err != nil {
		return err
	}
	apply, err := u.Receive(context.Background(), os.Stdin)
	if err != nil {
		return err
	}
	fmt.Println("received")
	if then == "apply" {
		return apply()
	}
	time.Sleep(time.Hour) // until it is killed
	return nil
}

// program starts the helper on the configuration of d.
func (d device) program(t *testing.T, then string) (cmd *exec.Cmd, stdin io.WriteCloser, stdout *bufio.Reader) {
	text, err := json.Marshal(d.config)
	require.NoError(t, err)
	path := filepath.Join(d.dir, "config.json")
	require.NoError(t, os.WriteFile(path, text, 0o600))
	self, err := os.Executable()
	require.NoError(t, err)
	cmd = exec.Command(self, helperWord, path, then)
	stdin, err = cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd, stdin, bufio.NewReader(out)
}

// A program that dies at any moment of the upload leaves the device as it
// was, and the next one clears up and receives.
func TestKilledWhileReceiving(t *testing.T) {
	v := newVendor(t)
	image := randomImage(t, 300_000)
	good := v.good(t, image)
	for _, n := range []int{0, 600, 1100, 5_000, 150_000, len(good) - 1024, len(good) - 1, len(good)} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			d := newDevice(t, v, nil)
			cmd, stdin, stdout := d.program(t, "wait")
			_, err := stdin.Write(good[:n])
			require.NoError(t, err)
			if n == len(good) {
				require.NoError(t, stdin.Close())
				line, err := stdout.ReadString('\n')
				require.NoError(t, err)
				require.Equal(t, "received\n", line)
			} else if n > 5_000 { // let it get into the middle of the image
				require.Eventually(t, func() bool { return len(d.left(t)) > 0 }, 20*time.Second, time.Millisecond)
			}
			require.NoError(t, cmd.Process.Signal(syscall.SIGKILL))
			_ = cmd.Wait() // tells of the signal

			assert.Empty(t, d.read(t, "applied"))
			for _, name := range d.left(t) {
				if name == "firmware.img" { // stands there whole or not at all
					got, err := os.ReadFile(filepath.Join(d.folder, name))
					require.NoError(t, err)
					assert.Equal(t, image, got)
				}
			}
			require.NoError(t, d.Clean())
			assert.Empty(t, d.left(t))
			_, err = d.Receive(t.Context(), bytes.NewReader(good))
			require.NoError(t, err)
		})
	}
}

// The apply command goes on when the program that started it dies, also with
// what it prints; another program does not take its image away.
func TestApplyOutlivesTheProgram(t *testing.T) {
	v := newVendor(t)
	image := randomImage(t, 10_000)
	d := newDevice(t, v, nil)
	d.script(t, "apply", `echo begun; touch `+d.dir+`/begun
until test -e `+d.dir+`/goon; do sleep 0.02; done
echo still here && cat "$2" >`+d.dir+`/flash && mv `+d.dir+`/flash `+d.dir+`/flashed`)
	cmd, stdin, _ := d.program(t, "apply")
	_, err := stdin.Write(v.good(t, image))
	require.NoError(t, err)
	require.NoError(t, stdin.Close())
	begun := func(name string) func() bool {
		return func() bool { _, err := os.Stat(filepath.Join(d.dir, name)); return err == nil }
	}
	require.Eventually(t, begun("begun"), 20*time.Second, 5*time.Millisecond)
	require.NoError(t, syscall.Kill(cmd.Process.Pid, syscall.SIGKILL))
	_ = cmd.Wait() // tells of the signal

	require.Error(t, d.Clean(), "the image is in use")
	require.NoError(t, os.WriteFile(filepath.Join(d.dir, "goon"), nil, 0o600))
	require.Eventually(t, begun("flashed"), 20*time.Second, 5*time.Millisecond)
	assert.Equal(t, string(image), d.read(t, "flashed"))
	assert.Equal(t, "begun\nstill here\n", d.read(t, "firmware/apply.log"))
	require.Eventually(t, func() bool { return d.Clean() == nil }, 20*time.Second, 5*time.Millisecond)
}
