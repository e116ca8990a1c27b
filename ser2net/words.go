package ser2net

// Protocol says what is spoken on a port's connections.
type Protocol string

// The protocols.
const (
	ProtocolRaw    Protocol = "raw"    // bytes as they are
	ProtocolRawLP  Protocol = "rawlp"  // raw, to the device only: what it sends is dropped
	ProtocolTelnet Protocol = "telnet" // RFC 854, 8-bit clean
	ProtocolOff    Protocol = "off"    // nothing: the port is as if disabled
)

// UnmarshalText reads one of the words above, or nothing for raw.
func (p *Protocol) UnmarshalText(text []byte) error {
	return readWord(p, text, ProtocolRaw, ProtocolRawLP, ProtocolTelnet, ProtocolOff)
}

// Network is the transport of a port.
type Network string

// The networks.
const (
	NetworkTCP Network = "tcp"
	NetworkUDP Network = "udp" // each sender is a client until its timeout
)

// UnmarshalText reads one of the words above, or nothing for tcp.
func (n *Network) UnmarshalText(text []byte) error {
	return readWord(n, text, NetworkTCP, NetworkUDP)
}

// OnBusy says what becomes of a client that finds all places taken.
type OnBusy string

// The answers to a client too many.
const (
	OnBusyRefuse OnBusy = "refuse" // the newcomer is turned away
	OnBusyKick   OnBusy = "kick"   // the client that came first has to leave
)

// UnmarshalText reads one of the words above, or nothing for refuse.
func (o *OnBusy) UnmarshalText(text []byte) error {
	return readWord(o, text, OnBusyRefuse, OnBusyKick)
}

// OnLoss says what becomes of the clients when the device goes away.
type OnLoss string

// The answers to the loss of a device.
const (
	OnLossClose OnLoss = "close" // they are disconnected
	OnLossKeep  OnLoss = "keep"  // they stay, and the device is opened again
)

// UnmarshalText reads one of the words above, or nothing for close.
func (o *OnLoss) UnmarshalText(text []byte) error {
	return readWord(o, text, OnLossClose, OnLossKeep)
}

// SlowClient says what becomes of a client whose queue is full.
type SlowClient string

// The policies for a slow client. A client that takes nothing at all is ended
// by its user timeout under each of them.
const (
	// SlowAuto is wait for a client that is alone and disconnect for one
	// that is not.
	SlowAuto SlowClient = "auto"
	// SlowWait reads no more from the device, which stops the line where it
	// has flow control. It also holds up the other clients.
	SlowWait SlowClient = "wait"
	// SlowDisconnect disconnects the client.
	SlowDisconnect SlowClient = "disconnect"
	// SlowDropOldest drops what waited longest for this client, and counts
	// it. With telnet it drops what comes new.
	SlowDropOldest SlowClient = "drop_oldest"
)

// UnmarshalText reads one of the words above, or nothing for auto.
func (s *SlowClient) UnmarshalText(text []byte) error {
	return readWord(s, text, SlowAuto, SlowWait, SlowDisconnect, SlowDropOldest)
}

// DelimiterProcess says what is done with the delimiter of a packet.
type DelimiterProcess string

// The processings of a delimiter.
const (
	DelimiterKeep  DelimiterProcess = "keep"   // it ends the packet
	DelimiterPlus1 DelimiterProcess = "plus_1" // the packet ends one byte after it
	DelimiterPlus2 DelimiterProcess = "plus_2" // the packet ends two bytes after it
	DelimiterStrip DelimiterProcess = "strip"  // it ends the packet and is dropped
)

// UnmarshalText reads one of the words above, or nothing for keep.
func (d *DelimiterProcess) UnmarshalText(text []byte) error {
	return readWord(d, text, DelimiterKeep, DelimiterPlus1, DelimiterPlus2, DelimiterStrip)
}

// Direction says which way data goes.
type Direction string

// The directions.
const (
	DirectionBoth      Direction = "both"
	DirectionToDevice  Direction = "to_device"
	DirectionToNetwork Direction = "to_network"
)

// UnmarshalText reads one of the words above, or nothing for both.
func (d *Direction) UnmarshalText(text []byte) error {
	return readWord(d, text, DirectionBoth, DirectionToDevice, DirectionToNetwork)
}

// When says when a port dials its destinations.
type When string

// The times to dial.
const (
	WhenAlways When = "always"  // from the start on
	WhenOnData When = "on_data" // when the device has sent something
)

// UnmarshalText reads one of the words above, or nothing for always.
func (w *When) UnmarshalText(text []byte) error {
	return readWord(w, text, WhenAlways, WhenOnData)
}
