//go:build no_dtls

package main

import (
	"context"
	"net"

	"github.com/fieldgate/fieldgate/telemetry"
)

const withDTLS = false

// dtlsDialers refuse: the other destinations get their reports.
func dtlsDialers() map[telemetry.Transport]telemetry.DialFunc {
	return map[telemetry.Transport]telemetry.DialFunc{
		telemetry.TransportDTLS: func(context.Context, telemetry.Destination) (net.Conn, error) { return nil, leftOut("DTLS") },
	}
}
