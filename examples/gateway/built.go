package main

import (
	"fmt"

	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/telemetry"
)

// A vendor leaves services out by build tags, see docs/size.md. What was left
// out keeps its place in the configuration and on the pages, and says so.

// leftOut is the error of what this gateway was built without.
func leftOut(what string) error { return leftOutError{what} }

type leftOutError struct{ what string }

func (e leftOutError) Error() string { return "this gateway was built without " + e.what }

// Unwrap makes it one of what does not run, and is not tried again.
func (leftOutError) Unwrap() error { return errDisabled }

// missingParts lists what the configuration wants of what was left out.
func missingParts(doc document.Document) []control.Missing {
	var all []control.Missing
	lacks := func(service, what string, wanted, there bool) {
		if wanted && !there {
			all = append(all, control.Missing{Service: service, What: leftOut(what).Error() + ", which the configuration enables", LeftOut: true})
		}
	}
	lacks("telemetry", "telemetry", doc.Telemetry.Enabled, withTelemetry)
	if withTelemetry && doc.Telemetry.Enabled {
		for _, d := range doc.Telemetry.Destinations {
			lacks("telemetry", fmt.Sprintf("DTLS (for %s)", d), d.Transport == telemetry.TransportDTLS, withDTLS)
		}
	}
	lacks("modem", "modem", doc.Modem.Source != document.SourceNone, withModem)
	lacks("points", "points", doc.Points.Source != document.SourceNone, withPoints)
	lacks("api", "api", doc.API.Enabled, withAPI)
	lacks("ipsec", "ipsec", doc.IPsec.Enabled, withIPsec)
	lacks("l2tp", "l2tp", doc.L2TP.Enabled, withIPsec)
	lacks("openvpn", "openvpn", doc.OpenVPN.Enabled, withOpenVPN)
	lacks("ser2net", "ser2net", doc.Ser2net.Enabled, withSer2net)
	lacks("snmp", "snmp", doc.SNMP.Enabled, withSNMP)
	return all
}
