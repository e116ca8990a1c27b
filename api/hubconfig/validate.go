package hubconfig

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/fieldgate/fieldgate/internal/config"
)

var aliasForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// list names one of the two lists of a Config.
type list string

const (
	deviceList list = "devices"
	signalList list = "signals"
)

// reporter takes the faults of a Config: the item of the list that has it,
// and the column, "" for the item as a whole.
type reporter func(l list, item int, column, problem string)

// Validate returns every fault as a [ConfigError], nil when there is none.
func (c Config) Validate() error {
	var faults config.Errors
	c.check(func(l list, item int, column, problem string) {
		path := fmt.Sprintf("%s[%d]", l, item)
		if column != "" {
			path += "." + column
		}
		faults.Addf(path, "%s", problem)
	})
	return faults.Err()
}

// checker is one pass over a Config.
type checker struct {
	Config
	report  reporter
	devices map[string]int            // by alias, the first of each
	signals map[string]map[string]int // by aliases, the first of each
}

func (c Config) check(report reporter) {
	k := checker{c, report, make(map[string]int, len(c.Devices)), make(map[string]map[string]int, len(c.Devices))}
	if len(c.Devices) > maxDevices {
		report(deviceList, maxDevices, "", fmt.Sprintf("there are more than %d devices", maxDevices))
		return
	}
	if len(c.Signals) > maxSignals {
		report(signalList, maxSignals, "", fmt.Sprintf("there are more than %d signals", maxSignals))
		return
	}
	lines := make(map[string]int) // by path, the first device on it
	for i, d := range c.Devices {
		k.device(i, d)
		if d.Protocol != ModbusRTU || d.Path == "" {
			continue
		}
		first, shared := lines[d.Path]
		if !shared {
			lines[d.Path] = i
		} else if other := c.Devices[first]; other.Line() != d.Line() {
			report(deviceList, i, "device", fmt.Sprintf("%s has another mode with %s: devices on one line have the same", d.Path, other.Alias))
		}
	}
	for i, s := range c.Signals {
		k.signalAliases(i, s)
	}
	for i, s := range c.Signals {
		k.signal(i, s)
	}
	k.circles()
}

func (k *checker) device(i int, d Device) {
	fault := func(column, format string, args ...any) {
		k.report(deviceList, i, column, fmt.Sprintf(format, args...))
	}
	checkAlias(fault, "device_alias", d.Alias)
	if first, taken := k.devices[d.Alias]; taken && d.Alias != "" {
		fault("device_alias", "%q is taken by %q", d.Alias, k.Devices[first].DisplayName())
	} else {
		k.devices[d.Alias] = i
	}
	checkText(fault, "name", d.Name)
	checkText(fault, "description", d.Description)
	checkRange(fault, "scan_rate_ms", d.ScanRateMS, 10, 86_400_000)
	checkRange(fault, "timeout_ms", d.TimeoutMS, 10, 60_000)
	maxSlave := 247
	switch d.Protocol {
	case ModbusTCP:
		maxSlave = 255
		checkHost(fault, d.Host)
		checkRange(fault, "port", d.Port, 1, 65535)
	case ModbusRTU:
		if d.Path == "" {
			fault("device", "required with modbus rtu: a serial device, such as /dev/ttyS0")
		}
		checkText(fault, "device", d.Path)
		checkRange(fault, "baudrate", d.Baud, 50, 4_000_000)
		checkRange(fault, "databits", d.DataBits, 7, 8)
		checkRange(fault, "stopbits", d.StopBits, 1, 2)
		if d.Parity != "" {
			checkWord(fault, "parity", d.Parity, parities)
		}
	case Virtual:
	case "":
		fault("protocol", "required: modbus tcp, modbus rtu or virtual device")
	default:
		checkWord(fault, "protocol", d.Protocol, protocols)
	}
	checkRange(fault, "slave_id", d.SlaveID, 1, maxSlave)
}

// faulter notes a fault of one item.
type faulter func(column, format string, args ...any)

func checkAlias(fault faulter, column, alias string) {
	switch {
	case alias == "":
		fault(column, "required: letters, digits, - and _")
	case !aliasForm.MatchString(alias):
		fault(column, "%q is no alias, allowed are up to %d letters, digits, - and _", alias, maxAlias)
	}
}

// checkText takes what can be shown on one line.
func checkText(fault faulter, column, text string) {
	switch {
	case len(text) > maxName:
		fault(column, "has %d bytes, allowed are %d", len(text), maxName)
	case !utf8.ValidString(text):
		fault(column, "%q is not UTF-8", text)
	case strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }):
		fault(column, "%q has characters that cannot be shown", text)
	case text != strings.TrimSpace(text):
		fault(column, "%q begins or ends with a space", text)
	}
}

// checkRange lets 0 through, which is the default.
func checkRange(fault faulter, column string, n, least, most int) {
	if n != 0 && (n < least || n > most) {
		fault(column, "%d is out of range, allowed is %d to %d", n, least, most)
	}
}

func checkWord[T ~string](fault faulter, column string, word T, allowed []T) {
	if exact, err := parseWord(string(word), allowed); err != nil {
		fault(column, "%v", err)
	} else if exact != word {
		fault(column, "%q is written %q", word, exact)
	}
}

func checkHost(fault faulter, host string) {
	if _, err := netip.ParseAddr(host); err == nil {
		return
	}
	var faults config.Errors
	faults.CheckHost("host", host)
	for _, f := range faults {
		fault("host", "%s", f.Problem)
	}
}
