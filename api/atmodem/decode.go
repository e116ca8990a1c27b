package atmodem

import (
	"net/netip"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/fieldgate/fieldgate/api/internal/cellular"
)

// technologies holds the words for <AcT> of 3GPP TS 27.007 sections 7.2 and
// 7.3; the index is the value.
var technologies = [...]string{
	0:  cellular.GSM,
	1:  cellular.GSM, // compact
	2:  cellular.UMTS,
	3:  cellular.EDGE,
	4:  cellular.HSDPA,
	5:  cellular.HSUPA,
	6:  cellular.HSPA,
	7:  cellular.LTE,
	8:  cellular.ECGSM,
	9:  cellular.NBIoT,
	10: cellular.LTE, // on a 5G core
	11: cellular.NR,
	12: cellular.NR, // NG-RAN
	13: cellular.LTENR,
}

// number returns field i as a number below limit.
func number(fields []string, i int, limit uint64) (uint64, bool) {
	if i >= len(fields) {
		return 0, false
	}
	n, err := strconv.ParseUint(fields[i], 10, 16)
	return n, err == nil && n < limit
}

func technology(fields []string, i int) string {
	n, ok := number(fields, i, uint64(len(technologies)))
	if !ok {
		return ""
	}
	return technologies[n]
}

// network is the answer to AT+COPS?: <mode>[,<format>,<oper>[,<AcT>]].
type network struct {
	operator, technology string
	chosen               bool // there is an operator, known by this name or another
}

func decodeNetwork(a answer) network {
	for _, f := range a.values("+COPS") {
		if _, ok := number(f, 0, 5); !ok {
			continue
		}
		n := network{technology: technology(f, 3)}
		if _, n.chosen = number(f, 1, 3); n.chosen && len(f) > 2 {
			n.operator = printable(fromUCS2(f[2]))
		}
		return n
	}
	return network{}
}

// printable returns text, or "" when there is something in it that nobody can
// read.
func printable(text string) string {
	for _, r := range text {
		if !unicode.IsPrint(r) {
			return ""
		}
	}
	return strings.TrimSpace(text)
}

// fromUCS2 returns a text that the modem has sent as hexadecimal UCS2, which
// it does after +CSCS="UCS2"; any other text as it is.
func fromUCS2(text string) string {
	if len(text) < 8 || len(text)%4 != 0 {
		return text
	}
	units := make([]uint16, 0, len(text)/4)
	for i := 0; i < len(text); i += 4 {
		n, err := strconv.ParseUint(text[i:i+4], 16, 16)
		if err != nil || !unicode.IsPrint(rune(n)) {
			return text
		}
		units = append(units, uint16(n))
	}
	return string(utf16.Decode(units))
}

// decodeSignal returns dBm from the answer to AT+CSQ: <rssi>,<ber>, where 0 to
// 31 count 2 dB from -113 dBm and 100 to 191 count 1 dB from -116 dBm (of
// TD-SCDMA).
func decodeSignal(a answer) *int {
	for _, f := range a.values("+CSQ") {
		n, ok := number(f, 0, 192)
		switch {
		case ok && n <= 31:
			return new(-113 + 2*int(n))
		case ok && n >= 100:
			return new(-116 + int(n) - 100)
		}
	}
	return nil
}

// decodeSignalExtended returns dBm from the answer to AT+CESQ:
// <rxlev>,<ber>,<rscp>,<ecno>,<rsrq>,<rsrp>[,<ss_rsrq>,<ss_rsrp>,<ss_sinr>],
// where each number counts 1 dB and the first range, 0, is open below.
func decodeSignalExtended(a answer) *int {
	for _, f := range a.values("+CESQ") {
		for _, scale := range [...]struct {
			field, least int
			limit        uint64
		}{{7, -157, 127}, {5, -141, 98}, {2, -121, 97}, {0, -111, 64}} {
			if n, ok := number(f, scale.field, scale.limit); ok {
				return new(scale.least + int(n))
			}
		}
	}
	return nil
}

