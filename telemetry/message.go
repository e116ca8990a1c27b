package telemetry

import "strconv"

// Version is the version of the wire format that this package speaks.
const Version = 1

// MaxDatagram is the most bytes of UDP payload that the agent sends: it fits
// the smallest IPv6 packet (1,280 bytes, RFC 8200 section 5) and leaves room
// for tunnels.
const MaxDatagram = 1200

// Message is one report of a device, or one part of a report that was split.
// The fields are those of the table in the package documentation.
type Message struct {
	Version uint64        `json:"v"`               // always 1
	Serial  string        `json:"serial,omitzero"` // who reports; "" = unknown
	Boot    Maybe[uint32] `json:"boot,omitzero"`   // counts the starts of the agent
	Seq     uint64        `json:"seq"`             // counts the periods since that start, from 0
	Time    Maybe[uint64] `json:"time,omitzero"`   // Unix seconds; unknown while the clock is not set
	Sample
	Part   Part    `json:"part,omitzero"`   // only when split
	Late   bool    `json:"late,omitzero"`   // sent again, later than its time
	Period uint64  `json:"period,omitzero"` // seconds between reports; 0 = unknown
	Stats  Stats   `json:"stats,omitzero"`
	Extra  []Extra `json:"extra,omitzero"` // facts that this version has no field for
}

// Part says which part of a split report a message is. The zero value is a
// report that is whole.
type Part struct {
	Index uint64 `json:"i"` // 1 to Count
	Count uint64 `json:"n"`
}

// Stats are the counters of the agent itself, since its start.
type Stats struct {
	SendErrors Maybe[uint64] `json:"send_errors,omitzero"` // failed attempts to send to this destination
	Dropped    Maybe[uint64] `json:"dropped,omitzero"`     // reports that never left for this destination
	CollectMS  Maybe[uint64] `json:"collect_ms,omitzero"`  // time that the facts of this report took
}

// Extra is a fact that this version of the package has no field for. Its key
// is ID, or Name when that is not empty.
type Extra struct {
	ID   uint64 // 20 or more
	Name string // private facts, of the form "x.y"
	Raw  []byte // one CBOR value, as strict as the message itself
}

// Technology is the radio technology of a modem. Its text is "none", "gsm",
// "edge", "umts", "hspa", "lte" or "nr", and the number for any other.
type Technology uint64

// The technologies of the table.
const (
	TechNone Technology = iota
	TechGSM
	TechEDGE
	TechUMTS
	TechHSPA
	TechLTE
	TechNR
)

// technologies holds the texts; the index is the value.
var technologies = [...]string{"none", "gsm", "edge", "umts", "hspa", "lte", "nr"}

// String returns the text of t.
func (t Technology) String() string {
	if t < Technology(len(technologies)) {
		return technologies[t]
	}
	return strconv.FormatUint(uint64(t), 10)
}
