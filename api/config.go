package api

import (
	"cmp"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/internal/config"
)

// Config is what an operator stores. The zero value is valid: switched off.
type Config struct {
	// Enabled switches the interface as a whole. Off (the zero value), a
	// [Service] does not start and a [Handler] answers as if every endpoint
	// were switched off.
	Enabled bool `yaml:"enabled" json:"enabled"`

	// Listen is the "address:port" on which a [Service] serves HTTP, such as
	// "127.0.0.1:8080" or ":8080" for all addresses; port 0 takes any free
	// one. Empty is a fault for an enabled Service. A [Handler] has no use
	// for it: the server that it is mounted in listens.
	Listen string `yaml:"listen" json:"listen"`

	// Authentication says who may call: "key" (the default, also when
	// empty) or "none".
	Authentication Authentication `yaml:"authentication" json:"authentication"`

	// Keys are the keys that open the interface, each by its salted hash.
	// An enabled interface with authentication "key" needs at least one.
	Keys []Key `yaml:"keys" json:"keys"`

	// Endpoints switches each endpoint by itself; all are off by default.
	Endpoints Endpoints `yaml:"endpoints" json:"endpoints"`

	// TLS encrypts what a [Service] serves; off by default. A [Handler] has
	// no use for it.
	TLS TLS `yaml:"tls" json:"tls"`

	// Limits bound what clients may take of the device.
	Limits Limits `yaml:"limits" json:"limits"`
}

// Limits bound what clients may take of the device. Zero means the default
// everywhere.
type Limits struct {
	// MaxConnections is how many connections a [Service] serves at one time,
	// 1 to 10000; default 64. One more gets status 503 and is closed; of
	// those, 16 at a time are answered and further ones closed in silence.
	MaxConnections int `yaml:"max_connections" json:"max_connections"`

	// MaxSyncBytes is the size of the largest configuration that /api/sync
	// takes, in bytes, 1 to 1 GiB; default 8 MiB. A larger one gets 413.
	MaxSyncBytes int64 `yaml:"max_sync_bytes" json:"max_sync_bytes"`

	// MaxFirmwareBytes is the size of the largest image that
	// /api/sysupgrade takes, in bytes, 1 to 4 GiB; default 64 MiB.
	MaxFirmwareBytes int64 `yaml:"max_firmware_bytes" json:"max_firmware_bytes"`

	// RequestsPerSecond is how many requests one address may make, 1 to
	// 100000 in a second, and twice as many at once; more get status 429.
	// Default: no limit. An IPv6 address counts by its first 64 bits.
	RequestsPerSecond int `yaml:"requests_per_second" json:"requests_per_second"`

	// WrongKeys is how many wrong keys lock an address out, 1 to 1000;
	// default 10, -1 = never. The address gets status 429 for 1 s then, and
	// for twice as long after each further wrong key, up to 30 s; after 10
	// minutes without one all is forgotten. A key that opened from there
	// within the last hour goes on to open meanwhile.
	WrongKeys int `yaml:"wrong_keys" json:"wrong_keys"`
}

// The defaults of Limits.
const (
	defaultConnections   = 64
	defaultSyncBytes     = 8 << 20
	defaultFirmwareBytes = 64 << 20
	defaultWrongKeys     = 10
)

func (l Limits) orDefault() Limits {
	return Limits{
		MaxConnections:    cmp.Or(l.MaxConnections, defaultConnections),
		MaxSyncBytes:      cmp.Or(l.MaxSyncBytes, defaultSyncBytes),
		MaxFirmwareBytes:  cmp.Or(l.MaxFirmwareBytes, defaultFirmwareBytes),
		RequestsPerSecond: l.RequestsPerSecond,
		WrongKeys:         cmp.Or(l.WrongKeys, defaultWrongKeys),
	}
}

