package latest

import (
	"cmp"
	"net/netip"

	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/receiver"
)

// Report is one datagram that was received, with what must be known of it
// without decoding it again.
type Report struct {
	Device   string         // serial number
	Received int64          // by the server's clock, Unix time in nanoseconds
	Source   netip.AddrPort // without a zone
	Sealed   bool           // its MAC was verified
	Late     bool           // the device sent it again, later than its time
	Boot     telemetry.Maybe[uint32]
	Seq      uint64
	Part     telemetry.Part // zero when whole
	Period   uint64         // seconds; 0 = unknown
	Raw      []byte         // the datagram
}

// ReportOf returns what is kept of a record. It shares the datagram.
func ReportOf(r *receiver.Record) Report {
	m := r.Message
	return Report{
		Device: r.Device, Received: r.Received.UnixNano(), Source: r.Source, Sealed: r.Sealed, Late: m.Late,
		Boot: m.Boot, Seq: m.Seq, Part: m.Part, Period: m.Period, Raw: r.Raw,
	}
}

// Message decodes the datagram, without checking its MAC once more.
func (r *Report) Message() (*telemetry.Message, error) {
	if len(r.Raw) == 0 || r.Raw[0] != 0xd1 {
		return telemetry.Decode(r.Raw)
	}
	envelope, err := telemetry.ParseEnvelope(r.Raw)
	if err != nil {
		return nil, err
	}
	return envelope.Decode()
}

// order tells a report's place among those of its device.
type order struct {
	boot telemetry.Maybe[uint32]
	seq  uint64
}

// compare places a report that arrives now: negative when it is older than p,
// which is here, and 0 for parts of one report. Within a known boot the numbers
// tell. Otherwise what arrives now is newer, whatever its boot: the receiver
// lets an earlier boot through only when the device was forgotten. No clock is
// asked, as the server's may jump.
func (o order) compare(p order) int {
	switch {
	case o == p:
		return 0
	case o.boot.Known && o.boot == p.boot:
		return cmp.Compare(o.seq, p.seq)
	}
	return 1
}
