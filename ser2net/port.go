package ser2net

import "context"

// Opener opens serial devices. The Linux backend is in tty, the portable one
// in bugst, the fake in ser2nettest; ser2nettest/suite proves a further one.
type Opener interface {
	// Open opens the device in the mode m, for this user alone. It is safe
	// for concurrent use, and returns when ctx ends even if the driver hangs;
	// what the driver gives too late is then closed. Its errors are or wrap
	//   - [ErrPortBusy] when anybody holds the device, also through another
	//     name of it,
	//   - fs.ErrNotExist when there is no such device,
	//   - errors.ErrUnsupported when the backend or the driver has no means
	//     for a field of m, such as RS485,
	//   - a [ConfigError] when m has faults,
	//   - the error of ctx.
	// A rate that the driver does not make is no error: see [Port.SetMode].
	Open(ctx context.Context, device string, m Mode) (Port, error)
}

// Port is an open serial device. Its methods are safe for concurrent use;
// all but Close return os.ErrClosed after Close, and [ErrHangup] when the
// device has gone.
//
// What a device may lack is found by a type assertion to [LinePort],
// [BreakPort], [DrainPort], [FlushPort] or [CountPort].
type Port interface {
	// Read waits for at least one byte. The line has no end: Read never
	// returns io.EOF, and 0 bytes only with an error. Bytes received with a
	// framing or parity error are passed on as they came; a break is counted
	// but adds no byte.
	Read(p []byte) (int, error)
	// Write sends all of p or returns an error with the count of the bytes
	// that the driver took. It waits while flow control stops the line; Close
	// ends it.
	Write(p []byte) (int, error)
	// Close gives the device free without waiting for output: what the
	// hardware has not taken is dropped, see [DrainPort]. It ends Read, Write,
	// Drain and WaitLines. A second Close returns os.ErrClosed.
	Close() error
	// Mode reads back what the driver does, in the form of [Mode.Normal] and
	// without DTR and RTS: those are in [LinePort].
	Mode() (Mode, error)
	// SetMode changes the mode; DTR and RTS are left alone when nil. What the
	// driver refuses, such as a rate, is no error and changes nothing:
	// compare with Mode. Errors are those of [Opener] for a mode.
	SetMode(m Mode) error
}

// Lines are the modem lines. DTR and RTS are outputs, the others inputs.
type Lines struct {
	DTR bool `json:"dtr"` // data terminal ready
	RTS bool `json:"rts"` // request to send
	CTS bool `json:"cts"` // clear to send
	DSR bool `json:"dsr"` // data set ready
	RI  bool `json:"ri"`  // ring indicator
	DCD bool `json:"dcd"` // data carrier detect
}

// LinePort is a [Port] that may have modem lines. On a device without them
// all methods return [ErrNoLines].
type LinePort interface {
	Lines() (Lines, error)
	// SetLines sets the outputs that are not nil.
	SetLines(dtr, rts *bool) error
	// WaitLines waits until the lines differ from since and returns them. It
	// ends with ctx, Close and hang-up. A pulse shorter than the poll
	// interval of the backend may pass unseen.
	WaitLines(ctx context.Context, since Lines) (Lines, error)
}

// BreakPort is a [Port] that can send a break.
type BreakPort interface {
	// SetBreak holds the line in the break condition until it is set to
	// false. Output that waits is sent before as long as the line takes it,
	// and dropped when the line does not; a driver that cannot drop it gives
	// an error. So does hardware without breaks: errors.ErrUnsupported.
	SetBreak(on bool) error
}

// DrainPort is a [Port] that can wait for its output.
type DrainPort interface {
	// Drain waits until all that was written has been sent. It ends with ctx
	// and with Close, and with an error when the line has taken nothing for
	// half a second and the time of 512 characters.
	Drain(ctx context.Context) error
}

// FlushPort is a [Port] whose buffers can be emptied.
type FlushPort interface {
	// FlushInput drops what has been received and not read.
	FlushInput() error
	// FlushOutput drops what has been written and not sent.
	FlushOutput() error
}

// Counters count what the driver saw since the port was opened.
type Counters struct {
	Rx         uint64 `json:"rx"`          // bytes received
	Tx         uint64 `json:"tx"`          // bytes sent
	Frame      uint64 `json:"frame"`       // characters without their stop bit
	Overrun    uint64 `json:"overrun"`     // characters lost in the hardware
	Parity     uint64 `json:"parity"`      // characters with a wrong parity bit
	Break      uint64 `json:"break"`       // breaks received
	BufOverrun uint64 `json:"buf_overrun"` // characters lost in the driver's buffer
}

// CountPort is a [Port] whose driver may count. Where it does not, Counters
// returns an error that wraps errors.ErrUnsupported.
type CountPort interface {
	Counters() (Counters, error)
}
