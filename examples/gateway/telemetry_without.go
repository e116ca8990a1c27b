//go:build no_telemetry

package main

import "github.com/fieldgate/fieldgate/examples/gateway/document"

const withTelemetry = false

func (g *gateway) telemetryUnit(document.Document, backends) unit { return without("telemetry") }
