package cconfig

import (
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/ser2net"
)

// Settings are what the command line adds.
type Settings struct {
	Signature string // of RFC 2217, where a connection has none
}

// maxName is the longest name in package ser2net, in bytes.
const maxName = 64

// Where C ser2net looks for certificate and key of ssl.
const (
	usualCert = "/etc/ser2net/ser2net.crt"
	usualKey  = "/etc/ser2net/ser2net.key"
)

// Config turns the file into a configuration of package ser2net. The error is
// a [Faults] with everything that cannot be done.
func (f *File) Config(s Settings) (ser2net.Config, []Warning, error) {
	var found findings
	cfg := ser2net.Config{Enabled: true}
	for i := range f.Connections {
		cfg.Ports = append(cfg.Ports, f.port(&f.Connections[i], s, &found))
	}
	for i := range f.Rotators {
		cfg.Rotators = append(cfg.Rotators, f.rotator(&f.Rotators[i], cfg.Ports, &found))
	}
	if err := found.err(); err != nil {
		return ser2net.Config{}, nil, err
	}
	var faults ser2net.ConfigError
	if err := cfg.Validate(); errors.As(err, &faults) {
		for _, fault := range faults {
			at, path := f.owner(fault.Path)
			found.faultf(at, "%s: %s", path, f.named(fault.Problem))
		}
		return ser2net.Config{}, nil, found.err()
	}
	for _, w := range cfg.Warnings() {
		at, path := f.owner(w.Path)
		found.warnf(at, "%s: %s", path, w.Text)
	}
	return cfg, found.warnings, nil
}

// owner returns where what stands at a path of the Config comes from, and the
// path in an operator's words.
func (f *File) owner(path string) (Place, string) {
	head, field, _ := strings.Cut(path, ".")
	list, index, _ := strings.Cut(strings.TrimSuffix(head, "]"), "[")
	i, err := strconv.Atoi(index)
	switch {
	case err != nil || i < 0:
	case list == "ports" && i < len(f.Connections):
		c := &f.Connections[i]
		return c.placeOf(field), "connection " + c.Name + ": " + field
	case list == "rotators" && i < len(f.Rotators):
		return f.Rotators[i].At, "rotator " + f.Rotators[i].Name + ": " + field
	}
	return Place{}, path
}

// placeOf returns where what became a field of the port stands.
func (c *Connection) placeOf(field string) Place {
	field, _, _ = strings.Cut(field, "[")
	head, _, _ := strings.Cut(field, ".")
	switch head {
	case "network", "listen", "protocol", "rfc2217", "tls":
		return c.accepterAt
	case "device", "mode":
		return c.connectorAt
	}
	option, known := map[string]string{
		"banner": "banner", "signature": "signature", "open_string": "openstr", "close_string": "closestr",
		"close_on": "closeon", "packing.send_on": "sendon", "connect.destinations": "connback", "traces": "trace-",
	}[field]
	for _, o := range c.Options {
		if known && (o.Name == option || option == "trace-" && strings.HasPrefix(o.Name, option)) {
			return o.At
		}
	}
	return c.At
}

// indexed is how the Config names a port or rotator in what it says.
var indexed = regexp.MustCompile(`(?:ports|rotators)\[[0-9]+\]`)

// named puts the names of connections and rotators in the place of indices.
func (f *File) named(problem string) string {
	return indexed.ReplaceAllStringFunc(problem, func(path string) string {
		_, name := f.owner(path)
		return strings.TrimSuffix(name, ": ")
	})
}

// builder makes the port of a connection.
type builder struct {
	*findings
	c    *Connection
	port ser2net.PortConfig

	option string // being applied
	at     Place

	kick, writeOnly bool
	users           []string
	needCA          bool     // ssl(clientauth)
	backs           []string // destinations of connback
	backsAt         Place
	backTimeout     int // seconds, -1 = not set
	backTimeoutAt   Place
	retry           int // seconds, 0 = not set
	delay           struct {
		on              bool
		scale, min, max int // tenths of a character, µs, µs
	}
	traces       map[ser2net.Direction]string
	hex, stamped map[ser2net.Direction]bool
}

