package telemetry

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Validate returns every fault as a [ConfigError], or nil. Files are not
// looked at.
func (c Config) Validate() error {
	faults := c.faults()
	return faults.Err()
}

func (c Config) faults() ConfigError {
	var faults ConfigError
	if c.Enabled && len(c.Destinations) == 0 {
		faults.Addf("destinations", "at least one is required while enabled")
	}
	if n := len(c.Destinations); n > maxDestinations {
		faults.Addf("destinations", "%d are too many, allowed are %d", n, maxDestinations)
	}
	first := make(map[string]int)
	for i, d := range c.Destinations {
		path := place(i)
		before := len(faults)
		faults.CheckHost(path+".host", d.Host)
		faults.CheckPort(path+".port", d.Port)
		if len(faults) == before {
			if j, twice := first[d.spelling()]; twice {
				faults.Addf(path, "%s is destinations[%d] already", d, j)
			} else {
				first[d.spelling()] = i
			}
		}
		d.checkForm(&faults, path, c.Acks)
	}
	switch p := c.period(); {
	case p < minPeriod || p > maxPeriod:
		faults.Addf("period", "%s is out of range, allowed is 1s to 24h", c.Period)
	case p%time.Second != 0:
		faults.Addf("period", "%s is not a whole number of seconds", c.Period)
	}
	if c.Ring < 0 || c.Ring > maxRing {
		faults.Addf("ring", "%d is out of range, allowed is 0 to %d", c.Ring, maxRing)
	}
	if c.Acks && c.KeyFile == "" {
		faults.Addf("acks", "they need key_file: without a key anyone could answer")
	}
	return faults
}

// checkForm adds the faults of how a destination is spoken to.
func (d Destination) checkForm(faults *ConfigError, path string, acks bool) {
	switch d.encoding() {
	case EncodingCBOR:
	case EncodingInflux, EncodingSenML:
		if acks {
			faults.Addf(path+".encoding", "%s has no acks: use cbor, or switch acks off", d.Encoding)
		}
	default:
		faults.Addf(path+".encoding", "unknown word %q, want %s, %s, %s", d.Encoding, EncodingCBOR, EncodingInflux, EncodingSenML)
	}
	switch d.transport() {
	case TransportUDP:
		if d.Identity != "" {
			faults.Addf(path+".identity", "it is used with the transport dtls only")
		}
		if d.PSKFile != "" {
			faults.Addf(path+".psk_file", "it is used with the transport dtls only")
		}
	case TransportDTLS:
		switch {
		case d.Identity == "":
			faults.Addf(path+".identity", "required with the transport dtls")
		case len(d.Identity) > maxIdentity || !utf8.ValidString(d.Identity):
			faults.Addf(path+".identity", "not a text of 1 to %d bytes", maxIdentity)
		}
		if d.PSKFile == "" {
			faults.Addf(path+".psk_file", "required with the transport dtls")
		}
	default:
		faults.Addf(path+".transport", "unknown word %q, want %s, %s", d.Transport, TransportUDP, TransportDTLS)
	}
}

// Warnings returns what is allowed but weak.
func (c Config) Warnings() []Warning {
	var list []Warning
	for i, d := range c.Destinations {
		if d.transport() != TransportUDP {
			continue
		}
		switch {
		case c.KeyFile == "":
			list = append(list, Warning{Path: place(i), Text: "nothing proves that messages come from this device: set key_file"})
		case d.encoding() != EncodingCBOR:
			list = append(list, Warning{Path: place(i) + ".encoding", Text: fmt.Sprintf("key_file does not protect messages in %s: use cbor, or the transport dtls", d.Encoding)})
		}
	}
	return list
}

func place(i int) string { return fmt.Sprintf("destinations[%d]", i) }

// spelling is equal for two spellings of one destination.
func (d Destination) spelling() string {
	host := strings.ToLower(strings.TrimSuffix(d.Host, "."))
	if addr, err := netip.ParseAddr(host); err == nil {
		host = addr.Unmap().String()
	}
	return net.JoinHostPort(host, strconv.Itoa(d.Port))
}
