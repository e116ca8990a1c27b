package cconfig

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

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
		"close_on": "closeon", "read_only": "no-acc-to-con", "packing.send_on": "sendon", "connect.destinations": "connback", "traces": "trace-",
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