// fault notes a fault of the connection.
func (b *builder) fault(at Place, format string, args ...any) {
	b.faultf(at, "connection %s: %s", b.c.Name, fmt.Sprintf(format, args...))
}

// ignore notes that the option being applied has no effect.
func (b *builder) ignore(why string) {
	b.warnf(b.at, "connection %s: %s has no effect: %s", b.c.Name, b.option, why)
}

func (b *builder) ignoreUnless(ok bool, why string) {
	if !ok {
		b.ignore(why)
	}
}

func (f *File) port(c *Connection, s Settings, found *findings) ser2net.PortConfig {
	b := &builder{findings: found, c: c, backTimeout: -1, traces: map[ser2net.Direction]string{}, hex: map[ser2net.Direction]bool{}, stamped: map[ser2net.Direction]bool{}}
	b.delay.on, b.delay.scale, b.delay.min, b.delay.max = true, 20, 1000, 20_000
	b.port = ser2net.PortConfig{Name: shortened(c.Name, c.At), Enabled: c.Enabled, NetworkTimeout: seconds(c.Timeout), MaxClients: 1, Signature: s.Signature}
	b.writeOnly = c.WriteOnly
	b.connector()
	b.accepter()
	b.options()
	b.finish()
	switch rotated := f.rotated(c.Name); {
	case rotated && !c.Enabled:
		// As in C, a rotator reaches a connection that is disabled.
		b.port.Enabled, b.port.Listen, b.port.Connect = true, "", ser2net.Connect{}
	case c.Enabled && !rotated && b.transport() == "dummy" && len(b.backs) == 0:
		b.fault(c.accepterAt, "nobody can reach it: its accepter is dummy, and no rotator has it")
	}
	return b.port
}

// shortened returns a name of package ser2net for one of C, which has no limit.
// The name of a line of 3.x is its port, with all that stands before it.
func shortened(name string, at Place) string {
	if len(name) <= maxName {
		return name
	}
	return fmt.Sprintf("%s... (line %d)", strings.ToValidUTF8(name[:40], ""), at.Line)
}

func (f *File) rotated(connection string) bool {
	return slices.ContainsFunc(f.Rotators, func(r Rotator) bool { return slices.Contains(r.Connections, connection) })
}

// options applies the defaults, then the options, each in its order.
func (b *builder) options() {
	known := portOptions()
	apply := func(name, value string, at Place) {
		set, ok := known[name]
		if !ok {
			b.fault(at, "%s is no option of ser2net", name)
			return
		}
		b.option, b.at = name, at
		switch err := set(b, value); {
		case errors.Is(err, errUnsupported):
			b.fault(at, "%s is not supported", name)
		case err != nil:
			b.fault(at, "%s: %v", name, err)
		}
	}
	names, _ := defaultNames("ser2net")
	for _, name := range names {
		if value, ok := b.c.defaults.get("ser2net", name); ok {
			apply(name, value.value, value.at)
		}
	}
	for i, o := range b.c.Options {
		if repeats := o.Name == "remaddr" || o.Name == "connback" || o.Name == "allowed-users"; repeats &&
			slices.IndexFunc(b.c.Options, func(p Setting) bool { return p.Name == o.Name }) == i {
			b.forget(o.Name)
		}
		apply(o.Name, o.Value, o.At)
	}
}

// forget drops the default of an option that adds up.
func (b *builder) forget(option string) {
	switch option {
	case "remaddr":
		b.port.Allow = nil
	case "connback":
		b.backs = nil
	case "allowed-users":
		b.users = nil
	}
}

