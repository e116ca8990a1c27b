package cconfig

import (
	"fmt"
	"slices"

	"github.com/fieldgate/fieldgate/ser2net"
)

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
