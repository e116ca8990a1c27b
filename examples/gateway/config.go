package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/fieldgate/fieldgate/api"
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
// api.listen is empty.
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
	}
}

// fault is one fault of the document, at its path.
type fault struct{ path, problem string }

// faults returns everything that is wrong with the document.
func (d document) faults() []fault {
	var all []fault
	if len(d.Device.Serial) > telemetry.MaxSerial {
		all = append(all, fault{"device.serial", fmt.Sprintf("longer than %d bytes", telemetry.MaxSerial)})
	}
	all = append(all, section("web", webConfig{d.Web.Listen}.validate())...)
	all = append(all, section("syslog", d.Syslog.validate())...)
	all = append(all, section("telemetry", d.Telemetry.Validate())...)
	return append(all, section("api", d.API.Validate())...)
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
		if faults[i].path == "api.keys" {
			faults[i].problem = "at least one key is needed: gateway -new-key NAME makes one and prints what to put here"
		}
	}
	return faults
}

// warnings returns what works but should be known.
func (d document) warnings() []string {
	var all []string
	for _, w := range d.API.Warnings() {
		all = append(all, "api."+w.String())
	}
	return all
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
