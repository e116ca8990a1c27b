package ser2net

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/internal/config"
)

// Limits of [Mode].
const (
	MaxBaud       = 20_000_000             // the fastest USB adapters do 12 Mbaud
	MaxRS485Delay = 100 * time.Millisecond // what Linux cuts longer delays to
)

// Duration is a length of time, written as "60s", "5ms" or bare seconds.
type Duration = config.Duration

// Mode is how a serial line is driven. A zero field means its default, see
// [Mode.Normal].
type Mode struct {
	// Baud is the rate in bits per second, 1 to 20,000,000, any number that
	// the hardware can make. Default and zero: 9600.
	Baud int `yaml:"baud,omitempty" json:"baud,omitzero"`
	// DataBits is the size of a character, 5 to 8. Default and zero: 8.
	DataBits int `yaml:"data_bits,omitempty" json:"data_bits,omitzero"`
	// Parity is the kind of the parity bit. Default and zero: none.
	Parity Parity `yaml:"parity,omitempty" json:"parity,omitzero"`
	// StopBits is the length of the pause after a character, in bits.
	// Default and zero: 1.
	StopBits StopBits `yaml:"stop_bits,omitempty" json:"stop_bits,omitzero"`
	// Flow says how either side stops the other. Default and zero: none.
	Flow FlowControl `yaml:"flow,omitempty" json:"flow,omitzero"`
	// Carrier hangs the port up when the peer drops the modem line DCD, as C
	// ser2net does without its option local. Default and zero: off, as cables
	// without that line need it.
	Carrier bool `yaml:"carrier,omitempty" json:"carrier,omitzero"`
	// RS485 lets the driver switch the transmitter. Default and zero: off.
	RS485 RS485 `yaml:"rs485,omitempty" json:"rs485,omitzero"`
	// DTR and RTS are the levels of these lines, set at once after the device
	// has been opened. The kernel raises both while it opens a device, so a
	// level of false shows a short pulse. Default and nil: as the driver
	// raises them. A device without the lines ignores both.
	DTR *bool `yaml:"dtr,omitempty" json:"dtr,omitzero"`
	RTS *bool `yaml:"rts,omitempty" json:"rts,omitzero"`
	// HangUp drops DTR and RTS when the port is closed (HUPCL). Default and
	// zero: off, which spares boards that reset on DTR.
	HangUp bool `yaml:"hang_up,omitempty" json:"hang_up,omitzero"`
}

// RS485 is the switching of a half-duplex transmitter by the driver, see
// struct serial_rs485 of Linux.
type RS485 struct {
	// Enabled switches it on. Default and zero: off.
	Enabled bool `yaml:"enabled" json:"enabled"`
	// DelayBefore is the time from switching the transmitter on to the first
	// bit, in whole milliseconds up to 100 ms. Default and zero: none.
	DelayBefore Duration `yaml:"delay_before,omitempty" json:"delay_before,omitzero"`
	// DelayAfter is the time from the last bit to switching the transmitter
	// off, in whole milliseconds up to 100 ms. Default and zero: none.
	DelayAfter Duration `yaml:"delay_after,omitempty" json:"delay_after,omitzero"`
	// RTSAfterSend is the level of RTS while the transmitter is off; it has
	// the other level while sending. Default and zero: low, high to send.
	RTSAfterSend bool `yaml:"rts_after_send,omitempty" json:"rts_after_send,omitzero"`
	// RxDuringTx receives what is sent as well. Default and zero: off.
	RxDuringTx bool `yaml:"rx_during_tx,omitempty" json:"rx_during_tx,omitzero"`
	// TerminateBus switches a termination resistor on, where the board has
	// one. Default and zero: off.
	TerminateBus bool `yaml:"terminate_bus,omitempty" json:"terminate_bus,omitzero"`
}

// DefaultMode is 9600 baud, 8 data bits, no parity, 1 stop bit, no flow
// control, without regard to DCD.
func DefaultMode() Mode {
	return Mode{}.Normal()
}

