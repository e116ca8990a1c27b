// Package notify sends the notifications of an SNMP agent: traps in SNMPv1,
// v2c and v3, and informs in v2c and v3.
//
//	agent, err := snmp.New(cfg, snmp.Options{Sender: notify.New(notify.Options{}), ...})
//
// Messages are encoded by github.com/gosnmp/gosnmp. Each goes out of a socket
// of its own, so nothing is kept between two notifications, and a receiver
// that was replaced meanwhile is no matter.
//
// In SNMPv3 the agent is the authority for traps: they carry its engine ID,
// boots and time. For informs the receiver is: it is asked for its own first
// (RFC 3414, section 4), and an inform that it finds out of time is sent again
// with the time that it told, which has to be authentic.
//
// An error names the destination and what to do about it, never a community,
// password or key.
package notify
