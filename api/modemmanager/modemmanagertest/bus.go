package modemmanagertest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Bus is a private D-Bus, on which anybody may do anything.
type Bus struct {
	folder string
	daemon *exec.Cmd // nil: stopped
}

const busConfig = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>unix:path=%s</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`

// StartBus starts a bus. The error wraps exec.ErrNotFound where there is no
// dbus-daemon.
func StartBus() (*Bus, error) {
	folder, err := os.MkdirTemp("", "bus") // short, as names of sockets are
	if err != nil {
		return nil, fmt.Errorf("modemmanagertest: %w", err)
	}
	b := &Bus{folder: folder}
	config := fmt.Sprintf(busConfig, filepath.Join(folder, "socket"))
	err = os.WriteFile(b.configFile(), []byte(config), 0o600)
	if err == nil {
		err = b.Start()
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	return b, nil
}

func (b *Bus) configFile() string { return filepath.Join(b.folder, "bus.conf") }

// Address is that of the bus, the same after another start.
func (b *Bus) Address() string { return "unix:path=" + filepath.Join(b.folder, "socket") }

// Start starts the bus again after Stop, and waits until it listens.
func (b *Bus) Start() error {
	daemon := exec.Command("dbus-daemon", "--nofork", "--nopidfile", "--print-address", "--config-file="+b.configFile())
	out, err := daemon.StdoutPipe()
	if err != nil {
		return fmt.Errorf("modemmanagertest: %w", err)
	}
	var words strings.Builder
	daemon.Stderr = &words
	if err := daemon.Start(); err != nil {
		return fmt.Errorf("modemmanagertest: %w", err)
	}
	if _, err := bufio.NewReader(io.LimitReader(out, 4096)).ReadString('\n'); err != nil {
		_ = daemon.Process.Kill()
		_ = daemon.Wait()
		return fmt.Errorf("modemmanagertest: dbus-daemon does not start: %w: %s", err, words.String())
	}
	b.daemon = daemon
	return nil
}

// Stop ends the bus: everybody's connections break.
func (b *Bus) Stop() {
	if b.daemon == nil {
		return
	}
	_ = b.daemon.Process.Kill()
	_ = b.daemon.Wait() // "signal: killed"
	b.daemon = nil
}

// Close ends the bus and takes its files away.
func (b *Bus) Close() error {
	b.Stop()
	return os.RemoveAll(b.folder)
}
