package receiver

import (
	"context"
	"net/netip"
	"time"

	"github.com/fieldgate/fieldgate/telemetry"
)

// Record is one message that was received, proven and is new.
type Record struct {
	// Received is when it arrived, by the clock of this machine.
	Received time.Time
	// Source is where it came from: behind a NAT the same for many devices,
	// and another one tomorrow. An IPv4 address is never written as IPv6.
	Source netip.AddrPort
	// Device is the serial number: the kid of a sealed datagram, proven by
	// its MAC, or what a bare message claims.
	Device string
	// Sealed says that the MAC was verified.
	Sealed bool
	// Raw is the datagram as it came. The record owns it.
	Raw []byte
	// Message is what the datagram says; its Serial is Device.
	Message *telemetry.Message
}

// Sink takes the records to where they are kept.
type Sink interface {
	// Write returns nil when all records are as safe as the sink promises:
	// their acks are sent then. A sink that forwards in the background
	// promises little, one that has synced a disk much.
	//
	// An error that wraps [ErrNotStored] gives the records up. After any
	// other, Write is called with the same records again, after a pause of
	// 0.1 s growing to 10 s; after a crash too a record may come again, by a
	// device that got no ack. So a sink either takes the same device, boot, seq and part
	// twice without harm, or says that it stores duplicates.
	//
	// It is safe for concurrent use, as several receivers may share a sink;
	// one Service calls it from one goroutine, with at least one record.
	// It ends soon after ctx does, which is three seconds after Stop at the
	// latest. The slice is the caller's: a sink that keeps records copies
	// it. What the records point to is never changed by either side.
	Write(ctx context.Context, records []Record) error
}

// KeyStore knows the keys of the devices.
type KeyStore interface {
	// Key returns the key of a device and whether there is one. It is asked
	// for every datagram, by several goroutines at once, before it is known
	// who sent it: it answers from memory. An error is counted, and the
	// datagram dropped.
	Key(ctx context.Context, serial string) (telemetry.Key, bool, error)
}

// KeyFunc is a function that is a [KeyStore].
type KeyFunc func(ctx context.Context, serial string) (telemetry.Key, bool, error)

// Key calls f.
func (f KeyFunc) Key(ctx context.Context, serial string) (telemetry.Key, bool, error) {
	return f(ctx, serial)
}

var _ KeyStore = KeyFunc(nil)
