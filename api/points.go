package api

import (
	"context"
	"errors"
	"math"
	"strconv"
	"time"
)

// Points knows the devices behind this one and their tags.
//
// The lists that it returns may be shared: nobody changes their elements,
// neither the caller nor, later, the provider. A plant of 10,000 tags has a
// list of 1 MB, which each slow client would hold a copy of.
type Points interface {
	// Devices returns all devices, in the order of the configuration.
	Devices(ctx context.Context) ([]Device, error)
	// Device returns one. An alias that is none is [ErrUnknownDevice].
	Device(ctx context.Context, alias string) (Device, error)
	// Tags returns the tags of a device, in the order of the configuration;
	// with an empty alias, those of all devices. An alias that is none is
	// [ErrUnknownDevice].
	Tags(ctx context.Context, deviceAlias string) ([]Tag, error)
	// Value returns the last value of a tag, which is Number{} with the flag
	// NT where there never was one. Aliases that are none are
	// [ErrUnknownDevice] or [ErrUnknownTag].
	Value(ctx context.Context, deviceAlias, signalAlias string) (TagValue, error)
}

// Errors of [Points] that become status 404 with the alias.
var (
	ErrUnknownDevice = errors.New("unknown device")
	ErrUnknownTag    = errors.New("unknown tag")
)

// Device is one device behind this one.
type Device struct {
	Alias    string // letters, digits, - and _
	Name     string
	Protocol string // such as "modbus rtu"
}

// Tag is one signal of a device.
type Tag struct {
	DeviceAlias       string
	SignalAlias       string // unique within the device
	Name              string
	SourceDeviceAlias string // of the tag that this one copies; empty: it is none
	InputTopic        string // on the tag bus, such as "tag/INV1/P/rin"
	OutputTopic       string // such as "tag/INV1/P/out"
}

// TagValue is the value of a tag.
type TagValue struct {
	Name  string // of the tag
	Value Number
	Time  time.Time // of the value; zero: there never was one
	Flags Flags
}

// Flags say why a value is not good. The zero value is a good one.
type Flags uint8

// The flags of the tag bus. Several are joined by a space.
const (
	FlagInvalid    Flags = 1 << iota // IV
	FlagNonTopical                   // NT: old, the device does not answer
	FlagOverflow                     // OV
)

// String returns the words of the tag bus, such as "IV NT".
func (f Flags) String() string {
	text := ""
	for _, one := range []struct {
		flag Flags
		word string
	}{{FlagInvalid, "IV"}, {FlagNonTopical, "NT"}, {FlagOverflow, "OV"}} {
		if f&one.flag != 0 {
			if text != "" {
				text += " "
			}
			text += one.word
		}
	}
	return text
}

// Number is an exact integer or a float64. The zero value is no number, which
// is sent as "nan".
type Number struct{ text string }

// Int returns n.
func Int(n int64) Number { return Number{strconv.FormatInt(n, 10)} }

// Uint returns n.
func Uint(n uint64) Number { return Number{strconv.FormatUint(n, 10)} }

// Float returns f; one that is infinite or not a number is no number.
func Float(f float64) Number {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return Number{}
	}
	return Number{strconv.FormatFloat(f, 'g', -1, 64)}
}

// String returns the shortest form that is exact, or "nan".
func (n Number) String() string {
	if n.text == "" {
		return "nan"
	}
	return n.text
}
