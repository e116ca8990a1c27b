package doctor

import (
	"fmt"
	"net"
	"strconv"
	"strings"
)

// telemetry tells why nobody gets telemetry.
func (e *examination) telemetry() {
	if e.Telemetry == nil {
		return
	}
	if why := e.Telemetry.SourceError; why != "" {
		e.add("telemetry", "", "The facts of the device could not be read for the latest report: "+strings.TrimSuffix(why, ".")+".",
			"Look at the log; the report went out with the facts there were.")
	}
	for _, d := range e.Telemetry.Destinations {
		to := net.JoinHostPort(d.Destination.Host, strconv.Itoa(d.Destination.Port))
		if !d.Failing || e.nameless[d.Destination.Host] {
			continue
		}
		switch why := d.LastError; {
		case d.BadAcks > 0 && d.LastAck.Before(d.LastErrorAt):
			e.add("telemetry", to, fmt.Sprintf("The collector answers with acks that do not fit the key of this device (%d so far).", d.BadAcks),
				"Give both ends the same key: compare telemetry.key_file with the key that the collector has for this device.")
		case strings.Contains(why, "refused"):
			e.add("telemetry", to, "Nobody listens at the collector: its host refuses the reports.", "Start the collector, and compare address and port of both ends.")
		case strings.Contains(why, "unreachable"), strings.Contains(why, "no route"):
			e.add("telemetry", to, "There is no way to the collector: "+why+".", "Look at the uplink and at the routes.")
		case strings.Contains(why, "no such host"), strings.Contains(why, "no address"), strings.Contains(why, "server misbehaving"):
			e.add("telemetry", to, "The name of the collector is not known to the DNS servers, or they do not answer.",
				"Look at the name, at the DNS servers in /etc/resolv.conf and at the uplink.")
		case strings.Contains(why, "no acks come"):
			e.add("telemetry", to, "The collector acknowledges nothing: the reports leave, and no ack comes back.",
				"Make sure that the collector runs, that no firewall is between, and that it has the key of this device, since it says nothing to other keys.")
		default:
			e.add("telemetry", to, "Reports do not get through: "+strings.TrimSuffix(why, ".")+".", "Look at the uplink and at the collector.")
		}
	}
}

// ser2net tells why a port serves nobody.
func (e *examination) ser2net() {
	if e.Ser2net == nil {
		return
	}
	enabled := make(map[string]bool)
	for _, p := range e.Document.Ser2net.Ports {
		enabled[p.Name] = p.Enabled
	}
	for _, p := range e.Ser2net.Ports {
		if !enabled[p.Name] {
			continue
		}
		switch {
		case p.State == "failed" && portTaken(p.LastError):
			e.taken("ser2net", p.Name, p.LastError)
		case p.State == "failed":
			e.add("ser2net", p.Name, "The port could not be opened to the network: "+strings.TrimSuffix(p.LastError, ".")+".", "Correct the settings of the port.")
		case p.State == "open", p.State == "off":
		default:
			e.device(p.Name, p.Device, p.State == "lost")
		}
	}
	for _, r := range e.Ser2net.Rotators {
		if r.Listening == "" && r.LastError != "" {
			if portTaken(r.LastError) {
				e.taken("ser2net", r.Name, r.LastError)
				continue
			}
			e.add("ser2net", r.Name, "The rotator does not listen: "+strings.TrimSuffix(r.LastError, ".")+".", "Correct its settings.")
		}
	}
}

// device tells why a serial device cannot be used.
func (e *examination) device(port, device string, lost bool) {
	if e.Host.Exists != nil && !e.Host.Exists(device) {
		if !e.lacks("ser2net") { // told with the command
			e.add("ser2net", port, "There is no device "+device+".", "Plug it in, or correct the device: ls -l /dev/serial/by-id shows what there is.")
		}
		return
	}
	if e.Host.Holder != nil {
		if p, held := e.Host.Holder(device); held {
			e.add("ser2net", port, "The device "+device+" is held by "+p.String()+".", "End that program, or use another device.")
			return
		}
	}
	if lost {
		e.add("ser2net", port, "The device "+device+" has gone while it was used.", "Plug it in again: it is then used by itself.")
	}
}

// snmp tells why managers hear nothing.
func (e *examination) snmp() {
	if e.SNMP == nil {
		return
	}
	if why := e.SNMP.V3Error; why != "" {
		e.add("snmp", "", "SNMPv3 is off: "+strings.TrimSuffix(why, ".")+".", "Make the state folder writable; it is tried again by itself.")
	}
	for _, d := range e.SNMP.Destinations {
		if d.LastError != "" {
			e.add("snmp", d.Name, "Notifications do not reach the manager: "+strings.TrimSuffix(d.LastError, ".")+".", "Compare address, port, user and passwords with those of the manager.")
		}
	}
}
