package telnet

// Kind says what an [Event] is.
type Kind uint8

// The kinds of events.
const (
	Nothing        Kind = iota // at most a Reply
	Data                       // bytes for the device
	Break                      // IAC BRK: send a break on the line
	Sync                       // IAC DM: the end of urgent data
	ComPortOn                  // the peer agreed to COM-PORT; see [ComPort.Agree]
	ComPortOff                 // the peer withdrew its agreement; see [ComPort.Withdraw]
	ComPortRequest             // a command; see [ComPort.Answer]
	Suspend                    // FLOWCONTROL-SUSPEND: send the peer no more data
	Resume                     // FLOWCONTROL-RESUME: go on sending
)

// Event is one piece of what the peer sent. Its slices are valid until the
// next call of [Engine.Next].
type Event struct {
	Kind    Kind
	Data    []byte  // for the device, only with the kind Data
	Request Request // only with the kind ComPortRequest
	Reply   []byte  // to the peer, ready for the wire; with any kind but Data
}