// connector reads the device and its settings.
func (b *builder) connector() {
	if len(b.c.Connector) == 0 {
		return // reported when it was parsed
	}
	layer := b.c.Connector[0]
	if layer.Name != "serialdev" && layer.Name != "termios" {
		b.fault(b.c.connectorAt, "connector: %s is not supported, only serialdev is", layer.Name)
		return
	}
	if len(layer.Args) == 0 || layer.Args[0] == "" {
		b.fault(b.c.connectorAt, "connector: the device is missing, want serialdev,/dev/ttyS0,9600n81,local")
		return
	}
	s := serial{device: layer.Args[0], mode: ser2net.Mode{Carrier: true}}
	set := func(o Option, at Place) {
		s.ignored = nil
		if err := s.set(o); err != nil {
			b.fault(at, "connector: %v", err)
		}
		for _, what := range s.ignored {
			b.warnf(at, "connection %s: %s", b.c.Name, what)
		}
	}
	names, _ := defaultNames("serialdev")
	for _, name := range names {
		if value, ok := b.c.defaults.get("serialdev", name); ok {
			set(Option{name, value.value, value.value == ""}, value.at)
		}
	}
	for _, o := range layer.Options {
		set(o, b.c.connectorAt)
	}
	for _, word := range layer.Args[1:] {
		set(optionOf(word), b.c.connectorAt)
	}
	b.port.Device, b.port.Mode = s.device, s.mode.Normal()
	b.writeOnly = b.writeOnly || s.writeOnly
}

// transport is the lowest layer of the accepter.
func (b *builder) transport() string {
	if n := len(b.c.Accepter); n > 0 {
		return b.c.Accepter[n-1].Name
	}
	return "tcp"
}

// accepter reads protocol, TLS and address.
func (b *builder) accepter() {
	at := b.c.accepterAt
	for i, layer := range b.c.Accepter {
		switch layer.Name {
		case "telnet":
			if i > 0 {
				b.fault(at, "accepter: telnet below another protocol is not supported")
				return
			}
			b.port.Protocol = ser2net.ProtocolTelnet
			b.layerOptions(layer)
		case "ssl":
			if b.port.TLS.CertFile != "" {
				b.fault(at, "accepter: ssl stands here twice")
				return
			}
			b.port.TLS.CertFile, b.port.TLS.KeyFile = usualCert, ""
			b.layerOptions(layer)
		case "tcp", "udp":
			b.port.Network = ser2net.Network(layer.Name)
			host, port, err := address(layer.Args)
			if err != nil {
				b.fault(at, "accepter: %v", err)
				return
			}
			b.port.Listen = net.JoinHostPort(host, port)
			b.layerOptions(layer)
		case "dummy":
			b.port.Listen = "" // for a rotator, or to connect back
		default:
			b.fault(at, "accepter: %s is not supported; supported are tcp, udp, telnet and ssl", layer.Name)
			return
		}
	}
}

// layerOptions applies the defaults and the options of a layer.
func (b *builder) layerOptions(layer Layer) {
	set := func(o Option, at Place) {
		if err := b.layerOption(layer.Name, o); err != nil {
			b.fault(at, "accepter: %s: %v", layer.Name, err)
		}
	}
	names, _ := defaultNames(layer.Name)
	for _, name := range names {
		if value, ok := b.c.defaults.get(layer.Name, name); ok {
			b.at = value.at
			set(Option{name, value.value, value.value == ""}, value.at)
		}
	}
	b.at = b.c.accepterAt
	for _, o := range layer.Options {
		set(o, b.c.accepterAt)
	}
	if t := &b.port.TLS; layer.Name == "ssl" && t.KeyFile == "" {
		if t.KeyFile = usualKey; t.CertFile != usualCert {
			t.KeyFile = t.CertFile // one file may hold both
		}
	}
}