func (l Limits) check(faults *config.Errors) {
	for _, limit := range []struct {
		name            string
		value, min, max int64
	}{
		{"max_connections", int64(l.MaxConnections), 0, 10_000},
		{"max_sync_bytes", l.MaxSyncBytes, 0, 1 << 30},
		{"max_firmware_bytes", l.MaxFirmwareBytes, 0, 4 << 30},
		{"requests_per_second", int64(l.RequestsPerSecond), 0, 100_000},
		{"wrong_keys", int64(l.WrongKeys), -1, 1000},
	} {
		if limit.value < limit.min || limit.value > limit.max {
			faults.Addf("limits."+limit.name, "%d is out of range, allowed is %d to %d (0 = default)", limit.value, limit.min, limit.max)
		}
	}
}

// Authentication says who may call the endpoints.
type Authentication string

// The ways of authentication.
const (
	// AuthenticationKey asks each request for one of the keys in its apiKey
	// header.
	AuthenticationKey Authentication = "key"
	// AuthenticationNone lets everyone in who can reach the port, as the
	// oldest devices do. Only a firewall protects them.
	AuthenticationNone Authentication = "none"
)

// UnmarshalText reads "key" or "none" and refuses other words.
func (a *Authentication) UnmarshalText(text []byte) (err error) {
	*a, err = config.ParseEnum(text, AuthenticationKey, AuthenticationNone)
	return err
}

// Key is one key by its hash; the key itself is stored nowhere.
//
// To change a key without a gap, add the new one under a name of its own and
// let the old one stand beside it, with Expires at the end of the change (or
// until it is taken out): both open meanwhile, and the log tells by the name
// who still uses the old one.
type Key struct {
	// Name tells keys apart in the log: 1 to 32 letters, digits, "-" and
	// "_", unique.
	Name string `yaml:"name" json:"name"`
	// Hash is what [HashKey] returned for the key.
	Hash Secret `yaml:"hash" json:"hash"`
	// Endpoints are those that the key opens, by their names in
	// [Config.Endpoints] such as "device_tag_value"; for others that are on
	// it gets status 403. Empty means all.
	Endpoints []string `yaml:"endpoints,omitempty" json:"endpoints,omitempty"`
	// Sources are the addresses from which the key may be used, as prefixes
	// such as "192.168.1.0/24" or "2001:db8::7/128"; from elsewhere it is a
	// wrong key. Empty means everywhere. It is the address of the connection
	// that counts: behind a proxy, that of the proxy.
	Sources []netip.Prefix `yaml:"sources,omitempty" json:"sources,omitempty"`
	// Expires is from when on the key is a wrong one, by the device's clock.
	// Zero means never.
	Expires time.Time `yaml:"expires,omitempty" json:"expires,omitzero"`
}

// Endpoints switches the endpoints. Off (the zero value) means that requests
// get status 403.
type Endpoints struct {
	Version        bool `yaml:"version" json:"version"`                   // /api/version
	Actions        bool `yaml:"actions" json:"actions"`                   // /api/actions
	SyncVersion    bool `yaml:"sync_version" json:"sync_version"`         // /api/syncVersion
	Sync           bool `yaml:"sync" json:"sync"`                         // /api/sync
	Syslog         bool `yaml:"syslog" json:"syslog"`                     // /api/syslog
	SystemInfo     bool `yaml:"system_info" json:"system_info"`           // /api/systemInfo
	GSMInfo        bool `yaml:"gsm_info" json:"gsm_info"`                 // /api/gsmInfo
	Devices        bool `yaml:"devices" json:"devices"`                   // /api/devices
	DeviceInfo     bool `yaml:"device_info" json:"device_info"`           // /api/device/info
	DeviceTags     bool `yaml:"device_tags" json:"device_tags"`           // /api/device/tags
	DeviceTagValue bool `yaml:"device_tag_value" json:"device_tag_value"` // /api/device/tag/value
	Tags           bool `yaml:"tags" json:"tags"`                         // /api/tags
	Sysupgrade     bool `yaml:"sysupgrade" json:"sysupgrade"`             // /api/sysupgrade
}

// DefaultConfig returns the interface switched off, with authentication by
// key, and with no key and no endpoint. It names no secret: a key is made
// with [NewKey] on each device. The Limits are those that zero means.
func DefaultConfig() Config {
	return Config{Authentication: AuthenticationKey, Limits: Limits{}.orDefault()}
}

