package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/telemetry"
)

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

// apiDetail says how many requests came, and what last failed.
func apiDetail(s service) string {
	served, ok := s.(interface{ Status() api.Status })
	if !ok {
		return ""
	}
	status := served.Status()
	text := fmt.Sprintf("%d requests, %d refused, %d failed", status.Requests, status.Refused, status.Failed)
	if status.Listening != "" {
		text = "on " + status.Listening + ", " + text
	}
	if status.LastError != "" {
		text += ", the last one at " + status.LastErrorAt.Format(time.DateTime) + ": " + status.LastError
	}
	return text
}
