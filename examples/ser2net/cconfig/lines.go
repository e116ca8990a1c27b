package cconfig

import (
	"regexp"
	"strings"
)

// portLine is the begin of a port of 3.x: the network port and its state, or a
// word in the place of the state and the time-out.
var portLine = regexp.MustCompile(`^[^:]+:(?:(?:raw|rawlp|telnet|off):|[a-z]+:[0-9]+:)`)

// nameLine is a line of 3.x that defines something.
var nameLine = regexp.MustCompile(`^(BANNER|OPENSTR|CLOSESTR|CLOSEON|SENDON|SIGNATURE|TRACEFILE|DEVICE|DEFAULT|DELDEFAULT|ROTATOR|CONTROLPORT|LED|RS485CONF):`)

// isLines tells whether a text is in the format of 3.x, by its first line
// that says anything.
func isLines(t string) bool {
	for line := range strings.Lines(t) {
		line = strings.TrimSpace(line)
		if line != "" && line[0] != '#' {
			return portLine.MatchString(line) || nameLine.MatchString(line)
		}
	}
	return false
}

// parseLines reads the format of 3.x.
func (r *reader) parseLines(name, whole string) {
	r.file.Dialect = Lines
	p := lineParser{reader: r, texts: map[string]map[string]string{}}
	number, first, pending := 0, 0, ""
	for line := range strings.Lines(whole) {
		number++
		line = strings.TrimRight(line, "\n")
		if pending == "" {
			first = number
		}
		if begin, continued := strings.CutSuffix(line, `\`); continued && !strings.HasSuffix(begin, `\`) {
			pending += begin
			continue
		}
		p.line(Place{name, first, 1}, pending+line)
		pending = ""
	}
	if pending != "" {
		p.line(Place{name, first, 1}, pending)
	}
	if len(r.file.Connections) == 0 && len(r.faults) == 0 {
		r.warnf(Place{File: name}, "the file holds no port")
	}
}

// lineParser reads lines of 3.x.
type lineParser struct {
	*reader
	texts map[string]map[string]string // by kind, such as BANNER, and name
}

func (p *lineParser) line(at Place, line string) {
	trimmed := strings.TrimSpace(line)
	if trimmed == "" || trimmed[0] == '#' {
		return
	}
	kind, rest, _ := strings.Cut(trimmed, ":")
	if !nameLine.MatchString(trimmed) {
		p.port(at, trimmed)
		return
	}
	name, value, _ := strings.Cut(rest, ":")
	switch kind {
	case "CONTROLPORT":
		p.faultf(at, "CONTROLPORT is not supported; the log and SIGHUP replace it")
	case "LED":
		p.warnf(at, "LED %s has no effect: LEDs are not supported", name)
	case "ROTATOR":
		p.rotator(at, name, value)
	case "DEFAULT":
		value, class, _ := strings.Cut(value, ":")
		p.setDefault(class, strings.ReplaceAll(name, "telnet_brk_on_sync", "telnet-brk-on-sync"), text{value, at})
	case "DELDEFAULT":
		p.defaults = p.defaults.without(value, name)
	default:
		if name == "" {
			p.faultf(at, "%s: a name is missing, want %s:name:text", kind, kind)
			return
		}
		if p.texts[kind] == nil {
			p.texts[kind] = map[string]string{}
		}
		p.texts[kind][name] = value
	}
}

// rotator reads ROTATOR:port:name[;name...].
func (p *lineParser) rotator(at Place, address, ports string) {
	r := Rotator{Name: "rotator " + address, At: at, accepterAt: at, defaults: p.defaults, anyProtocol: true}
	r.AccepterText = accepterOf(address)
	r.Accepter = p.stack(r.Name, "port", text{r.AccepterText, at})
	for name := range strings.FieldsFuncSeq(ports, func(c rune) bool { return c == ';' || c == ' ' }) {
		r.Connections = append(r.Connections, name)
	}
	if p.name(r.Name, at) {
		p.file.Rotators = append(p.file.Rotators, r)
	}
}

// port reads port:state:timeout:device:options.
func (p *lineParser) port(at Place, line string) {
	fields := strings.SplitN(line, ":", 5)
	if len(fields) < 4 {
		p.faultf(at, "%q is no line of %s: want port:state:timeout:device:options", clip(line), Lines)
		return
	}
	name, state, timeout, device := fields[0], fields[1], fields[2], fields[3]
	owner := "port " + name
	c := Connection{
		Name: name, At: at, Enabled: true, accepterAt: at, connectorAt: at, defaults: p.defaults,
		AccepterText: name, ConnectorText: device, // what \p and \d stand for
		Connector: []Layer{{Name: "serialdev", Args: []string{device}}},
	}
	stack := accepterOf(name)
	if known, ok := p.texts["DEVICE"][device]; ok {
		c.ConnectorText, c.Connector[0].Args[0] = known, known
	}
	n, err := number(timeout, 0, maxSeconds)
	if err != nil {
		p.faultf(at, "%s: timeout: %v", owner, err)
	}
	c.Timeout = n
	o := lineOptions{lineParser: p, owner: owner, c: &c}
	if len(fields) == 5 {
		o.read(fields[4])
	}
	switch state {
	case "raw":
	case "rawlp":
		c.WriteOnly = true
	case "telnet":
		if stack = "telnet," + stack; o.remote {
			stack = "telnet(rfc2217)" + strings.TrimPrefix(stack, "telnet")
		}
	case "off":
		c.Enabled = false
	default:
		p.faultf(at, "%s: %q is no state, want raw, rawlp, telnet or off", owner, state)
	}
	c.Accepter = p.stack(owner, "port", text{stack, at})
	if p.name(name, at) {
		p.file.Connections = append(p.file.Connections, c)
	}
}

// accepterOf is the accepter of a port of 3.x: [host,]port, which is TCP, or
// a stack of its own, such as telnet(rfc2217),2000.
func accepterOf(port string) string {
	switch layer := port[:strings.IndexAny(port+",", "(,")]; {
	case isFilter(layer), strings.HasPrefix(port[len(layer):], "("):
	case layer == "tcp", layer == "udp", layer == "sctp", layer == "stdio", layer == "mux", layer == "certauth":
	default:
		return "tcp," + port
	}
	return port
}

// clip shortens a text for a message.
func clip(s string) string {
	if len(s) > 40 {
		return s[:40] + "..."
	}
	return s
}
