// Package fieldgatemib serves FIELDGATE-MIB, the module of this library, to an
// agent of package snmp: host name, model and firmware, the state of the
// services, IPsec tunnels, OpenVPN instances, serial ports, modems, and the
// limits of file systems; and it notices what managers are told of.
//
//	mib, err := fieldgatemib.New(fieldgatemib.Options{
//		Tunnels: func() []fieldgatemib.Tunnel { ... },
//	})
//	... snmp.Options{Handlers: []snmp.Mount{{Prefix: mib.Root(), Handler: mib}}} ...
//
// The facts come from functions that the program injects, so this package
// knows none of the services. Rows are indexed by their names, with the
// length in front: fieldgateTunnelState."site-a" keeps its identifier
// whatever else appears and vanishes.
//
// The module is in FIELDGATE-MIB.txt. It is at
// .1.3.6.1.4.1.8072.9999.9999.26215, in the part of the tree that net-snmp
// leaves to experiments; a maker with an enterprise number gives
// Options.Root, and hands his customers what [Handler.MIB] returns.
package fieldgatemib