func (b *builder) layerOption(layer string, o Option) (err error) {
	b.option = layer + "(" + o.Name + ")"
	switch layer + " " + o.Name {
	case "telnet rfc2217":
		b.port.RFC2217, err = o.flag()
	case "ssl key":
		b.port.TLS.KeyFile = o.Value
	case "ssl cert":
		b.port.TLS.CertFile = o.Value
	case "ssl CA":
		b.port.TLS.ClientCAFile = o.Value
	case "ssl clientauth":
		b.needCA, err = o.flag()
	case "tcp nodelay":
		var on bool
		on, err = o.flag()
		b.ignoreUnless(on, "data never waits to be gathered by TCP")
	case "tcp reuseaddr", "udp reuseaddr":
		var on bool
		on, err = o.flag()
		b.ignoreUnless(on || layer == "udp", "an address can always be used again")
	case "tcp tcpd":
		b.ignoreUnless(o.Value == "off", "TCP wrappers are not asked, use remaddr")
	case "tcp readbuf", "udp readbuf", "ssl readbuf", "telnet readbuf", "ssl writebuf", "telnet writebuf":
		b.ignore("buffers size themselves")
	default:
		err = fmt.Errorf("%s is not supported", o.Name)
	}
	return err
}

// connectBack reads destinations divided by ;, of the protocols of the
// accepter.
func (b *builder) connectBack(list string) error {
	for one := range strings.SplitSeq(list, ";") {
		stack, err := parseStack(one)
		if err != nil {
			return err
		}
		last := stack[len(stack)-1]
		if last.Name != "tcp" && last.Name != "udp" {
			return fmt.Errorf("%s is not supported, want something like tcp,192.0.2.1,4001", last.Name)
		}
		if !slices.EqualFunc(stack, b.c.Accepter, func(x, y Layer) bool { return x.Name == y.Name }) && b.transport() != "dummy" {
			return fmt.Errorf("%s does not match the accepter %s: the protocols have to be the same", one, b.c.AccepterText)
		}
		if err := b.dial(last.Args); err != nil {
			return err
		}
	}
	return nil
}

// dial adds a destination, to be spoken to as the accepter speaks.
func (b *builder) dial(args []string) error {
	if slices.ContainsFunc(b.c.Accepter, func(l Layer) bool { return l.Name == "ssl" }) {
		return errors.New("ssl is not supported for connections that are dialled")
	}
	host, port, err := address(args)
	if err != nil {
		return err
	}
	if host == "" {
		return errors.New("the host to connect back to is missing")
	}
	b.backs, b.backsAt = append(b.backs, net.JoinHostPort(host, port)), b.at
	return nil
}

// finish settles what depends on several options.
func (b *builder) finish() {
	p := &b.port
	if b.kick {
		p.OnBusy = ser2net.OnBusyKick
	}
	if b.writeOnly {
		if p.Protocol == ser2net.ProtocolTelnet {
			b.fault(b.c.At, "to send nothing to the network (no-con-to-acc, wronly) is not supported with telnet")
		}
		p.Protocol = ser2net.ProtocolRawLP
	}
	if b.delay.on {
		b.pack(characterTime(p.Mode))
	}
	for _, direction := range directions() {
		if file, ok := b.traces[direction]; ok {
			p.Traces = append(p.Traces, ser2net.Trace{File: file, Direction: direction, HexDump: b.hex[direction], Timestamp: b.stamped[direction]})
		}
	}
	b.finishTLS()
	b.finishConnectBack()
}

// pack sets the delays of C: data waits for a number of character times after
// the last byte, and not for longer than the longest delay after the first.
func (b *builder) pack(character time.Duration) {
	after := character * time.Duration(b.delay.scale) / 10
	after = max(after, time.Duration(b.delay.min)*time.Microsecond)
	longest := time.Duration(b.delay.max) * time.Microsecond
	if after == 0 {
		return // it goes out at once
	}
	b.port.Packing.ForceTime = ser2net.Duration(min(after, longest))
	b.port.Packing.MaxTime = ser2net.Duration(longest)
}

// finishTLS settles who may come with TLS.
func (b *builder) finishTLS() {
	t := &b.port.TLS
	switch {
	case b.needCA && t.ClientCAFile == "":
		b.fault(b.c.accepterAt, "accepter: ssl: clientauth needs CA=FILE, the authorities that sign the clients' certificates; authdir is not supported")
	case !b.needCA && t.ClientCAFile != "":
		b.warnf(b.c.accepterAt, "connection %s: ssl(CA) has no effect without clientauth", b.c.Name)
		t.ClientCAFile = ""
	}
	switch {
	case len(b.users) == 0:
	case b.needCA:
		t.ClientNames = b.users
	default:
		b.warnf(b.c.At, "connection %s: allowed-users has no effect without ssl(clientauth,CA=FILE)", b.c.Name)
	}
}

