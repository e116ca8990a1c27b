package cconfig

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/fieldgate/fieldgate/ser2net"
)

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
