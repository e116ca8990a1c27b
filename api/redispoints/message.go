package redispoints

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/api"
)

// maxMessage is the length of the longest message that is looked at, in bytes.
const maxMessage = 256

// maxTime is the last millisecond of the year 9999, the last that JSON and
// people can read.
const maxTime = 253402300799999

// message is a value of the bus.
type message struct {
	value api.Number
	time  time.Time
	flags api.Flags
}

// The faults of a message.
var (
	errFields = errors.New("it is not of the form value,timeStamp,flags")
	errValue  = errors.New("its value is no number and not nan")
	errTime   = errors.New("its time is no Unix time in milliseconds")
)

// parseMessage reads "value,timeStamp,flags".
func parseMessage(data []byte) (message, error) {
	if len(data) > maxMessage {
		return message{}, errFields
	}
	fields := strings.Split(string(data), ",")
	if len(fields) != 3 {
		return message{}, errFields
	}
	for i := range fields {
		fields[i] = strings.Trim(fields[i], " \t\r\n\x00")
	}
	value, flags, err := parseValue(fields[0])
	if err != nil {
		return message{}, err
	}
	ms, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil || ms < 0 || ms > maxTime {
		return message{}, errTime
	}
	return message{value, time.UnixMilli(ms), flags | parseFlags(fields[2])}, nil
}

// parseValue keeps an integer exact. A number that no float64 can hold is no
// number with the flag OV, as is the inf that C prints for it.
func parseValue(text string) (api.Number, api.Flags, error) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return api.Int(n), 0, nil
	}
	if n, err := strconv.ParseUint(text, 10, 64); err == nil {
		return api.Uint(n), 0, nil
	}
	if strings.ContainsAny(text, "xXpP_") { // Go's forms, which C does not print
		return api.Number{}, 0, errValue
	}
	f, err := strconv.ParseFloat(text, 64)
	switch {
	case math.IsInf(f, 0):
		return api.Number{}, api.FlagOverflow, nil
	case err != nil && strings.EqualFold(text, "-nan"): // as C prints some
		return api.Number{}, 0, nil
	case err != nil:
		return api.Number{}, 0, errValue
	}
	return api.Float(f), 0, nil
}

// parseFlags reads the words that make a value a bad one; others do not.
func parseFlags(text string) (flags api.Flags) {
	for word := range strings.FieldsSeq(text) {
		switch word {
		case "IV":
			flags |= api.FlagInvalid
		case "NT":
			flags |= api.FlagNonTopical
		case "OV":
			flags |= api.FlagOverflow
		}
	}
	return flags
}
