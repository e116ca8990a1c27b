package atmodemtest

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// reply returns the lines that answer a command, the result last; mu is held.
func (m *Modem) reply(command string) []string {
	if slices.Contains(m.faults.Unknown, command) {
		return []string{"ERROR"}
	}
	if script, ok := m.scripts[command]; ok {
		return script
	}
	body := command[len("AT"):]
	if body == "" || body[0] != '+' {
		return m.basic(body)
	}
	name, value, set := strings.Cut(body, "=")
	name, read := strings.CutSuffix(name, "?")
	switch name {
	case "+CGMI":
		return text(m.info.Manufacturer)
	case "+CGMM":
		return text(m.info.Model)
	case "+CGMR":
		return text(m.info.Revision)
	case "+CGSN":
		return text(m.info.IMEI)
	case "+CIMI":
		return m.ofSIM(m.info.IMSI, "", m.sim == SIMLocked)
	case "+CCID":
		return m.ofSIM(m.info.ICCID, "+CCID: ", false)
	case "+CMEE":
		return m.cmee(value, set)
	case "+COPS":
		return m.cops(value, set)
	case "+CSQ":
		return m.csq()
	case "+CREG", "+CGREG", "+CEREG":
		return m.creg(name, value, set, read)
	case "+CGPADDR":
		return m.cgpaddr()
	}
	return []string{"ERROR"}
}

// basic carries out commands of a letter, such as Q0V1E0.
func (m *Modem) basic(body string) []string {
	for i := 0; i < len(body); {
		letter := body[i]
		i++
		on := i < len(body) && body[i] == '1'
		if i < len(body) && (body[i] == '0' || body[i] == '1') {
			i++
		}
		switch letter {
		case 'E':
			m.mode.echo = on
		case 'Q':
			m.mode.quiet = on
		case 'V':
			m.mode.terse = !on
		default:
			return []string{"ERROR"}
		}
	}
	return []string{"OK"}
}

func text(fact string) []string {
	if fact == "" {
		return []string{"ERROR"}
	}
	return []string{fact, "OK"}
}

// fault is an error with the number of 3GPP TS 27.007 section 9.2, if the
// modem has been told to send such.
func (m *Modem) fault(number int, words string) []string {
	switch m.mode.errors {
	case 1:
		return []string{fmt.Sprintf("+CME ERROR: %d", number)}
	case 2:
		return []string{"+CME ERROR: " + words}
	}
	return []string{"ERROR"}
}

func (m *Modem) ofSIM(fact, label string, locked bool) []string {
	switch {
	case m.sim == SIMMissing:
		return m.fault(10, "SIM not inserted")
	case locked:
		return m.fault(11, "SIM PIN required")
	case fact == "":
		return []string{"ERROR"}
	}
	return []string{label + fact, "OK"}
}

func (m *Modem) cmee(value string, set bool) []string {
	if !set {
		return []string{fmt.Sprintf("+CMEE: %d", m.mode.errors), "OK"}
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 || n > 2 {
		return []string{"ERROR"}
	}
	m.mode.errors = n
	return []string{"OK"}
}

// acts are the numbers of 3GPP TS 27.007 for technologies.
var acts = map[string]int{
	"GSM": 0, "UMTS": 2, "EDGE": 3, "HSDPA": 4, "HSUPA": 5, "HSPA": 6, "LTE": 7, "EC-GSM-IoT": 8, "NB-IoT": 9, "NR": 11,
	"LTE+NR": 13,
}

func (m *Modem) registered() bool {
	return m.info.Registration == "home" || m.info.Registration == "roaming"
}

func (m *Modem) cops(value string, set bool) []string {
	if set {
		m.mode.numeric = value == "3,2"
		return []string{"OK"}
	}
	if !m.registered() || m.info.Operator == "" {
		return []string{"+COPS: 0", "OK"}
	}
	line := fmt.Sprintf("+COPS: 0,0,%q", m.info.Operator)
	if number := strings.Trim(m.info.Operator, "0123456789") == ""; number || m.mode.numeric {
		line = `+COPS: 0,0,""`
		if m.mode.numeric {
			line = `+COPS: 0,2,"00101"`
			if number {
				line = fmt.Sprintf("+COPS: 0,2,%q", m.info.Operator)
			}
		}
	}
	if act, ok := acts[m.info.Technology]; ok {
		line += fmt.Sprintf(",%d", act)
	}
	return []string{line, "OK"}
}

// csq rounds the signal down to a step of 2 dB.
func (m *Modem) csq() []string {
	rssi := 99
	if m.info.SignalDBm != nil {
		rssi = min(max(0, (*m.info.SignalDBm+113)/2), 31)
	}
	return []string{fmt.Sprintf("+CSQ: %d,99", rssi), "OK"}
}

// creg tells the registration with +CEREG where the technology is LTE, else
// with the others.
func (m *Modem) creg(name, value string, set, read bool) []string {
	if set {
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 || n > 2 {
			return []string{"ERROR"}
		}
		m.mode.registration[name] = n
		return []string{"OK"}
	}
	if !read {
		return []string{"ERROR"}
	}
	words := []string{"not registered", "home", "searching", "denied", "unknown", "roaming"}
	stat := max(0, slices.Index(words, m.info.Registration))
	if here := slices.Contains([]string{"LTE", "NB-IoT", "LTE+NR"}, m.info.Technology) == (name == "+CEREG"); !here {
		stat = 0
	}
	n := m.mode.registration[name]
	line := fmt.Sprintf("%s: %d,%d", name, n, stat)
	if n == 2 && (stat == 1 || stat == 5) {
		line += fmt.Sprintf(",%q,%q", m.info.AreaCode, m.info.CellID)
		if act, ok := acts[m.info.Technology]; ok {
			line += fmt.Sprintf(",%d", act)
		}
	}
	return []string{line, "OK"}
}

func (m *Modem) cgpaddr() []string {
	address, err := netip.ParseAddr(m.info.IPAddress)
	if err != nil {
		return []string{"OK"}
	}
	dotted := address.String()
	if address.Is6() {
		var parts []string
		for _, b := range address.As16() {
			parts = append(parts, strconv.Itoa(int(b)))
		}
		dotted = strings.Join(parts, ".")
	}
	return []string{fmt.Sprintf("+CGPADDR: 1,%q", dotted), "OK"}
}
