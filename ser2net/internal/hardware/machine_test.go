//go:build linux && !ppc && !ppc64 && !ppc64le && !sparc64

// Package hardware_test runs the serial backends on the drivers of a real
// kernel: a 16550 UART, an FTDI adapter, and a CDC-ACM device whose other end
// is a gadget of the same kernel. The machine is emulated: make
// test-serial-hw boots a kernel in qemu with this test as its first process.
// Anywhere else the tests are skipped.
package hardware_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// The devices of the machine, see scripts/serial-hw, and what is attached to
// them. The wires between UARTs carry data only.
const (
	uart, uartPeer = "/dev/ttyS1", "/dev/ttyS2"
	ftdi, ftdiPeer = "/dev/ttyUSB0", "/dev/ttyS3"
	acm, acmPeer   = "/dev/ttyACM0", "/dev/ttyGS0"
)

const gadget = "/modules/gadget/g_serial.ko"

func TestMain(m *testing.M) {
	if os.Getpid() != 1 {
		os.Exit(m.Run())
	}
	code := 1
	if err := boot(); err != nil {
		fmt.Println("boot:", err)
	} else {
		code = m.Run()
	}
	fmt.Printf("SERIAL-HW RESULT %d\n", code)
	_ = unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF) // process 1 must not just end
}

// machine skips a test outside of the emulated machine.
func machine(t *testing.T) {
	if os.Getpid() != 1 {
		t.Skip("runs in an emulated machine only: make test-serial-hw")
	}
}

// boot does what the first process of a Linux system does.
func boot() error {
	for _, fs := range []struct{ kind, at string }{{"devtmpfs", "/dev"}, {"proc", "/proc"}, {"sysfs", "/sys"}} {
		if err := unix.Mount(fs.kind, fs.at, fs.kind, 0, ""); err != nil {
			return fmt.Errorf("mount %s: %w", fs.at, err)
		}
	}
	console, err := unix.Open("/dev/console", unix.O_RDWR, 0)
	if err != nil {
		return err
	}
	for fd := range 3 {
		if err := unix.Dup2(console, fd); err != nil {
			return err
		}
	}
	// Their names begin with the order in which they need one another.
	modules, err := filepath.Glob("/modules/*.ko")
	if err != nil {
		return err
	}
	slices.Sort(modules)
	for _, name := range modules {
		if err := load(name); err != nil {
			return err
		}
	}
	for _, device := range []string{uart, uartPeer, ftdi, ftdiPeer} {
		if !appears(device) {
			return fmt.Errorf("%s does not appear", device)
		}
	}
	return nil
}

func load(module string) error {
	f, err := os.Open(module)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := unix.FinitModule(int(f.Fd()), "", 0); err != nil {
		return fmt.Errorf("load %s: %w", module, err)
	}
	return nil
}

// appears waits for a device.
func appears(device string) bool {
	for range 1000 {
		if _, err := os.Stat(device); err == nil {
			return true
		}
		time.Sleep(10 * time.Millisecond)
	}
	return false
}

// unplugFTDI takes the adapter off its bus.
func unplugFTDI(t *testing.T) (plug func()) {
	links, err := filepath.Glob("/sys/bus/usb/drivers/ftdi_sio/*:*")
	require.NoError(t, err)
	require.Len(t, links, 1)
	device, _, _ := strings.Cut(filepath.Base(links[0]), ":")
	usb := func(file string) {
		require.NoError(t, os.WriteFile("/sys/bus/usb/drivers/usb/"+file, []byte(device), 0))
	}
	usb("unbind")
	return func() {
		usb("bind")
		require.True(t, appears(ftdi))
	}
}

// loadGadget plugs acm and acmPeer in, which are not there at first.
func loadGadget() error {
	if err := load(gadget); err != nil {
		return err
	}
	if !appears(acm) || !appears(acmPeer) {
		return errors.New("the gadget does not appear")
	}
	return nil
}

func unloadGadget() error { return unix.DeleteModule("g_serial", 0) }
