package process

import (
	"fmt"
	"net"

	"golang.org/x/sys/unix"
)

// joinBridge raises a device and makes it a port of a bridge; that it is one
// already is no error.
func joinBridge(device, bridge string) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(fd) }()
	port, err := net.InterfaceByName(device)
	if err != nil {
		return fmt.Errorf("device %s: %w", device, err)
	}
	up, err := unix.NewIfreq(device)
	if err != nil {
		return fmt.Errorf("device %s: %w", device, err)
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFFLAGS, up); err != nil {
		return fmt.Errorf("device %s: %w", device, err)
	}
	up.SetUint16(up.Uint16() | unix.IFF_UP)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, up); err != nil {
		return fmt.Errorf("raise device %s: %w", device, err)
	}
	join, err := unix.NewIfreq(bridge)
	if err != nil {
		return fmt.Errorf("bridge %s: %w", bridge, err)
	}
	join.SetUint32(uint32(port.Index))
	if err := unix.IoctlIfreq(fd, unix.SIOCBRADDIF, join); err != nil && err != unix.EBUSY {
		return fmt.Errorf("add device %s to bridge %s: %w", device, bridge, err)
	}
	return nil
}
