package telnet

import "encoding/binary"

// Command is a COM-PORT command of the client (RFC 2217, section 2 to 5). The
// answer has the same code plus 100.
type Command uint8

// The commands that the client sends.
const (
	Signature         Command = 0  // ask for, or tell, a text
	SetBaudRate       Command = 1  // 0 asks
	SetDataSize       Command = 2  // 5 to 8; 0 asks
	SetParity         Command = 3  // as [Parity]; 0 asks
	SetStopSize       Command = 4  // as [StopSize]; 0 asks
	SetControl        Command = 5  // flow control, break, DTR and RTS
	NotifyLineState   Command = 6  // asks
	NotifyModemState  Command = 7  // asks
	flowSuspend       Command = 8  // becomes the event Suspend
	flowResume        Command = 9  // becomes the event Resume
	SetLineStateMask  Command = 10 // which line state bits to notify of
	SetModemStateMask Command = 11 // which modem state bits to notify of
	PurgeData         Command = 12 // 1 received, 2 to be sent, 3 both
)

// serverCode is what an answer adds to the code of the command.
const serverCode = 100

// Request is a COM-PORT command with its value.
type Request struct {
	Command Command
	Value   uint32 // of the commands 1 to 5 and 10 to 12
	Cisco   bool   // of SetBaudRate: Value is a code of Cisco IOS and so is the answer
	Text    string // of Signature: the client's own, empty asks for ours
}

// decode returns the event of a COM-PORT sub-negotiation, without the option's
// own code. A command that is unknown, meant for a client or without its value
// is dropped; what follows a value is not looked at.
func decode(sub []byte) Event {
	request := Request{Command: Command(sub[0])}
	value := sub[1:]
	switch request.Command {
	case flowSuspend:
		return Event{Kind: Suspend}
	case flowResume:
		return Event{Kind: Resume}
	case Signature:
		request.Text = string(value)
	case NotifyLineState, NotifyModemState:
	case SetBaudRate:
		switch {
		case len(value) >= 4:
			request.Value = binary.BigEndian.Uint32(value)
		case len(value) == 1:
			request.Value, request.Cisco = uint32(value[0]), true
		default:
			return Event{}
		}
	case SetDataSize, SetParity, SetStopSize, SetControl, SetLineStateMask, SetModemStateMask, PurgeData:
		if len(value) == 0 {
			return Event{}
		}
		request.Value = uint32(value[0])
	default:
		return Event{}
	}
	return Event{Kind: ComPortRequest, Request: request}
}

// appendAnswer appends the answer to a command, or the notification with its
// code, to dst.
func appendAnswer(dst []byte, c Command, value ...byte) []byte {
	dst = append(dst, iac, sb, optComPort, serverCode+byte(c))
	dst = AppendData(dst, value)
	return append(dst, iac, se)
}

// ciscoRates are the baud rates by the code of Cisco IOS. 0: no such code.
var ciscoRates = [...]int{
	3: 300, 4: 600, 5: 1200, 6: 2400, 7: 4800, 8: 9600, 9: 14400, 10: 19200,
	11: 28800, 12: 38400, 13: 57600, 14: 115200, 15: 230400, 16: 460800,
}

// ciscoRate returns the rate of a code, 0 when there is none.
func ciscoRate(code uint32) int {
	if code >= uint32(len(ciscoRates)) {
		return 0
	}
	return ciscoRates[code]
}

// ciscoCode returns the code of a rate, 0 when there is none.
func ciscoCode(rate int) byte {
	for code, r := range ciscoRates {
		if r == rate && r != 0 {
			return byte(code)
		}
	}
	return 0
}
