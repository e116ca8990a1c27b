// Package simulate plays a whole device on fakes, with values that live: an
// IKE daemon with its peers, an L2TP server, openvpn, machines on serial
// lines, and a host with its clock and its disk.
//
//	device, err := simulate.New()
//	device.Fill(&doc)     // connections, instances and ports of the example
//	go device.Play(ctx)   // traffic
//	device.Faults().Set(simulate.KillCharon, true)
//
// What serves the network does so for real: SNMP and the serial ports on the
// loopback interface, telemetry over UDP.
package simulate
