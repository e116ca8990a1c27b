//go:build !no_dtls

package main

import (
	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/dtls"
)

const withDTLS = true

// dtlsDialers are the ways to encrypt reports.
func dtlsDialers() map[telemetry.Transport]telemetry.DialFunc {
	return map[telemetry.Transport]telemetry.DialFunc{telemetry.TransportDTLS: dtls.Dial}
}
