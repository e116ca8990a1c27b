//go:build linux && !ppc && !ppc64 && !ppc64le && !sparc64

package termio

import (
	"golang.org/x/sys/unix"

	"github.com/fieldgate/fieldgate/ser2net"
)

// The bytes of XON/XOFF flow control.
const (
	xon  = 0x11
	xoff = 0x13
)

// encode returns the terminal settings for a mode: raw, as C ser2net sets
// them. A break adds no byte (IGNBRK); a character with a parity error is
// passed on as it came (no INPCK).
func encode(m ser2net.Mode) unix.Termios {
	m = m.Normal()
	t := unix.Termios{Iflag: unix.IGNBRK, Cflag: unix.CREAD}
	t.Cc[unix.VMIN] = 1
	t.Cc[unix.VSTART] = xon
	t.Cc[unix.VSTOP] = xoff

	t.Cflag |= rateBits(m.Baud)
	t.Ispeed, t.Ospeed = uint32(m.Baud), uint32(m.Baud)

	switch m.DataBits {
	case 5:
		t.Cflag |= unix.CS5
	case 6:
		t.Cflag |= unix.CS6
	case 7:
		t.Cflag |= unix.CS7
	default:
		t.Cflag |= unix.CS8
	}
	switch m.Parity {
	case ser2net.ParityOdd:
		t.Cflag |= unix.PARENB | unix.PARODD
	case ser2net.ParityEven:
		t.Cflag |= unix.PARENB
	case ser2net.ParityMark:
		t.Cflag |= unix.PARENB | unix.CMSPAR | unix.PARODD
	case ser2net.ParitySpace:
		t.Cflag |= unix.PARENB | unix.CMSPAR
	}
	if m.StopBits != ser2net.StopBits1 {
		t.Cflag |= unix.CSTOPB
	}
	switch m.Flow {
	case ser2net.FlowRTSCTS:
		t.Cflag |= unix.CRTSCTS
	case ser2net.FlowXonXoff:
		t.Iflag |= unix.IXON | unix.IXOFF
	}
	if !m.Carrier {
		t.Cflag |= unix.CLOCAL
	}
	if m.HangUp {
		t.Cflag |= unix.HUPCL
	}
	return t
}

// decode returns the mode that the terminal settings stand for.
func decode(t *unix.Termios) ser2net.Mode {
	m := ser2net.Mode{
		Baud:     int(t.Ospeed),
		DataBits: 8,
		Carrier:  t.Cflag&unix.CLOCAL == 0,
		HangUp:   t.Cflag&unix.HUPCL != 0,
	}
	switch t.Cflag & unix.CSIZE {
	case unix.CS5:
		m.DataBits = 5
	case unix.CS6:
		m.DataBits = 6
	case unix.CS7:
		m.DataBits = 7
	}
	switch t.Cflag & (unix.PARENB | unix.CMSPAR | unix.PARODD) {
	case unix.PARENB | unix.PARODD:
		m.Parity = ser2net.ParityOdd
	case unix.PARENB:
		m.Parity = ser2net.ParityEven
	case unix.PARENB | unix.CMSPAR | unix.PARODD:
		m.Parity = ser2net.ParityMark
	case unix.PARENB | unix.CMSPAR:
		m.Parity = ser2net.ParitySpace
	}
	switch {
	case t.Cflag&unix.CSTOPB != 0 && m.DataBits == 5:
		m.StopBits = ser2net.StopBits15
	case t.Cflag&unix.CSTOPB != 0:
		m.StopBits = ser2net.StopBits2
	}
	switch {
	case t.Cflag&unix.CRTSCTS != 0:
		m.Flow = ser2net.FlowRTSCTS
	case t.Iflag&unix.IXON != 0:
		m.Flow = ser2net.FlowXonXoff
	}
	return m.Normal()
}

// Mode reads the mode back from the driver.
func (d *Device) Mode() (ser2net.Mode, error) {
	var t unix.Termios
	if err := d.ioctl(unix.TCGETS2, pointer(&t)); err != nil {
		return ser2net.Mode{}, err
	}
	m := decode(&t)
	var err error
	m.RS485, err = d.rs485()
	return m, err
}

// SetMode sets everything in m but DTR and RTS. The driver may ignore it in
// part, see Mode.
func (d *Device) SetMode(m ser2net.Mode) error {
	if err := d.setRS485(m.RS485); err != nil {
		return err
	}
	t := encode(m)
	var err error
	d.data.Alone(func() { err = d.ioctl(unix.TCSETS2, pointer(&t)) })
	return err
}
