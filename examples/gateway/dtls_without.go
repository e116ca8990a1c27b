//go:build no_dtls

package main

import "github.com/fieldgate/fieldgate/telemetry"

const withDTLS = false

func dtlsDialers() map[telemetry.Transport]telemetry.DialFunc { return nil }
