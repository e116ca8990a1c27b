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
// A server takes messages with [Decode], sealed ones with [ParseEnvelope];
// telemetry/receiver is such a server. Tests on either side find a fake Source and a Collector in telemetrytest. The Source
// of a Linux host is in procsource; a vendor's own Source is proven by
// telemetrytest/suite.
//
// # Wire format v1
//
// A datagram is at most 1,200 bytes. It is a message, one CBOR map (RFC 8949)
// whose first byte is 0xA0 to 0xB8, or a sealed message, whose first byte is
// 0xD1, see below. 0xD0 is kept for encrypted messages (COSE_Encrypt0);
// anything else is no message. The map has definite lengths, shortest
// integers, no floats, no tags, no key twice, and ascending keys.
//
//	key  name     type   content
//	0    v        uint   version, 1; required
//	1    serial   text   who reports; left out of a sealed message
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
// # Sealed messages
//
// A sealed message proves its sender. It is a COSE_Mac0 (RFC 9052 section
// 6.2) with the algorithm 4, HMAC 256/64 (RFC 9053 section 3.1), under a key
// of 32 bytes that each device has of its own, and of exactly this form, all
// lengths in the shortest head:
//
//	d1 84         tag 17, array of 4
//	43 a1 01 04   protected header: byte string of the map {1: 4}
//	a1 04 ...     unprotected header: 4 (kid): byte string of the serial, text
//	              of 1 to 64 bytes
//	...           payload: byte string of the message, without key 1
//	48 ...        tag: byte string of 8 bytes
//
// A message that has key 1 all the same must name the kid. The tag is the
// first 8 bytes of HMAC-SHA-256 over the array ["MAC0", protected header,
// empty byte string, payload]: 84 64 4d 41 43 30 43 a1 01 04 40, and the
// payload with its head as it stands in the datagram. The kid is not covered,
// it chooses the key: no two devices may share one. What is sealed can be read
// by anyone, see telemetry/dtls for secrecy.
//
// The key of a device is random ([NewKey]), or made from the master key of a
// fleet and the serial ([DeriveKey]), so that a server keeps one key only.
// The key file of a device ([ReadKeyFile]) has the key as 64 hexadecimal
// digits and mode 0600 or stricter.
//
// # Acks
//
// A server may answer a sealed message once it has stored it, and answers
// again when the message comes again. The answer has the form of a sealed
// message, is sealed with the same key for the same kid, and has this
// payload, an array and no map, so that neither passes for the other:
//
//	[boot, seq, time]         of a whole message
//	[boot, seq, time, part]   of a part, i of key 16
//
// boot is 0 if the message had none; time is the server's clock in Unix
// seconds. The array grows at its end only, a reader skips what is further.
// An answer is never longer than the message: a server does not answer one
// that is too short, so that a forged source address gains nobody anything.
//
// In JSON a message has the names of the table; arrays become objects, see
// the json tags of [Message], and unknown values are left out.
//
// For readers in other languages: wire.cddl is the grammar (RFC 8610),
// names.json has the names and units of all keys, testdata the messages and
// sealed datagrams to test with, and testdata/readers a reader in Python and
// one in JavaScript. examples/telemetrydump shows datagrams with names.
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
// A small message sealed by the key 000102...1f, and the ack to it:
//
//	d1 84 43 a1 01 04        COSE_Mac0, HMAC 256/64
//	a1 04                    kid:
//	46 47 4b 30 30 30 31     ... "GK0001"
//	52                       payload of 18 bytes: map of 5 pairs
//	a5 00 01 02 18 61        ... v: 1, boot: 97
//	03 05                    ... seq: 5
//	04 1a 6a fd 6d 00        ... time: 1794993408
//	05 19 03 e8              ... uptime: 1000
//	48                       tag of 8 bytes
//	3b 9d dc 0b de b5 2a 68  ... 43 bytes together
//
//	d1 84 43 a1 01 04        COSE_Mac0, HMAC 256/64
//	a1 04                    kid:
//	46 47 4b 30 30 30 31     ... "GK0001"
//	49                       payload of 9 bytes:
//	83 18 61 05              ... [97, 5,
//	1a 6a fd 6d 01           ... 1794993409]
//	48                       tag of 8 bytes
//	97 65 47 a8 0a d9 3f 0d  ... 34 bytes together
//
// Were that key the master of a fleet, the key of GK0001 would be
// 0df810df5fd0c0bea56df8cfafd4071f52d7c2f1957002cf5010ffb6855555c0.
//
// # Behaviour
//
// The first report follows at hash(serial) modulo period after Start, each
// next one a period later; seq and period go by the monotonic clock, whatever
// the time of day does. Facts that take longer than the lesser of 5 s and the
// period are left out of the report, which is sent all the same; a period
// whose report is still being made is skipped.
//
// Each destination has its own goroutine and socket: a failed look-up, dial
// or write is tried again with growing pauses of up to 1 min on a fresh
// socket, until the next report takes its place. A name is looked up again
// every 10 min and after errors; while that fails the last addresses are
// used. Of several addresses, IPv6 or IPv4, the one that works is kept, and
// after an error the next is tried. Before each report the agent compares the
// local address of its UDP socket with the one that leads to the server now,
// and takes a fresh socket when it has changed. Nothing but Stop ends a
// running agent.
//
// With Config.Ring, the reports that could not be sent wait in memory, up to
// 32 for each destination, the oldest giving way. They are sent late, with
// their own seq, time and counters and flagged with key 17, once a live
// report has left: oldest first, at most 5 datagrams a second, and always
// after a live report. A receiver's window is larger than the ring. What is
// in memory is lost when the agent ends.
//
// With Config.Acks, a report also goes into the ring when its ack has not come
// within 10 s. After 2 acks in a row that did not come, a new socket is
// opened, to the next address if there is one, and nothing is sent late until
// one comes; a report is given up after 5 late sendings without ack. Only the
// missing parts of a split report are sent again. An ack also shows how far
// the clock of the server is ahead, see [DestinationStatus]; the agent sets
// no clock.
//
// # Errors and logging
//
// Start gives [ErrDisabled], [ErrStarted] or [ErrStopped], or the error of
// the key file; the codec [ErrMalformed], [ErrVersion], [ErrSealed],
// [ErrForged] or [ErrUnencodable]; New gives a [ConfigError]. Logged are, at the level Warn, that a destination or the
// source begins to fail or a look-up does, and at Info that it works again.
// Single messages are never logged, [Service.Status] counts them.
package telemetry
