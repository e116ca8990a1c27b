package cconfig

import (
	"time"

	"github.com/fieldgate/fieldgate/ser2net"
)

// finish settles what depends on several options.
func (b *builder) finish() {
	p := &b.port
	if b.kick {
		p.OnBusy = ser2net.OnBusyKick
	}
	if b.writeOnly {
		if p.Protocol == ser2net.ProtocolTelnet {
			b.fault(b.c.At, "to send nothing to the network (no-con-to-acc, wronly) is not supported with telnet")
		}
		p.Protocol = ser2net.ProtocolRawLP
	}
	if b.delay.on {
		b.pack(characterTime(p.Mode))
	}
	for _, direction := range directions() {
		if file, ok := b.traces[direction]; ok {
			p.Traces = append(p.Traces, ser2net.Trace{File: file, Direction: direction, HexDump: b.hex[direction], Timestamp: b.stamped[direction]})
		}
	}
	b.finishTLS()
	b.finishConnectBack()
}

// pack sets the delays of C: data waits for a number of character times after
// the last byte, and not for longer than the longest delay after the first.
func (b *builder) pack(character time.Duration) {
	after := character * time.Duration(b.delay.scale) / 10
	after = max(after, time.Duration(b.delay.min)*time.Microsecond)
	longest := time.Duration(b.delay.max) * time.Microsecond
	if after == 0 {
		return // it goes out at once
	}
	b.port.Packing.ForceTime = ser2net.Duration(min(after, longest))
	b.port.Packing.MaxTime = ser2net.Duration(longest)
}

// finishTLS settles who may come with TLS.
func (b *builder) finishTLS() {
	t := &b.port.TLS
	switch {
	case b.needCA && t.ClientCAFile == "":
		b.fault(b.c.accepterAt, "accepter: ssl: clientauth needs CA=FILE, the authorities that sign the clients' certificates; authdir is not supported")
	case !b.needCA && t.ClientCAFile != "":
		b.warnf(b.c.accepterAt, "connection %s: ssl(CA) has no effect without clientauth", b.c.Name)
		t.ClientCAFile = ""
	}
	switch {
	case len(b.users) == 0:
	case b.needCA:
		t.ClientNames = b.users
	default:
		b.warnf(b.c.At, "connection %s: allowed-users has no effect without ssl(clientauth,CA=FILE)", b.c.Name)
	}
}

// finishConnectBack settles dialling. In C each destination takes one of the
// connections, whether it is up or not.
func (b *builder) finishConnectBack() {
	p := &b.port
	if len(b.backs) == 0 {
		return
	}
	left := p.MaxClients - len(b.backs)
	if left < 0 {
		b.fault(b.backsAt, "connback: %d destinations are more than max-connections: %d", len(b.backs), p.MaxClients)
		return
	}
	p.Connect = ser2net.Connect{Destinations: b.backs, When: ser2net.WhenOnData}
	if b.retry > 0 {
		p.Connect.RetryMin, p.Connect.RetryMax = seconds(b.retry), seconds(b.retry)
	}
	if p.MaxClients = left; left == 0 {
		p.MaxClients, p.Listen = 1, ""
	}
	switch {
	case b.backTimeout < 0 || seconds(b.backTimeout) == p.NetworkTimeout:
	case left == 0 || b.c.Timeout == 0 && p.Listen == "":
		p.NetworkTimeout = seconds(b.backTimeout)
	default:
		b.fault(b.backTimeoutAt, "connback-timeout is not supported beside a timeout that differs")
	}
}
