// Package replay serves what an agent once said: a Handler of package snmp
// out of a recorded walk, to try managers, and agents, without the device.
//
//	snmpbulkwalk -v2c -c COMMUNITY -On HOST .1 >walk.txt
//
//	walk, err := replay.Read(file)
//	... snmp.Mount{Prefix: snmp.MustParseOID(".1.3.6.1.2.1"), Handler: walk} ...
//
// It reads what the tools of net-snmp print in numeric form (-On), also with
// -Oe and -OT: multi-line strings, enumerations with their labels, units, and
// "Wrong Type" remarks. What is printed in place of a value, such as "No Such
// Object available on this agent at this OID", is left out. A text without
// quotes was made by a display hint of a MIB and cannot be read back: record
// with the environment MIBS set to the empty text. Forms without types (-Oq,
// -OQ, -Ot) are refused. What a walk has lost stays lost: net-snmp prints
// floats with six decimals, and a double like a float.
//
// A walk does not tell where the object type ends and the index starts. So
// Get takes for a missing instance what shares all arcs but the last with an
// instance of the walk, and for an unknown object type all else.
package replay
