package redispoints

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fieldgate/fieldgate/internal/config"
)

// Config is what an operator stores. A zero field means its default, except
// where its comment says otherwise.
type Config struct {
	// Address is that of the Redis server: "host:port", or the absolute
	// path of its socket. Default: 127.0.0.1:6379.
	Address string `yaml:"address" json:"address"`

	// Username is the user of Redis 6 or later, up to 128 characters. Empty
	// = the user "default"; it needs a Password.
	Username string `yaml:"username" json:"username"`
	// Password is sent after each connecting. Empty = none is sent.
	Password Secret `yaml:"password" json:"password"`

	// TLS encrypts the connection.
	TLS TLS `yaml:"tls" json:"tls"`

	// ConnectTimeout is how long connecting and each answer on the way to
	// the subscription may take, 100 ms to 1 m. Default: 5 s.
	ConnectTimeout Duration `yaml:"connect_timeout" json:"connect_timeout"`

	// ValueTopic is the topic whose value is that of the tag: "rin" (the
	// default), what came in from the device, or "out", what goes out to it.
	ValueTopic Topic `yaml:"value_topic" json:"value_topic"`

	// MaxAge is how old a value may become before it gets the flag NT, 1 s
	// to 168 h, counted from the message that brought it. 0 = any age, which
	// is right for a hub that publishes changes only.
	MaxAge Duration `yaml:"max_age" json:"max_age"`

	// Devices are what is on the bus, at least one, with up to 100,000 tags
	// in all.
	Devices []Device `yaml:"devices" json:"devices"`
}

// TLS is how the connection is encrypted. The files are in PEM form and read
// at each connecting, so that renewed ones are taken.
type TLS struct {
	// Enabled switches it on. Off (the zero value), the other fields must be
	// empty.
	Enabled bool `yaml:"enabled" json:"enabled"`
	// CAFile holds the authorities that sign the server's certificate. Empty
	// = those of the system.
	CAFile string `yaml:"ca_file" json:"ca_file"`
	// CertFile and KeyFile are this client's own certificate. Empty = none;
	// both or none.
	CertFile string `yaml:"cert_file" json:"cert_file"`
	KeyFile  string `yaml:"key_file" json:"key_file"`
	// ServerName is the name in the server's certificate. Empty = the host
	// of the address; required for a socket.
	ServerName string `yaml:"server_name" json:"server_name"`
}

// Topic is the last part of a topic.
type Topic string

// The topics of a tag.
const (
	TopicIn  Topic = "rin" // from the device
	TopicOut Topic = "out" // to the device
)

// UnmarshalText reads "rin" or "out" and refuses other words.
func (t *Topic) UnmarshalText(text []byte) (err error) {
	*t, err = config.ParseEnum(text, TopicIn, TopicOut)
	return err
}

// Device is one device behind the hub.
type Device struct {
	// Alias is its name in topics: 1 to 64 letters, digits, - and _, unique.
	Alias string `yaml:"alias" json:"alias"`
	// Name is for people, up to 128 bytes of UTF-8. Empty = the alias.
	Name string `yaml:"name" json:"name"`
	// Protocol is such as "modbus rtu", up to 128 bytes of UTF-8.
	Protocol string `yaml:"protocol" json:"protocol"`
	// Tags are its signals.
	Tags []Tag `yaml:"tags" json:"tags"`
}

// Tag is one signal of a device.
type Tag struct {
	// Alias is its name in topics: as that of a device, unique within it.
	Alias string `yaml:"alias" json:"alias"`
	// Name is for people, up to 128 bytes of UTF-8. Empty = the alias.
	Name string `yaml:"name" json:"name"`
	// SourceDeviceAlias is that of the device whose tag this one copies.
	// Empty = it copies none.
	SourceDeviceAlias string `yaml:"source_device_alias" json:"source_device_alias"`
}

const (
	maxAlias = 64
	maxText  = 128
	maxTags  = 100_000
)

// DefaultConfig returns a Redis server on this device, without any point.
func DefaultConfig() Config { return Config{}.withDefaults() }

func (c Config) withDefaults() Config {
	if c.Address == "" {
		c.Address = "127.0.0.1:6379"
	}
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = Duration(5 * time.Second)
	}
	if c.ValueTopic == "" {
		c.ValueTopic = TopicIn
	}
	return c
}

// network returns what to dial.
func (c Config) network() string {
	if strings.HasPrefix(c.Address, "/") {
		return "unix"
	}
	return "tcp"
}

