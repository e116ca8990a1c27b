//go:build !no_telemetry

package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/lineprotocol"
	"github.com/fieldgate/fieldgate/telemetry/procsource"
	"github.com/fieldgate/fieldgate/telemetry/senml"
)

const withTelemetry = true

// telemetryUnit is the agent that reports to servers.
func (g *gateway) telemetryUnit(doc document.Document, b backends) unit {
	return unit{
		name:    "telemetry",
		enabled: doc.Telemetry.Enabled,
		config:  []any{doc.Device, doc.Telemetry},
		build: func(ctx context.Context) (service, error) {
			return telemetry.New(doc.Telemetry, telemetry.Options{
				Source:   b.source,
				Serial:   serial(ctx, doc, b.system),
				NextBoot: g.nextBoot,
				Clock:    procsource.Clock(earliest()),
				Encoders: map[telemetry.Encoding]telemetry.Encoder{
					telemetry.EncodingInflux: lineprotocol.Encoder{},
					telemetry.EncodingSenML:  senml.Encoder{},
				},
				Dialers: dtlsDialers(),
				Logger:  g.log.With("service", "telemetry"),
			})
		},
		detail: telemetryDetail,
	}
}

// telemetryDetail says what became of the reports. That one has left does
// not mean that it has arrived, but a failure is a failure.
func telemetryDetail(s service) string {
	agent, ok := s.(interface{ Status() telemetry.Status })
	if !ok {
		return ""
	}
	var lines []string
	for _, d := range agent.Status().Destinations {
		line := fmt.Sprintf("%d reports sent to %s", d.Sent, d.Destination)
		if d.Failing {
			line += ", failing: " + d.LastError
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "; ")
}
