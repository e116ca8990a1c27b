// Package document is the configuration of a gateway: one typed document, the
// Config of each service as it stands and the gateway's own, read from YAML
// with line and column for every fault.
package document

import (
	"cmp"
	"errors"
	"net"
	"net/netip"
	"strings"
	"unicode"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/firmware"
	"github.com/fieldgate/fieldgate/api/redispoints"
	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/l2tp"
	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/telemetry"
)

// Document is the whole configuration: the Config of each service as it
// stands, and the gateway's own.
type Document struct {
	Device    Device           `yaml:"device"`
	Web       Web              `yaml:"web"`
	Syslog    Syslog           `yaml:"syslog"`
	Telemetry telemetry.Config `yaml:"telemetry"`
	IPsec     ipsec.Config     `yaml:"ipsec"`
	L2TP      l2tp.Config      `yaml:"l2tp"`
	OpenVPN   openvpn.Config   `yaml:"openvpn"`
	Ser2net   ser2net.Config   `yaml:"ser2net"`
	SNMP      snmp.Config      `yaml:"snmp"`
	API       api.Config       `yaml:"api"`
	Modem     Modem            `yaml:"modem"`
	Points    Points           `yaml:"points"`
	Upgrade   Upgrade          `yaml:"upgrade"`
}

// Device says who the device is.
type Device struct {
	// Serial names the device to its servers. Empty: the hardware's serial
	// number, or the MAC address of the first Ethernet interface.
	Serial string `yaml:"serial"`
	// Model is the name of the hardware. Empty: what the hardware says.
	Model string `yaml:"model"`
	// Firmware is the version of the firmware. Empty: what /etc/os-release
	// says.
	Firmware string `yaml:"firmware"`
}

// Web is the server of the pages, and of the API as long as api.listen is
// empty. It has the limit of api.limits.max_connections, too.
type Web struct {
	// Listen is "address:port". Default 127.0.0.1:8080: this host only.
	Listen string `yaml:"listen"`
	// TLS is auto (default): encrypt on every address but one of this host
	// only; on; or off. Whoever asks an encrypted port in clear is sent to
	// https.
	TLS string `yaml:"tls"`
	// CertFile and KeyFile are PEM files with the certificate and its private
	// key; replaced ones take effect within 10 s. Both empty: the gateway
	// makes a certificate, web-tls.pem in the state folder.
	CertFile string `yaml:"cert_file"`
	KeyFile  string `yaml:"key_file"`
}

// The values of [Web.TLS].
const (
	TLSAuto = "auto"
	TLSOn   = "on"
	TLSOff  = "off"
)

// Encrypted reports whether the pages are served over TLS.
func (c Web) Encrypted() bool { return c.TLS == TLSOn || c.TLS != TLSOff && !c.Local() }

// Syslog says which log /api/syslog prints.
type Syslog struct {
	// Source is gateway (its own messages; default), file, journal or
	// logread.
	Source string `yaml:"source"`
	// File is the path of the log, for the source file.
	File string `yaml:"file"`
}

const (
	SyslogGateway = "gateway"
	SyslogFile    = "file"
	SyslogJournal = "journal"
	SyslogLogread = "logread"
)

// Default is what a key that is not in the file stands at.
func Default() Document {
	return Document{
		Web:       Web{Listen: "127.0.0.1:8080", TLS: TLSAuto},
		Syslog:    Syslog{Source: SyslogGateway},
		Telemetry: telemetry.DefaultConfig(),
		IPsec:     ipsec.DefaultConfig(),
		L2TP:      l2tp.DefaultConfig(),
		OpenVPN:   openvpn.Config{},
		Ser2net:   ser2net.DefaultConfig(),
		SNMP:      snmp.DefaultConfig(),
		API:       api.DefaultConfig(),
		Modem:     Modem{Source: SourceNone, Baud: 115200},
		Points:    Points{Source: PointsHub, Redis: redispoints.DefaultConfig()},
		Upgrade:   Upgrade{Config: firmware.DefaultConfig()},
	}
}

// Fault is one fault of the document, at its path.
type Fault struct{ Path, Problem string }

// Faults returns everything that is wrong with the document.
func (d Document) Faults() []Fault {
	all := section("device", d.Device.validate())
	all = append(all, section("web", d.Web.validate())...)
	all = append(all, section("syslog", d.Syslog.validate())...)
	all = append(all, section("telemetry", d.Telemetry.Validate())...)
	all = append(all, d.tunnelFaults()...)
	all = append(all, section("openvpn", d.OpenVPN.Validate())...)
	all = append(all, section("ser2net", d.Ser2net.Validate())...)
	all = append(all, section("snmp", d.SNMP.Validate())...)
	all = append(all, section("api", d.API.Validate())...)
	all = append(all, section("modem", d.Modem.validate())...)
	all = append(all, section("points", d.Points.validate())...)
	all = append(all, section("upgrade", d.Upgrade.validate())...)
	if d.API.Enabled && samePort(d.API.Listen, d.Web.Listen) {
		all = append(all, Fault{"api.listen", "this is the port of web.listen: leave api.listen empty to serve both there, or take another port"})
	}
	if d.API.TLS.Enabled && d.API.Listen == "" {
		all = append(all, Fault{"api.tls.enabled", "on web.listen the web server encrypts, see web.tls: switch this off, or give the API an address of its own in api.listen"})
	}
	return all
}

