package main

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"unicode"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/firmware"
	"github.com/fieldgate/fieldgate/api/redispoints"
	"github.com/fieldgate/fieldgate/telemetry"
)

// document is the whole configuration: the Config of each service as it
// stands, and the gateway's own.
type document struct {
	Device    deviceConfig     `yaml:"device"`
	Web       webConfig        `yaml:"web"`
	Syslog    syslogConfig     `yaml:"syslog"`
	Telemetry telemetry.Config `yaml:"telemetry"`
	API       api.Config       `yaml:"api"`
	Modem     modemConfig      `yaml:"modem"`
	Points    pointsConfig     `yaml:"points"`
	Upgrade   upgradeConfig    `yaml:"upgrade"`
}

// deviceConfig says who the device is.
type deviceConfig struct {
	// Serial names the device to its servers. Empty: the hardware's serial
	// number, or the MAC address of the first Ethernet interface.
	Serial string `yaml:"serial"`
	// Model is the name of the hardware. Empty: what the hardware says.
	Model string `yaml:"model"`
	// Firmware is the version of the firmware. Empty: what /etc/os-release
	// says.
	Firmware string `yaml:"firmware"`
}

// webConfig is the server of the status page, and of the API as long as
// api.listen is empty. It has the limit of api.limits.max_connections, too.
type webConfig struct {
	// Listen is "address:port". Default 127.0.0.1:8080: this host only.
	Listen string `yaml:"listen"`
}

// syslogConfig says which log /api/syslog prints.
type syslogConfig struct {
	// Source is gateway (its own messages; default), file, journal or
	// logread.
	Source string `yaml:"source"`
	// File is the path of the log, for the source file.
	File string `yaml:"file"`
}

const (
	syslogGateway = "gateway"
	syslogFile    = "file"
	syslogJournal = "journal"
	syslogLogread = "logread"
)

// defaultDocument is what a key that is not in the file stands at.
func defaultDocument() document {
	return document{
		Web:       webConfig{Listen: "127.0.0.1:8080"},
		Syslog:    syslogConfig{Source: syslogGateway},
		Telemetry: telemetry.DefaultConfig(),
		API:       api.DefaultConfig(),
		Modem:     modemConfig{Source: sourceNone, Baud: 115200},
		Points:    pointsConfig{Source: pointsHub, Redis: redispoints.DefaultConfig()},
		Upgrade:   upgradeConfig{Config: firmware.DefaultConfig()},
	}
}

// fault is one fault of the document, at its path.
type fault struct{ path, problem string }

// faults returns everything that is wrong with the document.
func (d document) faults() []fault {
	all := section("device", d.Device.validate())
	all = append(all, section("web", d.Web.validate())...)
	all = append(all, section("syslog", d.Syslog.validate())...)
	all = append(all, section("telemetry", d.Telemetry.Validate())...)
	all = append(all, section("api", d.API.Validate())...)
	all = append(all, section("modem", d.Modem.validate())...)
	all = append(all, section("points", d.Points.validate())...)
	all = append(all, section("upgrade", d.Upgrade.validate())...)
	if d.API.Enabled && samePort(d.API.Listen, d.Web.Listen) {
		all = append(all, fault{"api.listen", "this is the port of web.listen: leave api.listen empty to serve both there, or take another port"})
	}
	if d.API.TLS.Enabled && d.API.Listen == "" {
		all = append(all, fault{"api.tls.enabled", "the web server does not encrypt: give the API an address of its own in api.listen"})
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
	return hostA == hostB || everyAddress(hostA) || everyAddress(hostB)
}

func everyAddress(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "" || err == nil && addr.IsUnspecified()
}

// section turns what a Validate returned into faults below the section.
func section(name string, err error) []fault {
	if err == nil {
		return nil
	}
	var list telemetry.ConfigError // the same type in every service
	if !errors.As(err, &list) {
		return []fault{{name, err.Error()}}
	}
	faults := make([]fault, len(list))
	for i, f := range list {
		faults[i] = fault{strings.TrimSuffix(name+"."+f.Path, "."), f.Problem}
		// The API speaks to programmers here; operators have a flag for it.
		if name == "api" && (f.Path == "keys" || strings.HasSuffix(f.Path, ".hash")) {
			faults[i].problem = "a key hash is needed here: gateway -new-key NAME makes a key and prints what to put here"
		}
	}
	return faults
}

// warnings returns what works but should be known.
func (d document) warnings() []string {
	var all []string
	if !d.Web.local() {
		all = append(all, "web.listen: whoever reaches this address can read the status page, without a key and in clear text")
	}
	for _, w := range d.API.Warnings() {
		all = append(all, "api."+w.String())
	}
	return append(all, d.partWarnings()...)
}

// maxName is the longest name of the device that travels in messages.
const maxName = telemetry.MaxSerial

func (c deviceConfig) validate() error {
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

func (c webConfig) validate() error {
	var faults telemetry.ConfigError
	faults.CheckListen("listen", c.Listen)
	return faults.Err()
}

func (c syslogConfig) validate() error {
	var faults telemetry.ConfigError
	switch c.Source {
	case syslogFile:
		if !strings.HasPrefix(c.File, "/") {
			faults.Addf("file", "required with source file: the path of the log, from the root")
		}
	case syslogGateway, syslogJournal, syslogLogread:
		if c.File != "" {
			faults.Addf("file", "only used with source file")
		}
	default:
		faults.Addf("source", "unknown word %q, want %s, %s, %s, %s", c.Source, syslogGateway, syslogFile, syslogJournal, syslogLogread)
	}
	return faults.Err()
}
