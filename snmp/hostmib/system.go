package hostmib

import (
	"time"

	"github.com/fieldgate/fieldgate/snmp"
)

// arcsHRSystem is hrSystem of HOST-RESOURCES-MIB (RFC 2790).
var arcsHRSystem = []uint32{1, 3, 6, 1, 2, 1, 25, 1}

// system serves uptime and date of the machine, and how many use it.
func (h *Host) system(p *page) {
	var uptime, users, processes, commandLine snmp.Value
	if up, ok := use(p, h.uptime); ok {
		uptime = snmp.TimeTicks(ticksOf(up))
	}
	if n, ok := use(p, h.users); ok {
		users = snmp.SaturatedGauge(uint64(n))
	}
	if n, ok := use(p, h.processes); ok {
		processes = snmp.SaturatedGauge(uint64(n))
	}
	p.Scalar(below(arcsHRSystem, 1), uptime)
	p.Scalar(below(arcsHRSystem, 2), snmp.Octets(dateAndTime(time.Now())))
	if h.options.CommandLine {
		if text, ok := use(p, h.commandLine); ok {
			commandLine = snmp.OctetString(cut(text, 128))
		}
		p.Scalar(below(arcsHRSystem, 4), commandLine)
	}
	p.Scalar(below(arcsHRSystem, 5), users)
	p.Scalar(below(arcsHRSystem, 6), processes)
	p.Scalar(below(arcsHRSystem, 7), snmp.Integer(0)) // no fixed limit
}

// dateAndTime is the 11 octets of RFC 2579.
func dateAndTime(t time.Time) []byte {
	_, zone := t.Zone()
	sign := byte('+')
	if zone < 0 {
		sign, zone = '-', -zone
	}
	return []byte{
		byte(t.Year() >> 8), byte(t.Year()), byte(t.Month()), byte(t.Day()),
		byte(t.Hour()), byte(t.Minute()), byte(t.Second()), byte(t.Nanosecond() / 1e8),
		sign, byte(zone / 3600), byte(zone / 60 % 60),
	}
}