// tunnelFaults are those of IPsec and of L2TP, whose channels are connections
// of IPsec.
func (d Document) tunnelFaults() []Fault {
	all := append(section("ipsec", d.IPsec.Validate()), section("l2tp", d.L2TP.Validate())...)
	if len(all) > 0 || !d.L2TP.Enabled {
		return all
	}
	// Together they may still not fit, such as two that use one name.
	for _, f := range section("l2tp", d.L2TP.Extend(d.IPsec).Validate()) {
		all = append(all, Fault{"l2tp", "together with the connections of ipsec: " + f.Path + ": " + f.Problem})
	}
	return all
}

// samePort reports whether two servers would want the same port.
func samePort(a, b string) bool {
	hostA, portA, errA := net.SplitHostPort(a)
	hostB, portB, errB := net.SplitHostPort(b)
	if errA != nil || errB != nil || portA != portB || portA == "0" {
		return false
	}
	return hostA == hostB || EveryAddress(hostA) || EveryAddress(hostB)
}

// EveryAddress reports whether a host of a listen address means all addresses.
func EveryAddress(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "" || err == nil && addr.IsUnspecified()
}

// section turns what a Validate returned into faults below the section.
func section(name string, err error) []Fault {
	if err == nil {
		return nil
	}
	var list telemetry.ConfigError // the same type in every service
	if !errors.As(err, &list) {
		return []Fault{{name, err.Error()}}
	}
	faults := make([]Fault, len(list))
	for i, f := range list {
		faults[i] = Fault{strings.TrimSuffix(name+"."+f.Path, "."), f.Problem}
		// The API speaks to programmers here; operators have a flag for it.
		if name == "api" && (f.Path == "keys" || strings.HasSuffix(f.Path, ".hash")) {
			faults[i].Problem = "a key hash is needed here: gateway -new-key NAME makes a key and prints what to put here"
		}
	}
	return faults
}

// Warnings returns what works but should be known.
func (d Document) Warnings() []string {
	var all []string
	if !d.Web.Local() && !d.Web.Encrypted() {
		all = append(all, "web.tls: is off, so passwords and keys go through the network in clear text")
	}
	for _, w := range d.IPsec.Warnings() {
		all = append(all, "ipsec."+w.String())
	}
	for _, w := range d.L2TP.Warnings() {
		all = append(all, "l2tp."+w.String())
	}
	for _, w := range d.OpenVPN.Warnings() {
		all = append(all, "openvpn."+w.String())
	}
	for _, w := range d.SNMP.Warnings() {
		all = append(all, "snmp."+w.String())
	}
	for _, w := range d.API.Warnings() {
		all = append(all, "api."+w.String())
	}
	return append(all, d.partWarnings()...)
}

// maxName is the longest name of the device that travels in messages.
const maxName = telemetry.MaxSerial

func (c Device) validate() error {
	var faults telemetry.ConfigError
	for _, f := range []struct{ path, text string }{{"serial", c.Serial}, {"model", c.Model}, {"firmware", c.Firmware}} {
		switch {
		case len(f.text) > maxName:
			faults.Addf(f.path, "longer than %d bytes", maxName)
		case strings.ContainsFunc(f.text, func(r rune) bool { return !unicode.IsPrint(r) }):
			faults.Addf(f.path, "%q holds characters that cannot be printed", f.text)
		}
	}
	return faults.Err()
}

func (c Web) validate() error {
	var faults telemetry.ConfigError
	faults.CheckListen("listen", c.Listen)
	switch c.TLS {
	case TLSAuto, TLSOn, TLSOff:
	default:
		faults.Addf("tls", "unknown word %q, want %s, %s, %s", c.TLS, TLSAuto, TLSOn, TLSOff)
	}
	switch {
	case c.CertFile != "" && c.KeyFile == "":
		faults.Addf("key_file", "required with cert_file")
	case c.CertFile == "" && c.KeyFile != "":
		faults.Addf("cert_file", "required with key_file")
	}
	return faults.Err()
}

func (c Syslog) validate() error {
	var faults telemetry.ConfigError
	switch c.Source {
	case SyslogFile:
		if !strings.HasPrefix(c.File, "/") {
			faults.Addf("file", "required with source file: the path of the log, from the root")
		}
	case SyslogGateway, SyslogJournal, SyslogLogread:
		if c.File != "" {
			faults.Addf("file", "only used with source file")
		}
	default:
		faults.Addf("source", "unknown word %q, want %s, %s, %s, %s", c.Source, SyslogGateway, SyslogFile, SyslogJournal, SyslogLogread)
	}
	return faults.Err()
}

// Local reports whether the page is served to this host only.
func (c Web) Local() bool {
	host, _, err := net.SplitHostPort(c.Listen)
	return err == nil && LocalHost(host)
}

// LocalHost reports whether a host, with or without a port, names this one.
// A page of another origin that has its own name resolved to 127.0.0.1
// cannot read the pages because of this.
func LocalHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return strings.EqualFold(host, "localhost") || err == nil && addr.IsLoopback()
}

// MaxConnections is the limit of the web server: that of the API, which it
// may carry.
func (d Document) MaxConnections() int {
	return cmp.Or(d.API.Limits.MaxConnections, api.DefaultConfig().Limits.MaxConnections)
}
