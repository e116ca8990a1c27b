package api

import (
	"fmt"

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
type Key struct {
	// Name tells keys apart in the log: 1 to 32 letters, digits, "-" and
	// "_", unique.
	Name string `yaml:"name" json:"name"`
	// Hash is what [HashKey] returned for the key.
	Hash Secret `yaml:"hash" json:"hash"`
}

// Endpoints switches the endpoints. Off (the zero value) means that requests
// get status 403.
type Endpoints struct {
	Version     bool `yaml:"version" json:"version"`           // /api/version
	Actions     bool `yaml:"actions" json:"actions"`           // /api/actions
	SyncVersion bool `yaml:"sync_version" json:"sync_version"` // /api/syncVersion
	Syslog      bool `yaml:"syslog" json:"syslog"`             // /api/syslog
	SystemInfo  bool `yaml:"system_info" json:"system_info"`   // /api/systemInfo
}

// DefaultConfig returns the interface switched off, with authentication by
// key, and with no key and no endpoint. It names no secret: a key is made
// with [NewKey] on each device.
func DefaultConfig() Config {
	return Config{Authentication: AuthenticationKey}
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
	}
	return faults
}

// Warnings returns what is allowed but weak.
func (c Config) Warnings() []Warning {
	if c.Authentication != AuthenticationNone {
		return nil
	}
	return []Warning{{
		Path: "authentication",
		Text: `whoever reaches the port may use every endpoint that is on; "key" asks for a key`,
	}}
}

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
