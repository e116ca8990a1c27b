package ser2net

import (
	"fmt"
	"net"
	"path"
	"strconv"
	"strings"
	"time"
)

// facts are what the escapes of C ser2net stand for.
type facts struct {
	port   *PortConfig
	remote string // of the client, with its port
	time   time.Time
	file   bool // for a file name: paths are cut to their last part
}

// expand replaces the escapes of C and of C ser2net, see [PortConfig.Banner].
func expand(text string, f *facts) ([]byte, error) {
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		if text[i] != '\\' {
			out = append(out, text[i])
			i++
			continue
		}
		if i+1 == len(text) {
			return nil, fmt.Errorf(`a backslash at the end stands for nothing, write \\`)
		}
		value, used := f.escape(text[i+1:])
		if used == 0 {
			return nil, fmt.Errorf(`unknown escape \%c at byte %d`, text[i+1], i)
		}
		out = append(out, value...)
		i += 1 + used
	}
	return out, nil
}

// mustExpand is expand for a text that has been validated.
func mustExpand(text string, f *facts) []byte {
	out, err := expand(text, f)
	if err != nil {
		panic("ser2net: validated text: " + err.Error())
	}
	return out
}

// escape returns what the escape at the begin of s stands for, after its
// backslash, and its length, 0 when it is unknown.
func (f *facts) escape(s string) (value string, used int) {
	switch c := s[0]; {
	case c >= '0' && c <= '7':
		n := digits(s, 3, "01234567")
		code, _ := strconv.ParseUint(s[:n], 8, 16)
		return string([]byte{byte(code)}), n
	case c == 'x':
		n := digits(s[1:], 2, "0123456789abcdefABCDEF")
		if n == 0 {
			return "", 0
		}
		code, _ := strconv.ParseUint(s[1:1+n], 16, 8)
		return string([]byte{byte(code)}), 1 + n
	default:
		if i := strings.IndexByte(`abfnrtv\?'"`, c); i >= 0 {
			return "\a\b\f\n\r\t\v\\?'\""[i : i+1], 1
		}
		if value, known := f.name(c); known {
			return value, 1
		}
		return f.clock(c)
	}
}

// digits returns how many of the first bytes of s are in set, at most limit.
func digits(s string, limit int, set string) int {
	n := 0
	for n < limit && n < len(s) && strings.IndexByte(set, s[n]) >= 0 {
		n++
	}
	return n
}

// name returns what stands for the port and its client.
func (f *facts) name(c byte) (value string, known bool) {
	base := func(s string) string {
		if f.file {
			return path.Base(s)
		}
		return s
	}
	switch c {
	case 'd':
		return base("serialdev," + f.port.Device + "," + f.port.Mode.String()), true
	case 'o', 'N':
		return base(f.port.Name), true
	case 'p':
		return acceptor(f.port), true
	case 'B':
		return serialParameters(f.port.Mode), true
	case 'I':
		host, _, err := net.SplitHostPort(f.remote)
		if err != nil {
			host = f.remote
		}
		return base(host), true
	}
	return "", false
}

// clock returns what stands for a part of the time.
func (f *facts) clock(c byte) (value string, used int) {
	layouts := map[byte]string{
		'Y': "2006", 'M': "Jan", 'm': "01", 'A': "Mon", 'D': "02", 'H': "15", 'h': "03",
		'i': "04", 'S': "05", 'q': "pm", 'P': "PM",
	}
	if layout := layouts[c]; layout != "" {
		return f.time.Format(layout), 1
	}
	switch c {
	case 'y':
		return strconv.Itoa(f.time.YearDay() - 1), 1
	case 'e':
		return strconv.FormatInt(f.time.Unix(), 10), 1
	case 'U':
		return strconv.Itoa(f.time.Nanosecond() / 1000), 1
	}
	return "", 0
}

// acceptor returns the address of a port as C ser2net writes it, such as
// "telnet(rfc2217),tcp,127.0.0.1,5000".
func acceptor(c *PortConfig) string {
	var b strings.Builder
	switch {
	case c.Protocol == ProtocolTelnet && c.RFC2217:
		b.WriteString("telnet(rfc2217),")
	case c.Protocol == ProtocolTelnet:
		b.WriteString("telnet,")
	}
	if c.TLS.on() {
		b.WriteString("ssl,")
	}
	b.WriteString(string(c.Network))
	host, port, _ := net.SplitHostPort(c.Listen)
	if host != "" {
		b.WriteString("," + host)
	}
	b.WriteString("," + port)
	return b.String()
}

// serialParameters returns a mode as C ser2net writes it for \B, such as
// "9600N81,CLOCAL".
func serialParameters(m Mode) string {
	m = m.Normal()
	s := fmt.Sprintf("%d%s%d%s", m.Baud, strings.ToUpper(string(m.Parity[:1])), m.DataBits, m.StopBits)
	switch m.Flow {
	case FlowXonXoff:
		s += ",XONXOFF"
	case FlowRTSCTS:
		s += ",RTSCTS"
	}
	if !m.Carrier {
		s += ",CLOCAL"
	}
	if m.HangUp {
		s += ",HANGUP_WHEN_DONE"
	}
	return s
}