// Validate returns a [ConfigError] with every fault, or nil. What an enabled
// interface needs besides (an address, providers) is checked by [New] and
// [NewHandler], which know what the program brings.
func (c Config) Validate() error { return c.faults().Err() }

func (c Config) faults() config.Errors {
	var faults config.Errors
	if c.Listen != "" {
		faults.CheckListen("listen", c.Listen)
	}
	switch c.Authentication {
	case AuthenticationNone:
	case AuthenticationKey, "":
		if c.Enabled && len(c.Keys) == 0 {
			faults.Addf("keys", "required with authentication %q: make a key with NewKey and put here what HashKey returns for it", AuthenticationKey)
		}
	default:
		faults.Addf("authentication", "unknown word %q, want %s, %s", c.Authentication, AuthenticationKey, AuthenticationNone)
	}
	if len(c.Keys) > maxKeys {
		faults.Addf("keys", "there are %d keys, at most %d are allowed", len(c.Keys), maxKeys)
	}
	named := make(map[string]int, len(c.Keys))
	for i, key := range c.Keys {
		path := fmt.Sprintf("keys[%d]", i)
		if first, taken := named[key.Name]; taken {
			faults.Addf(path+".name", "%q is the name of keys[%d] already", key.Name, first)
		} else if !validName(key.Name) {
			faults.Addf(path+".name", "%q is no name of 1 to %d letters, digits, - and _", key.Name, maxName)
		} else {
			named[key.Name] = i
		}
		if _, err := parseHash(key.Hash.Reveal()); err != nil {
			faults.Addf(path+".hash", "%v", err) // never holds the hash
		}
		key.check(path, &faults)
	}
	c.TLS.check(&faults)
	c.Limits.check(&faults)
	return faults
}

// check looks at what restricts a key.
func (k Key) check(path string, faults *config.Errors) {
	names := endpointNames()
	for i, name := range k.Endpoints {
		if _, known := names[name]; !known {
			faults.Addf(fmt.Sprintf("%s.endpoints[%d]", path, i), "unknown word %q, want %s",
				name, strings.Join(slices.Sorted(maps.Keys(names)), ", "))
		}
	}
	for i, prefix := range k.Sources {
		if !prefix.IsValid() || prefix.Addr().Is4In6() {
			faults.Addf(fmt.Sprintf("%s.sources[%d]", path, i), "%s is no prefix such as 192.168.1.0/24 or 2001:db8::/64", prefix)
		}
	}
}

// Warnings returns what is allowed but weak.
func (c Config) Warnings() []Warning {
	var warnings []Warning
	if c.Authentication == AuthenticationNone {
		warnings = append(warnings, Warning{
			Path: "authentication",
			Text: `whoever reaches the port may use every endpoint that is on; "key" asks for a key`,
		})
	} else if c.Limits.WrongKeys < 0 {
		warnings = append(warnings, Warning{
			Path: "limits.wrong_keys",
			Text: "whoever reaches the port may try as many keys as the device can check; 10 locks an address out after so many",
		})
	}
	if c.Enabled && c.Authentication != AuthenticationNone && !c.TLS.Enabled && !onlyLocal(c.Listen) {
		warnings = append(warnings, Warning{
			Path: "tls.enabled",
			Text: "keys cross the network in the clear, where others can read and use them; true encrypts them",
		})
	}
	return warnings
}

// onlyLocal reports whether nobody but this device reaches a valid address to
// listen on; an empty one is none.
func onlyLocal(listen string) bool {
	host, _, _ := net.SplitHostPort(listen)
	addr, err := netip.ParseAddr(host)
	return listen == "" || host == "localhost" || err == nil && addr.IsLoopback()
}

// maxKeys bounds the work for a request with a wrong key.
const maxKeys = 64

// maxName is the length of the longest key name.
const maxName = 32

func validName(s string) bool {
	if len(s) == 0 || len(s) > maxName {
		return false
	}
	for _, c := range []byte(s) {
		if !alphanumeric(c) && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

func alphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}
