// Package senml writes telemetry as SenML JSON (RFC 8428), for servers that
// read it. An agent takes [Encoder]; [Parse] and [Pack.Resolve] read packs.
//
// SenML has no authentication and is nine times as long as the wire format of
// package telemetry, so most reports need two datagrams or more: it is for
// servers that exist already, on networks that are trusted or through DTLS.
//
// # Names and units
//
// The base name is the Prefix of the Encoder, the serial and ":". The base
// time is that of the report; it is left out while the device does not know
// it, which means now (RFC 8428 section 4.5.3), and before July 1978, which
// would be read as relative. Each datagram is a whole pack with both. What is
// unknown is left out.
//
//	name                                        unit   value
//	boot, seq                                   count
//	period, uptime, collect                     s
//	late                                               true, or left out
//	send_errors, dropped                        count
//	host, fw                                           string
//	load1, load5, load15                               number of tasks
//	cpu:user system idle irq nice iowait
//	    softirq steal                           s      cumulative, all processors together
//	mem:total avail shared buffers cached       B
//	disk:<mount>:total used avail               B
//	disk:<mount>:inodes                         /      used ones, 0 to 1
//	net:<interface>:rx_bytes tx_bytes           B      cumulative
//	net:<interface>:rx_packets tx_packets
//	    rx_errors tx_errors rx_dropped
//	    tx_dropped                              count  cumulative
//	net:<interface>:mtu                         B
//	net:<interface>:speed                       bit/s
//	modem:operator tech imei                           string
//	modem:signal                                dBW    30 less than in dBm
//	ipsec:up ipsec:down openvpn:up openvpn:down count
//
// The units are those of the SenML registry: RFC 8428 section 12.1, and for B
// RFC 8798 section 2; multiples such as KiB are not, so values are converted.
// Numbers are written exactly, also above 2^53, where a reader that takes
// them for floats rounds. A value that outgrows 64 bits in its unit is left
// out.
//
// A name has only letters and digits of ASCII and "-", ":", ".", "/" and "_"
// (RFC 8428 section 4.5.1): any other character becomes "_", and a base name
// that does not begin with a letter or digit gets an "x" before it. The parts
// of a split report give the records of the whole one. Facts that this
// version does not know have no record.
package senml
