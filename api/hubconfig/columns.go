package hubconfig

import (
	"errors"
	"fmt"
	"math"
	"strconv"
)

// column is one column of a table: how its text gets into a T, and back; ""
// stands for the default.
type column[T any] struct {
	name string
	set  func(to *T, text string) error
	get  func(from *T) string
}

var deviceColumns = []column[Device]{
	textColumn("device_alias", func(d *Device) *string { return &d.Alias }),
	textColumn("name", func(d *Device) *string { return &d.Name }),
	textColumn("description", func(d *Device) *string { return &d.Description }),
	enableColumn(func(d *Device) *bool { return &d.Disabled }),
	wordColumn("protocol", protocols, func(d *Device) *Protocol { return &d.Protocol }),
	textColumn("host", func(d *Device) *string { return &d.Host }),
	intColumn("port", func(d *Device) *int { return &d.Port }),
	textColumn("device", func(d *Device) *string { return &d.Path }),
	intColumn("baudrate", func(d *Device) *int { return &d.Baud }),
	intColumn("databits", func(d *Device) *int { return &d.DataBits }),
	wordColumn("parity", parities, func(d *Device) *Parity { return &d.Parity }),
	intColumn("stopbits", func(d *Device) *int { return &d.StopBits }),
	intColumn("slave_id", func(d *Device) *int { return &d.SlaveID }),
	intColumn("scan_rate_ms", func(d *Device) *int { return &d.ScanRateMS }),
	intColumn("timeout_ms", func(d *Device) *int { return &d.TimeoutMS }),
}

var signalColumns = []column[Signal]{
	textColumn("device_alias", func(s *Signal) *string { return &s.DeviceAlias }),
	textColumn("signal_alias", func(s *Signal) *string { return &s.Alias }),
	textColumn("signal_name", func(s *Signal) *string { return &s.Name }),
	enableColumn(func(s *Signal) *bool { return &s.Disabled }),
	textColumn("source_device_alias", func(s *Signal) *string { return &s.SourceDevice }),
	textColumn("source_signal_alias", func(s *Signal) *string { return &s.SourceSignal }),
	jobColumn("job_todo", func(s *Signal) *Job { return &s.Job }),
	jobColumn("tag_job_todo", func(s *Signal) *Job { return &s.Tag }),
	{
		"number_type",
		func(s *Signal, text string) (err error) { s.Type, err = ParseNumberType(text); return err },
		func(s *Signal) string { return string(s.Type) },
	},
	intColumn("bit_select", func(s *Signal) *int { return &s.Bit }),
	floatColumn("multiply", func(s *Signal) *float64 { return &s.Multiply }),
	floatColumn("add", func(s *Signal) *float64 { return &s.Add }),
	intColumn("scan_rate_ms", func(s *Signal) *int { return &s.ScanRateMS }),
}

func textColumn[T any](name string, field func(*T) *string) column[T] {
	return column[T]{
		name,
		func(to *T, text string) error { *field(to) = text; return nil },
		func(from *T) string { return *field(from) },
	}
}

func wordColumn[T any, W ~string](name string, allowed []W, field func(*T) *W) column[T] {
	return column[T]{
		name,
		func(to *T, text string) (err error) { *field(to), err = parseWord(text, allowed); return err },
		func(from *T) string { return string(*field(from)) },
	}
}

func enableColumn[T any](disabled func(*T) *bool) column[T] {
	return column[T]{
		"enable",
		func(to *T, text string) error {
			word, err := parseWord(text, []string{"1", "0", "true", "false"})
			*disabled(to) = word == "0" || word == "false"
			return err
		},
		func(from *T) string {
			if *disabled(from) {
				return "0"
			}
			return ""
		},
	}
}

func jobColumn[T any](name string, field func(*T) *Job) column[T] {
	return column[T]{
		name,
		func(to *T, text string) (err error) { *field(to), err = ParseJob(text); return err },
		func(from *T) string { return field(from).String() },
	}
}

// intColumn takes whole numbers, also as spreadsheets may write them: 502.0
// or 5.02E2. A 0 is the default, as in the field.
func intColumn[T any](name string, field func(*T) *int) column[T] {
	return column[T]{
		name,
		func(to *T, text string) error {
			f, err := strconv.ParseFloat(text, 64)
			if err != nil || f != math.Trunc(f) || math.Abs(f) > math.MaxInt32 {
				return fmt.Errorf("%q is no whole number", text)
			}
			*field(to) = int(f)
			return nil
		},
		func(from *T) string {
			if n := *field(from); n != 0 {
				return strconv.Itoa(n)
			}
			return ""
		},
	}
}

func floatColumn[T any](name string, field func(*T) *float64) column[T] {
	return column[T]{
		name,
		func(to *T, text string) error {
			f, err := strconv.ParseFloat(text, 64)
			if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
				return fmt.Errorf("%q is no number", text)
			}
			if f == 0 && name == "multiply" {
				return errors.New("0 would lose the value")
			}
			*field(to) = f
			return nil
		},
		func(from *T) string {
			if f := *field(from); f != 0 {
				return strconv.FormatFloat(f, 'g', -1, 64)
			}
			return ""
		},
	}
}
