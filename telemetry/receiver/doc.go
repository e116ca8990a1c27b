// Package receiver is the server's end of telemetry: it takes the datagrams
// of a fleet from UDP sockets, proves who sent each, refuses what was sent
// before, counts what is missing, and hands the messages to a [Sink] in
// batches. The example is a whole server.
//
// # Order of checks
//
// Each datagram goes through these steps, and falls out at the first that
// refuses it. Nothing is remembered of a sender before the MAC has proven
// who he is, but for a bounded count of failures for each source.
//
//	length                  Truncated
//	form of the envelope    Malformed, Bare
//	limit of the source     Limited
//	key of the device       Unknown, KeyErrors
//	MAC                     BadMAC
//	message                 Malformed, Version
//	room in the queue       QueueFull
//	room for devices        MaxDevices
//	window of the device    Duplicate, Replayed
//	sink                    NotStored, Received
//
// # Window
//
// A message is new if its boot is higher than any before, or if it is of the
// same boot and its seq is above the highest or one of the 128 from there
// down that has not come yet; the parts of a split report count each by
// itself. A lower boot is refused, and so is a message without boot of a
// device that once had one. The way out for a device that has lost its
// counter is [Service.Forget].
//
// A device that never sends a boot is taken to have restarted when its seq
// begins again near 0 with an uptime, or else a time, above the latest, or,
// telling neither, more than 128 below the highest. That is weaker: such a
// message, once recorded, can be replayed. The remedy is a boot counter, see
// telemetry/bootcount.
//
// # Loss
//
// [DeviceStats] counts exactly what is missing up to the last message of
// each boot. What a device sent after it is unknowable, and is shown as
// silence, never as 0 lost: see Due and Silence.
//
// A message that is dropped here, by a full queue or by the sink, is not
// marked as received: the device may send it again. [Stats] tells these
// drops, and those of the kernel, from what the network lost.
//
// # Acks and restarts
//
// With Config.Acks a message is answered once the sink has taken it and the
// state file has noted it, in this order. So after the end of the process at
// any moment (kill -9 included):
//
//   - nothing that was acknowledged is lost, as far as the sink keeps its
//     promise, and nothing of it can be replayed;
//   - what the sink had taken a moment before, but was not acknowledged, may
//     come again: a sink takes it twice or knows it by device, boot, seq and
//     part.
//
// A duplicate is answered again, as its ack may have been lost; one without
// boot is not: it may be the first of another run, and not be stored.
//
// A power cut may undo, besides, the last Config.StateSync of the state. One
// Service at a time uses a state file.
//
// # Rate
//
// One socket is verified and decoded by one goroutine, which takes 2 to 3
// microseconds for a report of 65 values on a server's processor; one more
// goroutine does the rest. Config.Sockets adds readers.
//
// # Errors and log
//
// The errors of the package are [ErrStarted], [ErrStopped], [ErrDisabled],
// [ErrNotStored] and [ErrKeyFile]. Logged is when reading, the sink or the
// state file begins to fail and when it works again, a receive buffer
// smaller than asked for, and a journal whose end was cut off; never a
// datagram.
package receiver
