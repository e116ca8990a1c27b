//go:build no_telemetry || no_ipsec || no_openvpn || no_ser2net || no_snmp || no_api || no_points || no_modem

package main

import "context"

// without is the unit of a service that was left out. It is never enabled,
// whatever the configuration says: [missingParts] tells that.
func without(name string) unit {
	return unit{name: name, build: func(context.Context) (service, error) { return nil, leftOut(name) }}
}
