// Package lineprotocol writes telemetry as the line protocol of InfluxDB, for
// servers that read it: InfluxDB itself over UDP or HTTP, Telegraf,
// VictoriaMetrics. An agent takes [Encoder]; a collector that forwards to a
// database over HTTP takes [AppendLines].
//
// The line protocol has no authentication and is five times as long as the
// wire format of package telemetry: it is for servers that exist already, on
// networks that are trusted.
//
// # Schema
//
// Every line has the tag serial, and the time of the report in nanoseconds.
// Without the time of the device the server takes that of its arrival. What
// is unknown is left out, so is a line without a field.
//
//	measurement        tag        fields
//	fieldgate_agent               boot, seq, period (s), late (true, or left out), send_errors, dropped, collect_ms
//	fieldgate_system              uptime (s), host, fw, load1, load5, load15
//	fieldgate_cpu                 user, system, idle, irq, nice, iowait, softirq, steal (ticks of 10 ms)
//	fieldgate_mem                 total, avail, shared, buffers, cached (KiB)
//	fieldgate_disk     mount      total, used, avail (KiB), inodes (%)
//	fieldgate_net      interface  rx_bytes, tx_bytes, rx_packets, tx_packets, rx_errors, tx_errors,
//	                              rx_dropped, tx_dropped, mtu (bytes), speed (Mbit/s)
//	fieldgate_modem               operator, dbm, tech, imei
//	fieldgate_ipsec               up, down
//	fieldgate_openvpn             up, down
//
// Numbers are integers (suffix i), counters cumulative as in the report. The
// load averages are decimals: 1.50 is a load of 1.50. host, fw, operator, tech
// and imei are strings. A number above 9223372036854775807 is left out:
// InfluxDB has no larger one. The parts of a split report give the lines of
// the whole one. Facts that this version does not know have no line.
//
// # Text
//
// Text is cut at [telemetry.MaxText] bytes. Bytes that are not UTF-8 become
// U+FFFD. Control characters become a space in a string and "_" in a tag; so
// does a backslash at the end of a tag, which the protocol cannot carry. A
// line therefore never contains a line end. An empty tag is left out.
package lineprotocol
