package telemetry

import (
	"cmp"
	"net"
	"strconv"
	"time"

	"github.com/fieldgate/fieldgate/internal/config"
)

// Limits of [Config].
const (
	minPeriod       = time.Second
	maxPeriod       = 24 * time.Hour
	maxDestinations = 8
	maxRing         = 32
	maxIdentity     = 128
)

const defaultPeriod = Duration(time.Minute)

// Duration is a length of time, written as "60s", "1m30s" or bare seconds.
type Duration = config.Duration

// Config is what an operator sets.
type Config struct {
	// Enabled switches the agent on. Default and zero: off, nothing runs.
	Enabled bool `yaml:"enabled" json:"enabled"`
	// Destinations are the servers that each get every message, at most 8.
	// Default and zero: none; at least one is required when enabled.
	Destinations []Destination `yaml:"destinations" json:"destinations"`
	// Period is the time from one message to the next, in whole seconds from
	// 1 s to 24 h. Default and zero: 60 s.
	Period Duration `yaml:"period" json:"period"`
	// KeyFile is the path of the file with the key that seals the messages,
	// see [ReadKeyFile]; it is read at Start. Default and zero: messages are
	// sent bare, and anyone can send in the name of this device.
	KeyFile string `yaml:"key_file" json:"key_file"`
	// Ring is how many reports that could not be sent, or were not acked,
	// are kept in memory for each destination to be sent late, 0 to 32.
	// Default and zero: none, such a report is lost.
	Ring int `yaml:"ring" json:"ring"`
	// Acks says that the servers answer each stored message with an [Ack].
	// It needs KeyFile, and a device that counts its starts. Servers with the
	// same key can answer for one another: give the device one destination,
	// or several that store in one place. Default and zero: no answer is
	// expected.
	Acks bool `yaml:"acks" json:"acks"`
}

// Destination is one server.
type Destination struct {
	// Host is a host name or an IP address. Required.
	Host string `yaml:"host" json:"host"`
	// Port is the UDP port, 1 to 65535. Required, there is no default.
	Port int `yaml:"port" json:"port"`
	// Encoding is the form of the messages. Default and zero: cbor.
	Encoding Encoding `yaml:"encoding,omitempty" json:"encoding,omitzero"`
	// Transport is what carries the messages. Default and zero: udp.
	Transport Transport `yaml:"transport,omitempty" json:"transport,omitzero"`
	// Identity is the name that this device gives to a DTLS server, which
	// finds the pre-shared key by it: text of 1 to 128 bytes. Required with
	// the transport dtls, refused with udp.
	Identity string `yaml:"identity,omitempty" json:"identity,omitzero"`
	// PSKFile is the path of the file with the pre-shared key for DTLS.
	// Required with the transport dtls, refused with udp.
	PSKFile string `yaml:"psk_file,omitempty" json:"psk_file,omitzero"`
}

// Encoding is the form of the messages for one destination.
type Encoding string

// The encodings. Only cbor is built in and only cbor can be sealed and acked;
// the program brings the others in [Options].
const (
	EncodingCBOR   Encoding = "cbor"   // the wire format of this package
	EncodingInflux Encoding = "influx" // InfluxDB line protocol
	EncodingSenML  Encoding = "senml"  // SenML JSON (RFC 8428)
)

// UnmarshalText reads one of the words above, or nothing for cbor.
func (e *Encoding) UnmarshalText(text []byte) (err error) {
	if len(text) == 0 {
		*e = ""
		return nil
	}
	*e, err = config.ParseEnum(text, EncodingCBOR, EncodingInflux, EncodingSenML)
	return err
}

// Transport is what carries the messages to one destination.
type Transport string

// The transports. Only udp is built in; the program brings the other in
// [Options].
const (
	TransportUDP  Transport = "udp"
	TransportDTLS Transport = "dtls" // DTLS with a pre-shared key
)

// UnmarshalText reads one of the words above, or nothing for udp.
func (t *Transport) UnmarshalText(text []byte) (err error) {
	if len(text) == 0 {
		*t = ""
		return nil
	}
	*t, err = config.ParseEnum(text, TransportUDP, TransportDTLS)
	return err
}

func (d Destination) encoding() Encoding   { return cmp.Or(d.Encoding, EncodingCBOR) }
func (d Destination) transport() Transport { return cmp.Or(d.Transport, TransportUDP) }

// String returns "host:port", with brackets around an IPv6 address.
func (d Destination) String() string {
	return net.JoinHostPort(d.Host, strconv.Itoa(d.Port))
}

func (c Config) period() time.Duration { return cmp.Or(c.Period, defaultPeriod).Std() }

// DefaultConfig is disabled, has no destination and a period of 60 s.
func DefaultConfig() Config {
	return Config{Period: defaultPeriod}
}
