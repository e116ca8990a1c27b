// Package tty opens the serial devices of a Linux host: UARTs, USB adapters,
// and pseudo terminals.
//
//	var devices tty.Opener
//	port, err := devices.Open(ctx, "/dev/ttyS0", ser2net.DefaultMode())
//
// A device is driven without blocking, on Go's poller: a port costs no
// thread, and Close ends a Read or a Write at once. It is set raw; a break
// adds no byte to the input, and a character with a framing or parity error
// is passed on as it came. Both are counted where the driver counts.
//
// # Exclusive use
//
// A device has one user. The Opener knows its own devices by their numbers,
// so another name (/dev/serial/by-id/...) is the same device; flock keeps
// other programs away that use it too, such as C ser2net and picocom; TIOCEXCL
// keeps away every other program but those of root.
//
// # The pulse at open
//
// The kernel raises DTR and RTS while it opens a device, before any program
// can speak. A Mode with DTR or RTS set to false drops them at once
// afterwards: a board that resets on DTR still sees a short pulse. A Mode
// without HangUp leaves the lines alone when the port is closed.
//
// # Drivers that hang
//
// Open returns with its context even when the driver does not, and the device
// counts as busy until the driver has come back. Close waits a second at
// most, then leaves the rest to a goroutine. Close drops output that the line
// does not take; where the driver cannot drop (cdc-acm of Linux 6.1), it sets
// closing_wait of the device to none, for good, so that the kernel does not
// hold the device for 30 s. Only root may.
//
// # Faults of drivers that show
//
// A break received by cdc-acm is a byte 0 as well, in spite of IGNBRK. An FTDI
// adapter takes 5 data bits for 8 without saying so. Drivers of USB adapters
// leave XON/XOFF to the adapter, and know of no break that the adapter does
// not offer: SetBreak is then errors.ErrUnsupported.
//
// On systems other than Linux every Open fails; see bugst.
package tty
