package latest

import (
	"slices"

	"github.com/fieldgate/fieldgate/telemetry"
)

// merge adds the facts of another part of a report to m, which is as new or
// newer. What m knows stays.
func merge(m, part *telemetry.Message) {
	m.Host = known(m.Host, part.Host)
	m.Firmware = known(m.Firmware, part.Firmware)
	m.Load = set(m.Load, part.Load)
	m.CPU = set(m.CPU, part.CPU)
	m.Memory = set(m.Memory, part.Memory)
	m.Stats = set(m.Stats, part.Stats)
	m.Modem = set(m.Modem, part.Modem)
	m.IPsec = set(m.IPsec, part.IPsec)
	m.OpenVPN = set(m.OpenVPN, part.OpenVPN)
	m.Disks = rows(m.Disks, part.Disks, func(d telemetry.Disk) string { return d.Mount })
	m.Interfaces = rows(m.Interfaces, part.Interfaces, func(i telemetry.Interface) string { return i.Name })
	m.Extra = rows(m.Extra, part.Extra, func(x telemetry.Extra) [2]any { return [2]any{x.ID, x.Name} })
	m.Part = telemetry.Part{} // what comes out is no part
}

func known[T any](m, part telemetry.Maybe[T]) telemetry.Maybe[T] {
	if m.Known {
		return m
	}
	return part
}

// set takes a group of facts as a whole, as parts have it.
func set[T comparable](m, part T) T {
	var unknown T
	if m != unknown {
		return m
	}
	return part
}

func rows[T any, K comparable](m, part []T, name func(T) K) []T {
	for _, row := range part {
		if !slices.ContainsFunc(m, func(have T) bool { return name(have) == name(row) }) {
			m = append(m, row)
		}
	}
	return m
}
