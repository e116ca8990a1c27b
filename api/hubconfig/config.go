package hubconfig

import (
	"cmp"
	"time"

	"github.com/fieldgate/fieldgate/internal/config"
)

// Limits of a [Config].
const (
	maxDevices = 1000
	maxSignals = 50_000
	maxName    = 255 // bytes of a name or description
	maxAlias   = 64  // bytes of an alias
)

// FieldError is one fault of a Config that was not read from a file, at a
// place such as "signals[7].job_todo".
type FieldError = config.FieldError

// ConfigError is all faults of a Config.
type ConfigError = config.Errors

// Config is the configuration of a hub. The zero value has no device.
type Config struct {
	Devices []Device
	Signals []Signal
}

// Device is a device that the hub asks. Devices can be compared.
type Device struct {
	Alias       string   // letters, digits, - and _, 1 to 64; unique
	Name        string   // for people, up to 255 bytes; empty: the alias
	Description string   // for people, up to 255 bytes
	Disabled    bool     // left out, with all its signals
	Protocol    Protocol // required

	// Host is a name or an IP address; required with [ModbusTCP].
	Host string
	// Port is 1 to 65535; 0: 502.
	Port int

	// Path is that of the serial device; required with [ModbusRTU]. Devices
	// with the same path share the line and have the same mode.
	Path string
	// Baud is 50 to 4,000,000 bits per second; 0: 9600.
	Baud int
	// DataBits is 7 or 8; 0: 8.
	DataBits int
	// Parity is none, even or odd; empty: none.
	Parity Parity
	// StopBits is 1 or 2; 0: 1.
	StopBits int

	// SlaveID is the unit, 1 to 255 with TCP and 1 to 247 with RTU; 0: 1.
	SlaveID int
	// ScanRateMS is how often signals are read, 10 to 86,400,000 ms; 0: 1000.
	ScanRateMS int
	// TimeoutMS is how long an answer may take, 10 to 60,000 ms; 0: 1000.
	TimeoutMS int
}

// Signal is one value of a device. Signals can be compared.
type Signal struct {
	Name        string // for people, up to 255 bytes; empty: the alias
	DeviceAlias string // of the device that has it
	Alias       string // letters, digits, - and _, 1 to 64; unique within the device
	Disabled    bool   // left out

	// SourceDevice and SourceSignal are the aliases of the signal that this
	// one copies; both empty: it is no copy.
	SourceDevice, SourceSignal string

	// Job is what is asked of the device; required but for copies.
	Job Job
	// Tag is the part of the answer that is the signal; the zero value: all.
	Tag Job
	// Type is required for registers; zero value: digital.
	Type NumberType
	// Bit is that of a digital signal in a register, 0 (lowest) to 15.
	Bit int
	// Multiply and Add make the value: number * Multiply + Add. A Multiply
	// of 0 stands for 1.
	Multiply, Add float64
	// ScanRateMS is as in [Device]; 0: that of the device.
	ScanRateMS int
}

// DisplayName returns the name, or the alias where there is none.
func (d Device) DisplayName() string { return cmp.Or(d.Name, d.Alias) }

// TCPPort returns the port, or its default.
func (d Device) TCPPort() int { return cmp.Or(d.Port, 502) }

// Slave returns the slave id, or its default.
func (d Device) Slave() byte { return byte(cmp.Or(d.SlaveID, 1)) }

// Timeout returns how long an answer may take.
func (d Device) Timeout() time.Duration {
	return time.Duration(cmp.Or(d.TimeoutMS, 1000)) * time.Millisecond
}

// Line returns the mode of the serial line, with its defaults.
func (d Device) Line() Line {
	return Line{d.Path, cmp.Or(d.Baud, 9600), cmp.Or(d.DataBits, 8), cmp.Or(d.Parity, ParityNone), cmp.Or(d.StopBits, 1)}
}

// Line is a serial line and its mode.
type Line struct {
	Path     string
	Baud     int
	DataBits int
	Parity   Parity
	StopBits int
}

// DisplayName returns the name, or the alias where there is none.
func (s Signal) DisplayName() string { return cmp.Or(s.Name, s.Alias) }

// IsCopy tells whether the signal copies another.
func (s Signal) IsCopy() bool { return s.SourceDevice != "" || s.SourceSignal != "" }

// Part returns the part of the answer that is the signal.
func (s Signal) Part() Job { return cmp.Or(s.Tag, s.Job) }

// Scale returns the factor of the value.
func (s Signal) Scale() float64 { return cmp.Or(s.Multiply, 1) }

// ScanRate returns how often the signal of d is read.
func (s Signal) ScanRate(d Device) time.Duration {
	return time.Duration(cmp.Or(s.ScanRateMS, d.ScanRateMS, 1000)) * time.Millisecond
}

// Enabled returns c without what is disabled: devices, their signals, and
// signals. What is left of a valid Config is valid.
func (c Config) Enabled() Config {
	var enabled Config
	on := make(map[string]bool, len(c.Devices))
	for _, d := range c.Devices {
		if !d.Disabled {
			on[d.Alias] = true
			enabled.Devices = append(enabled.Devices, d)
		}
	}
	for _, s := range c.Signals {
		if on[s.DeviceAlias] && !s.Disabled {
			enabled.Signals = append(enabled.Signals, s)
		}
	}
	return enabled
}
