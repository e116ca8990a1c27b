package ser2net

import "github.com/fieldgate/fieldgate/internal/config"

// Parity is the kind of the parity bit.
type Parity string

// The parities.
const (
	ParityNone  Parity = "none"
	ParityOdd   Parity = "odd"
	ParityEven  Parity = "even"
	ParityMark  Parity = "mark"  // always 1
	ParitySpace Parity = "space" // always 0
)

// UnmarshalText reads one of the words above, or nothing for none.
func (p *Parity) UnmarshalText(text []byte) error {
	return readWord(p, text, ParityNone, ParityOdd, ParityEven, ParityMark, ParitySpace)
}

// StopBits is the length of the pause after a character, in bits.
type StopBits string

// The lengths. With 5 data bits UARTs send 1.5 where 2 is asked for.
const (
	StopBits1  StopBits = "1"
	StopBits15 StopBits = "1.5" // with 5 data bits only
	StopBits2  StopBits = "2"
)

// UnmarshalText reads one of the numbers above, or nothing for 1.
func (s *StopBits) UnmarshalText(text []byte) error {
	return readWord(s, text, StopBits1, StopBits15, StopBits2)
}

// FlowControl says how either side of the line stops the other.
type FlowControl string

// The flow controls.
const (
	FlowNone    FlowControl = "none"
	FlowRTSCTS  FlowControl = "rtscts"  // by the lines RTS and CTS
	FlowXonXoff FlowControl = "xonxoff" // by the bytes 11 and 13 hex, which then are no data
)

// UnmarshalText reads one of the words above, or nothing for none.
func (f *FlowControl) UnmarshalText(text []byte) error {
	return readWord(f, text, FlowNone, FlowRTSCTS, FlowXonXoff)
}

// readWord sets to to the allowed word that text is; no text is no word.
func readWord[T ~string](to *T, text []byte, allowed ...T) (err error) {
	if len(text) == 0 {
		*to = ""
		return nil
	}
	word, err := config.ParseEnum(text, allowed...)
	if err == nil {
		*to = word
	}
	return err
}
