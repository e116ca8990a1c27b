package cconfig

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/ser2net"
)

// serial is what the settings of a device come to.
type serial struct {
	device    string
	mode      ser2net.Mode
	writeOnly bool
	ignored   []string // settings that are read but have no effect
}

// speed is SPEED[NEOMS][5678][12].
var speed = regexp.MustCompile(`^([0-9]+)(?:([NEOMSneoms])(?:([5-8])([12])?)?)?$`)

// set applies one setting of serialdev.
func (s *serial) set(o Option) (err error) {
	if o.Bare && speed.MatchString(o.Name) {
		o = Option{Name: "speed", Value: o.Name}
	}
	if o.Bare && s.setWord(strings.ToUpper(o.Name)) {
		return nil
	}
	if o.Bare {
		o = switched(o)
	}
	toggle := func(set func(on bool)) error {
		on, err := o.flag()
		if err == nil {
			set(on)
		}
		return err
	}
	flow := func(kind ser2net.FlowControl) error {
		return toggle(func(on bool) {
			switch {
			case on:
				s.mode.Flow = kind
			case s.mode.Flow == kind:
				s.mode.Flow = ser2net.FlowNone
			}
		})
	}
	switch o.Name {
	case "speed":
		return s.setSpeed(o.Value)
	case "local":
		return toggle(func(on bool) { s.mode.Carrier = !on })
	case "rtscts":
		return flow(ser2net.FlowRTSCTS)
	case "xonxoff":
		return flow(ser2net.FlowXonXoff)
	case "hangup-when-done":
		return toggle(func(on bool) { s.mode.HangUp = on })
	case "dtr":
		return toggle(func(on bool) { s.mode.DTR = &on })
	case "rts":
		return toggle(func(on bool) { s.mode.RTS = &on })
	case "wronly":
		return toggle(func(on bool) { s.writeOnly = on })
	case "rs485":
		s.mode.RS485, err = parseRS485(o.Value)
		return err
	case "nobreak":
		return toggle(func(bool) { s.ignore(o, "a break never outlasts the opening of the device") })
	case "custspeed":
		return toggle(func(on bool) {
			if !on {
				s.ignore(o, "any baud rate is allowed")
			}
		})
	case "nouucplock", "uucplock":
		return toggle(func(on bool) {
			if on == (o.Name == "uucplock") {
				s.ignore(o, "no UUCP lock files are written, the device is locked with flock")
			}
		})
	case "flock", "tiocexcl":
		return toggle(func(on bool) {
			if !on {
				s.ignore(o, "the device is always locked")
			}
		})
	case "drain_time", "char_drain_wait":
		s.ignore(o, "what was sent goes out for as long as the line takes it")
	case "readbuf":
		s.ignore(o, "buffers size themselves")
	default:
		return fmt.Errorf("%s is not supported", o.Name)
	}
	return nil
}

// setWord applies one of the words of 3.x, in capitals.
func (s *serial) setWord(word string) bool {
	switch word {
	case "NONE", "EVEN", "ODD", "MARK", "SPACE":
		s.mode.Parity = ser2net.Parity(strings.ToLower(word))
	case "1STOPBIT", "2STOPBITS":
		s.mode.StopBits = ser2net.StopBits(word[:1])
	case "5DATABITS", "6DATABITS", "7DATABITS", "8DATABITS":
		s.mode.DataBits = int(word[0] - '0')
	default:
		return false
	}
	return true
}

// switched returns a word of 3.x that switches something, such as -RTSCTS, as
// the setting that it stands for, and any other setting as it is.
func switched(o Option) Option {
	word, off := strings.CutPrefix(strings.ToUpper(o.Name), "-")
	switch word {
	case "XONXOFF", "RTSCTS", "LOCAL", "NOBREAK":
	case "HANGUP_WHEN_DONE":
		word = "HANGUP-WHEN-DONE"
	default:
		return o
	}
	return Option{Name: strings.ToLower(word), Value: strconv.FormatBool(!off)}
}

// isSerialWord tells whether a word of 3.x is about the line.
func isSerialWord(word string) bool {
	return speed.MatchString(word) || new(serial).setWord(strings.ToUpper(word)) || !switched(Option{Name: word, Bare: true}).Bare
}

func (s *serial) ignore(o Option, why string) {
	s.ignored = append(s.ignored, o.Name+" has no effect: "+why)
}

func (s *serial) setSpeed(text string) error {
	m := speed.FindStringSubmatch(text)
	if m == nil {
		return fmt.Errorf("%q is not a speed, want something like 9600n81", text)
	}
	baud, err := strconv.Atoi(m[1])
	if err != nil || baud < 1 || baud > ser2net.MaxBaud {
		return fmt.Errorf("the speed %s is out of range, allowed is 1 to %d", m[1], ser2net.MaxBaud)
	}
	s.mode.Baud = baud
	if m[2] != "" {
		s.mode.Parity = map[string]ser2net.Parity{
			"n": ser2net.ParityNone, "e": ser2net.ParityEven, "o": ser2net.ParityOdd,
			"m": ser2net.ParityMark, "s": ser2net.ParitySpace,
		}[strings.ToLower(m[2])]
	}
	if m[3] != "" {
		s.mode.DataBits = int(m[3][0] - '0')
	}
	if m[4] != "" {
		s.mode.StopBits = ser2net.StopBits(m[4])
	}
	return nil
}

// parseRS485 reads off or BEFORE:AFTER[:word...], the delays in ms.
func parseRS485(text string) (ser2net.RS485, error) {
	if text == "off" {
		return ser2net.RS485{}, nil
	}
	r := ser2net.RS485{Enabled: true}
	words := strings.Split(text, ":")
	if len(words) < 2 {
		return r, fmt.Errorf("rs485=%s is not of the form BEFORE:AFTER[:...], such as 1:2:rts_on_send", text)
	}
	for i, to := range []*ser2net.Duration{&r.DelayBefore, &r.DelayAfter} {
		ms, err := number(words[i], 0, int(ser2net.MaxRS485Delay/time.Millisecond))
		if err != nil {
			return r, fmt.Errorf("rs485: the delay %w (milliseconds)", err)
		}
		*to = ser2net.Duration(time.Duration(ms) * time.Millisecond)
	}
	onSend := false
	for _, word := range words[2:] {
		switch word {
		case "rts_on_send":
			onSend = true
		case "rts_after_send":
			r.RTSAfterSend = true
		case "rx_during_tx":
			r.RxDuringTx = true
		case "terminate_bus":
			r.TerminateBus = true
		default:
			return r, fmt.Errorf("rs485: unknown word %q", word)
		}
	}
	if onSend && r.RTSAfterSend {
		return r, errors.New("rs485: rts_on_send and rts_after_send exclude each other")
	}
	return r, nil
}

// characterTime is how long a character takes on the line.
func characterTime(m ser2net.Mode) time.Duration {
	m = m.Normal()
	halfBits := 2 + 2*m.DataBits // the start bit and the data
	if m.Parity != ser2net.ParityNone {
		halfBits += 2
	}
	switch m.StopBits {
	case ser2net.StopBits1:
		halfBits += 2
	case ser2net.StopBits15:
		halfBits += 3
	default:
		halfBits += 4
	}
	return time.Duration(halfBits) * time.Second / time.Duration(2*m.Baud)
}
