package ser2net

// Connect lets a port dial out.
type Connect struct {
	// Destinations are the "host:port" to dial, each with a connection of
	// its own that gets all data. Default: none, the port does not dial.
	Destinations []string `yaml:"destinations,omitempty" json:"destinations,omitempty"`
	// When is always or on_data. With on_data the device is open all the
	// time, what it sends waits in the queue until the connection is up, and
	// the network timeout ends the connection. Default and zero: always.
	When When `yaml:"when,omitempty" json:"when,omitzero"`
	// RetryMin is the first pause before another try, from 100ms; each next
	// one is twice as long, up to RetryMax. Default and zero: 1s and 60s.
	RetryMin Duration `yaml:"retry_min,omitempty" json:"retry_min,omitzero"`
	RetryMax Duration `yaml:"retry_max,omitempty" json:"retry_max,omitzero"`
}

// TLS protects the connections of a port. The files are read by Start and by
// Apply.
type TLS struct {
	// CertFile and KeyFile are the PEM files of the certificate, with its
	// chain, and its key. Default: none, TLS is off.
	CertFile string `yaml:"cert_file,omitempty" json:"cert_file,omitzero"`
	KeyFile  string `yaml:"key_file,omitempty" json:"key_file,omitzero"`
	// ClientCAFile is the PEM file of the authorities that sign the
	// certificates of clients, which are then required. Default: clients
	// need none.
	ClientCAFile string `yaml:"client_ca_file,omitempty" json:"client_ca_file,omitzero"`
	// ClientNames are the subject common names or DNS names of the clients
	// that may come, with ClientCAFile only. Default: any.
	ClientNames []string `yaml:"client_names,omitempty" json:"client_names,omitempty"`
}

// on tells whether TLS is to be spoken.
func (t TLS) on() bool { return t.CertFile != "" }

// Packing gathers what the device sends into packets: each goes out in one
// write, and over UDP in one datagram. A packet ends at its length, after its
// delimiter or send_on text, or when its time is over, whatever comes first.
// Without any of these data goes out as it comes.
type Packing struct {
	// Length ends a packet, 1 to 4096 bytes. Default and zero: 4096 where
	// another end is set.
	Length int `yaml:"length,omitempty" json:"length,omitzero"`
	// Delimiter ends a packet: 1 to 16 bytes, with the escapes of Banner.
	// Default: none.
	Delimiter string `yaml:"delimiter,omitempty" json:"delimiter,omitzero"`
	// DelimiterProcess is keep, plus_1, plus_2 or strip. Default and zero:
	// keep.
	DelimiterProcess DelimiterProcess `yaml:"delimiter_process,omitempty" json:"delimiter_process,omitzero"`
	// SendOn ends a packet as a delimiter does, up to 256 bytes.
	SendOn string `yaml:"send_on,omitempty" json:"send_on,omitzero"`
	// ForceTime ends a packet so long after its last byte, up to 65.535s. It
	// is kept to about 1 ms. Default and zero: never.
	ForceTime Duration `yaml:"force_time,omitempty" json:"force_time,omitzero"`
	// MaxTime ends a packet so long after its first byte, up to 65.535s.
	// Default and zero: never.
	MaxTime Duration `yaml:"max_time,omitempty" json:"max_time,omitzero"`
}

// on tells whether anything is gathered.
func (p Packing) on() bool {
	return p.Length > 0 || p.Delimiter != "" || p.SendOn != "" || p.ForceTime > 0 || p.MaxTime > 0
}

// Trace records the data of a port in a file, which is appended to. A file
// that cannot be written is reported once and does not stop the port.
type Trace struct {
	// File is the path, with the escapes of Banner; \d and \o stand for what
	// follows their last slash. Required.
	File string `yaml:"file" json:"file"`
	// Direction is both, to_device or to_network. Default and zero: both.
	Direction Direction `yaml:"direction,omitempty" json:"direction,omitzero"`
	// HexDump writes lines of 8 bytes in hexadecimal and ASCII. Default and
	// zero: the bytes as they are.
	HexDump bool `yaml:"hex_dump,omitempty" json:"hex_dump,omitzero"`
	// Timestamp begins each line of a dump, or each chunk of bytes, with the
	// time. Default and zero: off.
	Timestamp bool `yaml:"timestamp,omitempty" json:"timestamp,omitzero"`
}

// RotatorConfig is one TCP address for several ports: a client gets the first
// port that has a place free, each time beginning with the next one. All else
// is as the port says.
type RotatorConfig struct {
	// Name tells rotators apart: 1 to 64 printable characters, unique.
	Name string `yaml:"name" json:"name"`
	// Enabled switches the rotator. Default and zero: off.
	Enabled bool `yaml:"enabled" json:"enabled"`
	// Listen is the "address:port" that clients connect to. Required.
	Listen string `yaml:"listen" json:"listen"`
	// Ports are the names of at least one TCP port.
	Ports []string `yaml:"ports" json:"ports"`
}
