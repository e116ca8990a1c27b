package receiver

import (
	"net/netip"
	"time"

	"github.com/fieldgate/fieldgate/telemetry"
)

// Stats counts what became of the datagrams since Start. Each one is in
// exactly one of the groups "refused", "dropped" and Received, or still in
// the queue.
type Stats struct {
	Datagrams uint64 `json:"datagrams"` // read from the sockets
	Bytes     uint64 `json:"bytes"`     // UDP payload of those

	Received uint64 `json:"received"` // taken by the sink

	// Refused.

	Truncated  uint64 `json:"truncated"`   // longer than MaxPacket
	Malformed  uint64 `json:"malformed"`   // no message of the wire format
	Version    uint64 `json:"version"`     // a message of another version
	Bare       uint64 `json:"bare"`        // without MAC, where that is not allowed or the device has a key
	Unknown    uint64 `json:"unknown"`     // of a device without key, or without serial
	BadMAC     uint64 `json:"bad_mac"`     // not sealed with the device's key
	KeyErrors  uint64 `json:"key_errors"`  // the key store failed
	Limited    uint64 `json:"limited"`     // of a source that has sent too much that was refused
	Duplicate  uint64 `json:"duplicate"`   // received before
	Replayed   uint64 `json:"replayed"`    // of an earlier boot, or older than the window
	MaxDevices uint64 `json:"max_devices"` // of a new device, when there was room for no more

	// Dropped, although there was nothing wrong with them.

	QueueFull uint64 `json:"queue_full"` // the sink was too slow
	NotStored uint64 `json:"not_stored"` // the sink gave them up, or had failed when Stop came

	// Besides.

	KernelDrops uint64 `json:"kernel_drops"` // never read: the socket's buffer was full
	ReadErrors  uint64 `json:"read_errors"`  // failed reads of a socket
	SinkErrors  uint64 `json:"sink_errors"`  // failed writes of the sink, retries included
	StateErrors uint64 `json:"state_errors"` // failed writes of the state file
	Acks        uint64 `json:"acks"`         // sent
	AckErrors   uint64 `json:"ack_errors"`   // acks that could not be sent
}

// DeviceStats is what is known about one device. Counters begin with the
// first message ever seen and outlive a restart by the state file.
type DeviceStats struct {
	Device string                  `json:"device"`
	Sealed bool                    `json:"sealed"` // the latest message was
	Source netip.AddrPort          `json:"source"` // of the latest message
	Boot   telemetry.Maybe[uint32] `json:"boot,omitzero"`
	Top    uint64                  `json:"top"` // highest seq of this boot

	// Received counts the datagrams that were taken; each part of a split
	// report is one.
	Received uint64 `json:"received"`
	// Lost counts the reports that are missing for certain: numbers below
	// the highest of their boot of which nothing was taken. It begins at the
	// first number seen of a device, and at 0 for each later boot. A report
	// that arrives late takes itself off. What a device sent after the last
	// message of a boot cannot be known; see Due and Silence.
	Lost uint64 `json:"lost"`
	// LostParts counts the parts that are missing of reports of which
	// another part was taken. It is up for a moment while parts arrive.
	LostParts uint64 `json:"lost_parts"`
	// Dropped counts datagrams that arrived but were dropped here, by a full
	// queue or a sink that gave up: part of Lost that is no network's fault,
	// unless the device sent them again.
	Dropped   uint64 `json:"dropped"`
	Duplicate uint64 `json:"duplicate"` // refused, as they had been taken before
	Reordered uint64 `json:"reordered"` // taken after a later one, without being marked late
	Late      uint64 `json:"late"`      // taken, marked by the device as sent again
	Replayed  uint64 `json:"replayed"`  // refused: of an earlier boot, or older than the window
	Reboots   uint64 `json:"reboots"`   // changes of boot

	First time.Time `json:"first"` // when the first message came, to the second
	Last  time.Time `json:"last"`  // when the latest message came
	// Period is the seconds between reports, by the device; 0 = unknown.
	Period uint64 `json:"period,omitzero"`
	// Due is Last plus Period: when it is past, the device is silent, and
	// what it may have sent since is unknown. Zero without Period.
	Due time.Time `json:"due,omitzero"`
	// Silence adds up, over all reboots, for how long the device was silent
	// before its new boot was heard: reports of that time may be lost, but
	// nobody can count them. To the second.
	Silence Duration `json:"silence"`
	// ClockOffset is by how many seconds the device's clock is ahead of this
	// machine's, at the latest message with a time. It includes up to 1 s
	// that the device rounds off, and the way here.
	ClockOffset telemetry.Maybe[int64] `json:"clock_offset,omitzero"`
	// Booted is the device's time at uptime 0, zero when unknown: a message
	// of this boot without time was made at Booted plus its uptime.
	Booted time.Time `json:"booted,omitzero"`
}

// Status is the state of the service.
type Status struct {
	Sockets []SocketStatus `json:"sockets"`
	Devices int            `json:"devices"` // with state
	Queued  int            `json:"queued"`  // datagrams that wait for the sink
	// SinkError and StateError are the latest failure of the sink and of the
	// state file while it lasts; "" = none.
	SinkError  string `json:"sink_error,omitzero"`
	StateError string `json:"state_error,omitzero"`
	Stats      Stats  `json:"stats"`
}

// SocketStatus is one socket.
type SocketStatus struct {
	Address netip.AddrPort `json:"address"`
	// ReadBuffer is the size that the kernel granted, in bytes; 0 = unknown.
	ReadBuffer int `json:"read_buffer"`
	// KernelDrops counts datagrams that found the buffer full.
	KernelDrops uint64 `json:"kernel_drops"`
}
