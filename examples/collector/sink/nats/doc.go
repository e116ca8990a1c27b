// Package nats is the sink that stores each datagram in a stream of NATS
// JetStream, as it came:
//
//	subject              tele.<group>.<serial>, the serial as by Token
//	payload              the bytes of the datagram
//	Nats-Msg-Id          <serial>/<boot>/<seq>[/<part>], as by MessageID
//	Fieldgate-Received   when it came, RFC 3339 with nanoseconds, UTC
//	Fieldgate-Source     address:port that it came from
//	Fieldgate-Sealed     "true" when its MAC was right, else no such header
//
// The stream keeps one of several messages with the same Nats-Msg-Id within
// its duplicate window, so two collectors may receive the same datagrams, and
// a Write that failed half way may be repeated.
//
// With Config.Batch, one message holds up to that many datagrams, one behind
// the other: a CBOR sequence (RFC 8742).
//
//	subject              tele.batch.<shard>
//	payload              the datagrams
//	Nats-Msg-Id          a hash of the payload
//	Fieldgate-Received   when the first of them came
//	Fieldgate-Count      how many they are
//
// Batches cost the server far less, but the sources are not kept, and two
// collectors store what both received twice: readers tell it by serial, boot,
// seq and part.
//
// Write waits for the acknowledgements of the server, so what it returns nil
// for is in the stream; how soon a single server has it on its disk is the
// server's setting (sync_interval). The stream is made when it does not exist (subjects tele.>,
// file storage, the oldest discarded first); one that exists is used as it
// is. The connection is made and renewed in the background.
package nats