// registration is what one of +CREG, +CGREG, +CEREG and +C5GREG tells.
type registration struct {
	known            bool
	mode             uint64 // <n>
	stat             uint64
	area, cell, tech string
}

// decodeRegistration reads <n>,<stat>[,<lac>,<ci>[,<AcT>]], or with a <rac> or
// a length of the list of slices between cell and technology, as some do. The
// same name begins news of the modem, which lack <n>: <stat>[,<lac>,...].
func decodeRegistration(a answer, name string) registration {
	const stats = 12
	for _, f := range a.values(name) {
		mode, isMode := number(f, 0, 6)
		stat, isStat := number(f, 1, stats)
		if !isMode || !isStat || len(f[1]) > 2 {
			continue
		}
		r := registration{known: true, mode: mode, stat: stat, tech: technology(f, 4)}
		if len(f) > 3 {
			r.area, r.cell = cellular.Number(f[2]), cellular.Number(f[3])
		}
		return r
	}
	return registration{}
}

// registered is the rank of a modem that is in a network.
const registered = 5

// rank orders registrations: what matters more is higher.
func (r registration) rank() int {
	switch {
	case !r.known:
		return 0
	case cellular.Registered(r.stat):
		return registered
	}
	switch cellular.Registration(r.stat) {
	case "searching":
		return 4
	case "denied":
		return 3
	case "not registered":
		return 2
	}
	return 1 // "unknown"
}

// decodeAddress returns the first address in the answer to AT+CGPADDR:
// <cid>[,<addr>[,<addr>]], IPv4 before IPv6, which 27.007 writes as sixteen
// decimal numbers with dots.
func decodeAddress(a answer) string {
	var found netip.Addr
	for _, f := range a.values("+CGPADDR") {
		for _, text := range f[1:] {
			address := parseAddress(text)
			if address.IsValid() && !address.IsUnspecified() && (!found.IsValid() || address.Is4() && !found.Is4()) {
				found = address
			}
		}
	}
	if !found.IsValid() {
		return ""
	}
	return found.String()
}

func parseAddress(text string) netip.Addr {
	if parts := strings.Split(text, "."); len(parts) == 16 {
		var b [16]byte
		for i, part := range parts {
			n, err := strconv.ParseUint(part, 10, 8)
			if err != nil {
				return netip.Addr{}
			}
			b[i] = byte(n)
		}
		return netip.AddrFrom16(b)
	}
	address, err := netip.ParseAddr(text)
	if err != nil || address.Zone() != "" {
		return netip.Addr{}
	}
	return address
}

// decodeDigits returns the first line of so many decimal digits.
func decodeDigits(a answer, label string, least, most int) string {
	for _, text := range a.texts(label) {
		if len(text) >= least && len(text) <= most && strings.Trim(text, "0123456789") == "" {
			return text
		}
	}
	return ""
}

// decodeICCID returns the number of a SIM card: 18 to 20 digits that begin
// with 89 (ITU-T E.118), without the F that fills the last byte. Some modems
// send the bytes as they lie on the card, with swapped digits.
func decodeICCID(a answer) string {
	for _, text := range a.texts("+CCID", "+ICCID", "^ICCID", "+QCCID", "#CCID", "!ICCID", "ICCID") {
		text, _, _ = strings.Cut(text, ",")
		text = strings.Trim(text, `" `)
		if len(text) == 20 && strings.HasPrefix(text, "98") {
			swapped := []byte(text)
			for i := 0; i+1 < len(swapped); i += 2 {
				swapped[i], swapped[i+1] = swapped[i+1], swapped[i]
			}
			text = string(swapped)
		}
		text = strings.TrimRight(text, "Ff")
		if len(text) >= 18 && len(text) <= 20 && strings.HasPrefix(text, "89") && strings.Trim(text, "0123456789") == "" {
			return text
		}
	}
	return ""
}