// Validate returns a [ConfigError] with every fault, or nil.
func (c Config) Validate() error {
	c = c.withDefaults()
	var faults config.Errors
	if c.network() == "tcp" {
		faults.CheckListen("address", c.Address)
		if host, port, err := net.SplitHostPort(c.Address); err == nil && (host == "" || strings.Trim(port, "0") == "") {
			faults.Addf("address", "%q names no host and port to call, such as 127.0.0.1:6379", c.Address)
		}
	}
	if len(c.Username) > maxText || !utf8.ValidString(c.Username) {
		faults.Addf("username", "is longer than %d bytes, or no UTF-8", maxText)
	}
	if c.Username != "" && c.Password.IsZero() {
		faults.Addf("password", "required with a username")
	}
	c.tlsFaults(&faults)
	if d := c.ConnectTimeout.Std(); d < 100*time.Millisecond || d > time.Minute {
		faults.Addf("connect_timeout", "%s is out of range, allowed is 100ms to 1m", c.ConnectTimeout)
	}
	if c.ValueTopic != TopicIn && c.ValueTopic != TopicOut {
		faults.Addf("value_topic", "unknown word %q, want %s, %s", c.ValueTopic, TopicIn, TopicOut)
	}
	if d := c.MaxAge.Std(); d != 0 && (d < time.Second || d > 168*time.Hour) {
		faults.Addf("max_age", "%s is out of range, allowed is 1s to 168h, or 0 for any age", c.MaxAge)
	}
	c.pointFaults(&faults)
	return faults.Err()
}

func (c Config) tlsFaults(faults *config.Errors) {
	t := c.TLS
	if !t.Enabled {
		if t != (TLS{}) {
			faults.Addf("tls.enabled", "is off, although other fields of tls are set")
		}
		return
	}
	if (t.CertFile == "") != (t.KeyFile == "") {
		faults.Addf("tls.key_file", "cert_file and key_file go together")
	}
	if t.ServerName != "" {
		faults.CheckHost("tls.server_name", t.ServerName)
	} else if c.network() == "unix" {
		faults.Addf("tls.server_name", "required with a socket: the name in the server's certificate")
	}
}

func (c Config) pointFaults(faults *config.Errors) {
	if len(c.Devices) == 0 {
		faults.Addf("devices", "required: at least one device; the bus itself does not tell them")
	}
	count := 0
	devices := make(map[string]int, len(c.Devices))
	for i, d := range c.Devices {
		path := fmt.Sprintf("devices[%d]", i)
		checkAlias(faults, path+".alias", d.Alias, devices, i, "devices")
		checkText(faults, path+".name", d.Name)
		checkText(faults, path+".protocol", d.Protocol)
		count += len(d.Tags)
		tags := make(map[string]int, len(d.Tags))
		for j, tag := range d.Tags {
			at := fmt.Sprintf("%s.tags[%d]", path, j)
			checkAlias(faults, at+".alias", tag.Alias, tags, j, path+".tags")
			checkText(faults, at+".name", tag.Name)
			if tag.SourceDeviceAlias != "" && !validAlias(tag.SourceDeviceAlias) {
				faults.Addf(at+".source_device_alias", "%q %s", tag.SourceDeviceAlias, noAlias)
			}
		}
	}
	if count > maxTags {
		faults.Addf("devices", "%d tags are too many, allowed are %d", count, maxTags)
	}
}

const noAlias = "is no alias of 1 to 64 letters, digits, - and _"

func checkAlias(faults *config.Errors, path, alias string, seen map[string]int, i int, list string) {
	if first, taken := seen[alias]; taken {
		faults.Addf(path, "%q is the alias of %s[%d] already", alias, list, first)
	} else if !validAlias(alias) {
		faults.Addf(path, "%q %s", alias, noAlias)
	} else {
		seen[alias] = i
	}
}

func checkText(faults *config.Errors, path, text string) {
	if len(text) > maxText || !utf8.ValidString(text) {
		faults.Addf(path, "is longer than %d bytes, or no UTF-8", maxText)
	}
}

func validAlias(s string) bool {
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return s != "" && len(s) <= maxAlias
}

// Warnings returns what is allowed but weak.
func (c Config) Warnings() []Warning {
	c = c.withDefaults()
	if c.TLS.Enabled || c.network() == "unix" {
		return nil
	}
	host, _, _ := net.SplitHostPort(c.Address)
	if addr, err := netip.ParseAddr(host); host == "localhost" || err == nil && addr.IsLoopback() {
		return nil
	}
	return []Warning{{
		Path: "tls.enabled",
		Text: "values and the password cross the network in the clear, where others can read and change them",
	}}
}
