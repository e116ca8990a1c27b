package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/telemetry"
)

// fact is a line of the status page.
type fact struct{ Name, Value string }

// facts lists what is known of the device; what is not known is left out.
func facts(info api.SystemInfo) []fact {
	var all []fact
	add := func(name, value string) {
		if value != "" {
			all = append(all, fact{name, value})
		}
	}
	add("Host name", info.Hostname)
	add("Model", info.Model)
	add("Serial number", info.Serial)
	add("Firmware", info.FirmwareVersion)
	add("Kernel", info.Kernel)
	if info.Uptime > 0 {
		add("Uptime", info.Uptime.Truncate(time.Second).String())
	}
	if l := info.Load; l != nil {
		add("Load 1, 5, 15 min", fmt.Sprintf("%.2f, %.2f, %.2f", l.One, l.Five, l.Fifteen))
	}
	add("Memory available", share(info.MemoryAvailable, info.MemoryTotal))
	add("Disk available", share(info.DiskAvailable, info.DiskTotal))
	return all
}

func share(part, whole *uint64) string {
	if part == nil || whole == nil {
		return ""
	}
	const mib = 1 << 20
	return fmt.Sprintf("%d of %d MiB", *part/mib, *whole/mib)
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
		text += ", the last one at " + status.LastErrorTime.Format(time.DateTime) + ": " + status.LastError
	}
	return text
}