// finishConnectBack settles dialling. In C each destination takes one of the
// connections, whether it is up or not.
func (b *builder) finishConnectBack() {
	p := &b.port
	if len(b.backs) == 0 {
		return
	}
	left := p.MaxClients - len(b.backs)
	if left < 0 {
		b.fault(b.backsAt, "connback: %d destinations are more than max-connections: %d", len(b.backs), p.MaxClients)
		return
	}
	p.Connect = ser2net.Connect{Destinations: b.backs, When: ser2net.WhenOnData}
	if b.retry > 0 {
		p.Connect.RetryMin, p.Connect.RetryMax = seconds(b.retry), seconds(b.retry)
	}
	if p.MaxClients = left; left == 0 {
		p.MaxClients, p.Listen = 1, ""
	}
	switch {
	case b.backTimeout < 0 || seconds(b.backTimeout) == p.NetworkTimeout:
	case left == 0 || b.c.Timeout == 0 && p.Listen == "":
		p.NetworkTimeout = seconds(b.backTimeout)
	default:
		b.fault(b.backTimeoutAt, "connback-timeout is not supported beside a timeout that differs")
	}
}

// rotator turns an accepter of several connections into that of ports.
func (f *File) rotator(r *Rotator, ports []ser2net.PortConfig, found *findings) ser2net.RotatorConfig {
	fault := func(at Place, format string, args ...any) {
		found.faultf(at, "rotator %s: %s", r.Name, fmt.Sprintf(format, args...))
	}
	// The accepter is read as that of a connection.
	c := &Connection{Name: r.Name, At: r.At, Accepter: r.Accepter, AccepterText: r.AccepterText, accepterAt: r.accepterAt, defaults: r.defaults}
	b := &builder{findings: found, c: c}
	b.accepter()
	b.finishTLS()
	out := ser2net.RotatorConfig{Name: shortened(r.Name, r.At), Enabled: true, Listen: b.port.Listen}
	for _, o := range r.Options {
		switch o.Name {
		case "authdir":
			found.warnf(o.At, "rotator %s: authdir has no effect", r.Name)
		case "accepter-retry-time":
			found.warnf(o.At, "rotator %s: accepter-retry-time has no effect: an address that cannot be listened on is an error", r.Name)
		default:
			fault(o.At, "%s is not supported for a rotator", o.Name)
		}
	}
	for _, name := range r.Connections {
		i := f.connection(name)
		if i < 0 {
			fault(r.At, "there is no connection %s", name)
			continue
		}
		out.Ports = append(out.Ports, ports[i].Name)
		p := &ports[i]
		if p.Listen == "" { // reached through the rotator alone, so it speaks as that does
			p.RFC2217, p.TLS = b.port.RFC2217, b.port.TLS
			if p.Protocol != ser2net.ProtocolRawLP {
				p.Protocol = b.port.Protocol
			}
		}
		if !r.anyProtocol && !sameAccess(*p, b.port) {
			fault(r.accepterAt, "its accepter %s differs from that of connection %s in protocol or options, which is not supported", r.AccepterText, name)
		}
	}
	return out
}

// sameAccess tells whether a client of x may be served as one of y.
func sameAccess(x, y ser2net.PortConfig) bool {
	telnet := func(p ser2net.PortConfig) bool { return p.Protocol == ser2net.ProtocolTelnet }
	return telnet(x) == telnet(y) && x.RFC2217 == y.RFC2217 &&
		x.TLS.CertFile == y.TLS.CertFile && x.TLS.KeyFile == y.TLS.KeyFile && x.TLS.ClientCAFile == y.TLS.ClientCAFile
}

// connection returns the index of a connection, -1 when there is none.
func (f *File) connection(name string) int {
	return slices.IndexFunc(f.Connections, func(c Connection) bool { return c.Name == name })
}