// Normal returns m with the default in place of each zero field, and without
// the settings of an RS485 that is off. It is the form in which a [Port]
// reports its mode.
func (m Mode) Normal() Mode {
	m.Baud = cmp.Or(m.Baud, 9600)
	m.DataBits = cmp.Or(m.DataBits, 8)
	m.Parity = cmp.Or(m.Parity, ParityNone)
	m.StopBits = cmp.Or(m.StopBits, StopBits1)
	m.Flow = cmp.Or(m.Flow, FlowNone)
	if !m.RS485.Enabled {
		m.RS485 = RS485{}
	}
	return m
}

// String returns the mode as C ser2net writes it, such as
// "9600n81,local,rtscts".
func (m Mode) String() string {
	m = m.Normal()
	var b strings.Builder
	fmt.Fprintf(&b, "%d%.1s%d%s", m.Baud, string(m.Parity), m.DataBits, m.StopBits)
	option := func(on bool, text string) {
		if on {
			b.WriteString("," + text)
		}
	}
	option(!m.Carrier, "local")
	option(m.Flow != FlowNone, string(m.Flow))
	option(m.HangUp, "hangup-when-done")
	for _, line := range []struct {
		name  string
		level *bool
	}{{"dtr", m.DTR}, {"rts", m.RTS}} {
		if line.level != nil {
			option(*line.level, line.name+"=on")
			option(!*line.level, line.name+"=off")
		}
	}
	option(m.RS485.Enabled, "rs485="+m.RS485.String())
	return b.String()
}

// String returns the options as C ser2net writes them, such as
// "1:2:rts_on_send" with the delays in milliseconds.
func (r RS485) String() string {
	s := strconv.FormatInt(r.DelayBefore.Std().Milliseconds(), 10) + ":" +
		strconv.FormatInt(r.DelayAfter.Std().Milliseconds(), 10)
	if r.RTSAfterSend {
		s += ":rts_after_send"
	} else {
		s += ":rts_on_send"
	}
	if r.RxDuringTx {
		s += ":rx_during_tx"
	}
	if r.TerminateBus {
		s += ":terminate_bus"
	}
	return s
}

// Validate returns every fault of the mode as a [ConfigError], nil when there
// is none. Whether the hardware can do it shows only in [Port.Mode].
func (m Mode) Validate() error {
	var faults config.Errors
	m.faults("", &faults)
	return faults.Err()
}

// faults adds the faults of the mode at path.
func (m Mode) faults(path string, faults *config.Errors) {
	at := func(field string) string {
		if path == "" {
			return field
		}
		return path + "." + field
	}
	delays := m.RS485 // also while it is off
	m = m.Normal()
	if m.Baud < 1 || m.Baud > MaxBaud {
		faults.Addf(at("baud"), "%d is out of range, allowed is 1 to %d", m.Baud, MaxBaud)
	}
	if m.DataBits < 5 || m.DataBits > 8 {
		faults.Addf(at("data_bits"), "%d is out of range, allowed is 5 to 8", m.DataBits)
	}
	if err := new(Parity).UnmarshalText([]byte(m.Parity)); err != nil {
		faults.Addf(at("parity"), "%v", err)
	}
	if err := new(StopBits).UnmarshalText([]byte(m.StopBits)); err != nil {
		faults.Addf(at("stop_bits"), "%v", err)
	} else if m.StopBits == StopBits15 && m.DataBits != 5 {
		faults.Addf(at("stop_bits"), "1.5 goes with 5 data bits only, not with %d", m.DataBits)
	}
	if err := new(FlowControl).UnmarshalText([]byte(m.Flow)); err != nil {
		faults.Addf(at("flow"), "%v", err)
	}
	for _, d := range []struct {
		name  string
		delay time.Duration
	}{{"rs485.delay_before", delays.DelayBefore.Std()}, {"rs485.delay_after", delays.DelayAfter.Std()}} {
		if d.delay < 0 || d.delay > MaxRS485Delay || d.delay%time.Millisecond != 0 {
			faults.Addf(at(d.name), "%v is not allowed, want whole milliseconds from 0 to %v", d.delay, MaxRS485Delay)
		}
	}
	if m.RS485.Enabled && m.Flow == FlowRTSCTS {
		faults.Addf(at("rs485"), "cannot go with the flow control rtscts, both need the line RTS")
	}
}
