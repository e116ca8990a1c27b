// Package telemetry is the device agent that reports the state of a gateway
// to one or more servers: every period one compact UDP message with the facts
// of the device, whole in itself, with cumulative counters, so that a lost
// message costs resolution and never totals. It also is the codec of those
// messages, for servers.
//
//	agent, err := telemetry.New(telemetry.Config{
//		Enabled:      true,
//		Destinations: []telemetry.Destination{{Host: "tele.example.net", Port: 5150}},
//		Period:       telemetry.Duration(time.Minute),
//	}, telemetry.Options{
//		Source: procsource.New(procsource.Options{Firmware: "2.4.1"}),
//		Serial: "GK0123456789",
//	})
//	if err != nil {
//		return err // every fault of the Config, with its place
//	}
//	if err := agent.Start(ctx); err != nil {
//		return err
//	}
//	defer agent.Stop(context.Background())
//
// A server calls [Decode] on each datagram; examples/collector does. Tests on
// either side find a fake Source and a Collector in telemetrytest. The Source
// of a Linux host is in procsource; a vendor's own Source is proven by
// telemetrytest/suite.
//
// # Wire format v1
//
// A datagram is one CBOR map (RFC 8949) of at most 1,200 bytes. Its first
// byte is 0xA0 to 0xB8; 0xD1 and 0xD0 are kept for authenticated (COSE_Mac0)
// and encrypted messages (RFC 9052), anything else is no message. The map has
// definite lengths, shortest integers, no floats, no tags, no key twice, and
// ascending keys.
//
//	key  name     type   content
//	0    v        uint   version, 1; required
//	1    serial   text   who reports
//	2    boot     uint   start of the agent, counted over the device's life; 32 bits
//	3    seq      uint   period since that start, from 0; required
//	4    time     uint   Unix seconds; left out while the clock is not set
//	5    uptime   uint   seconds since the device booted
//	6    host     text   host name
//	7    fw       text   firmware version
//	8    load     array  load average of 1, 5, 15 minutes; times 100
//	9    cpu      array  user, system, idle, irq, nice, iowait, softirq, steal; ticks of 10 ms
//	10   mem      array  total, avail, shared, buffers, cached; KiB
//	11   disks    rows   mount; total, used, avail in KiB; used inodes in percent
//	12   ifs      rows   name; rx and tx bytes, rx and tx packets, rx and tx errors,
//	                     rx and tx dropped; mtu in bytes; speed in Mbit/s
//	13   gsm      array  operator (text); signal in dBm, negative; tech; imei (text)
//	14   ipsec    array  tunnels up, down
//	15   openvpn  array  tunnels up, down
//	16   part     array  this part (from 1), all parts; only when split
//	17   late     uint   1 = sent again, later than its time
//	18   period   uint   seconds between reports
//	19   stats    array  failed attempts to send to this destination, reports that
//	                     never left for it, time to collect this report in ms
//	20.. reserved        20 to 23 for frequent facts, 24 to 255 for registered ones
//	text private         of the form "x.y"
//
// tech is 0 none, 1 gsm, 2 edge, 3 umts, 4 hspa, 5 lte, 6 nr. All counters
// are cumulative; boot and uptime tell a reset from a wrap.
//
// Evolution: a key is never used for something else. Arrays grow only at
// their end. A reader skips further elements and keeps unknown keys; a missing
// key, a missing tail and null mean unknown, which is not zero. Whatever cannot
// be read under these rules gets another v.
//
// Splitting: a report above 1,200 bytes becomes several messages with the
// same v, serial, boot, seq, time, uptime, late and period, each with part and
// its share of the facts, see [Split]. Texts are cut at 128 bytes, lists at 256
// rows.
//
// In JSON a message has the names of the table; arrays become objects, see
// the json tags of [Message], and unknown values are left out.
//
// # Worked example
//
// A device with the load averages 1.50, unknown and 0.09, one disk whose
// available space is unknown, and a modem that knows only its signal:
//
//	aa                       map of 10 pairs
//	00 01                    v: 1
//	01 66 47 4b 30 30 30 31  serial: "GK0001"
//	02 18 61                 boot: 97
//	03 05                    seq: 5
//	04 1a 6a fd 6d 00        time: 1794993408
//	05 19 03 e8              uptime: 1000
//	08 83 18 96 f6 09        load: [150, null, 9]
//	0b 81 83 61 2f           disks: [["/", ...
//	19 20 00 19 10 04        ... 8192, 4100]]
//	0d 82 f6 38 56           gsm: [null, -87]
//	12 18 3c                 period: 60
//
// # Behaviour
//
// The first report follows at hash(serial) modulo period after Start, each
// next one a period later on the monotonic clock. Facts that take longer than
// the lesser of 5 s and the period are left out of the report, which is sent
// all the same; a period whose report is still being made is skipped. Each
// destination has its own goroutine and socket: a failed look-up, dial or
// write is tried again with growing pauses of up to 1 min on a fresh socket,
// until the next report takes its place. A name is looked up again every 10
// min and after errors; while that fails the last address is used. Nothing
// but Stop ends a running agent.
//
// # Errors and logging
//
// Start gives [ErrDisabled], [ErrStarted] or [ErrStopped]; the codec
// [ErrMalformed], [ErrVersion], [ErrSealed] or [ErrUnencodable]; New gives a
// [ConfigError]. Logged are, at the level Warn, that a destination or the
// source begins to fail or a look-up does, and at Info that it works again.
// Single messages are never logged, [Service.Status] counts them.
package telemetry
