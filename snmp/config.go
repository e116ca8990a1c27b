package snmp

import "net/netip"

// Config is what an operator stores. The zero value is valid: switched off.
// There is no default community, user or key: an agent that is only switched
// on answers nobody.
type Config struct {
	// Enabled switches the agent as a whole; off (the zero value), Start
	// returns [ErrDisabled].
	Enabled bool `yaml:"enabled" json:"enabled"`

	// Listen is the UDP addresses to serve, 1 to 32 of them when enabled, such
	// as "0.0.0.0:161" (all of IPv4), "[::]:161" (all of IPv6) or ":161"
	// (both); port 0 takes any free one. An answer leaves from the address
	// that the request came to.
	Listen []string `yaml:"listen" json:"listen"`

	// System is what the device says of itself in the system group.
	System System `yaml:"system" json:"system"`

	// Communities open the agent for SNMPv1 and SNMPv2c.
	Communities []Community `yaml:"communities,omitempty" json:"communities,omitempty"`
	// Users open it for SNMPv3 (RFC 3414).
	Users []User `yaml:"users,omitempty" json:"users,omitempty"`

	// Views are named parts of the tree. "all" and "none" are known without
	// being listed here.
	Views []View `yaml:"views,omitempty" json:"views,omitempty"`
	// Groups and Access are the tables of RFC 3415, for what the views of
	// communities and users cannot say.
	Groups []Group  `yaml:"groups,omitempty" json:"groups,omitempty"`
	Access []Access `yaml:"access,omitempty" json:"access,omitempty"`

	// AllowWeak lets users have MD5 or DES, and communities the names that
	// everybody tries ("public", "private"). Off by default.
	AllowWeak bool `yaml:"allow_weak" json:"allow_weak"`

	// EngineID is the snmpEngineID as 5 to 32 octets in hexadecimal (RFC 3411,
	// section 5). Empty (the default): one is made at the first start and
	// kept. A change makes the keys of managers that store them worthless.
	EngineID string `yaml:"engine_id,omitempty" json:"engine_id,omitempty"`

	// Notifications says what is told to whom without being asked.
	Notifications Notifications `yaml:"notifications" json:"notifications"`

	// Limits bound what strangers can make the agent do.
	Limits Limits `yaml:"limits" json:"limits"`
}

// DefaultConfig returns the agent switched off, without communities and
// users, listening on the usual port of all IPv4 addresses once it is on.
func DefaultConfig() Config { return Config{Listen: []string{"0.0.0.0:161"}} }

// System is the part of the system group (RFC 3418) that people choose. Each
// text has at most 255 octets.
type System struct {
	Name     string `yaml:"name,omitempty" json:"name,omitempty"`         // sysName; empty: the host name
	Location string `yaml:"location,omitempty" json:"location,omitempty"` // sysLocation
	Contact  string `yaml:"contact,omitempty" json:"contact,omitempty"`   // sysContact
	// ObjectID is sysObjectID; empty: .1.3.6.1.4.1.8072.3.2.10, which
	// managers take for a Linux host.
	ObjectID OID `yaml:"object_id,omitempty" json:"object_id,omitempty"`
	// Services is sysServices, 0..127; 0 (the default) means 72, a host with
	// applications.
	Services int `yaml:"services,omitempty" json:"services,omitempty"`
}

// Version is a protocol version as a community or a notification uses it.
type Version string

// The versions. A community serves SNMPv1 and v2c alike unless told.
const (
	VersionAny Version = ""
	Version1   Version = "v1"
	Version2c  Version = "v2c"
	Version3   Version = "v3" // not for communities
)

// Community is a name that opens the agent for SNMPv1 and v2c. It crosses the
// network as it is.
type Community struct {
	// Community is the name, 1 to 255 octets. The same name may be there again
	// with other sources; the first that matches counts.
	Community Secret `yaml:"community" json:"community"`
	// Version is v1, v2c, or empty for both.
	Version Version `yaml:"version,omitempty" json:"version,omitempty"`
	// Sources are the networks that may use it, such as 192.168.1.0/24;
	// empty: none but the loopback, "0.0.0.0/0" and "::/0" are all.
	Sources []netip.Prefix `yaml:"sources,omitempty" json:"sources,omitempty"`
	// Read and Write name the views; Read empty means "all", Write empty
	// "none". They are ignored when SecurityName is set.
	Read  string `yaml:"read,omitempty" json:"read,omitempty"`
	Write string `yaml:"write,omitempty" json:"write,omitempty"`
	// SecurityName leaves the views to Groups and Access.
	SecurityName string `yaml:"security_name,omitempty" json:"security_name,omitempty"`
	// Context is the context that the community reads; empty, the default.
	Context string `yaml:"context,omitempty" json:"context,omitempty"`
}

// AuthProtocol is how a user's messages are authenticated.
type AuthProtocol string

// The authentication protocols of RFC 3414 and RFC 7860.
const (
	AuthNone   AuthProtocol = ""
	AuthMD5    AuthProtocol = "md5" // weak, needs AllowWeak
	AuthSHA1   AuthProtocol = "sha" // weak, reported in Warnings
	AuthSHA224 AuthProtocol = "sha224"
	AuthSHA256 AuthProtocol = "sha256"
	AuthSHA384 AuthProtocol = "sha384"
	AuthSHA512 AuthProtocol = "sha512"
)

// PrivProtocol is how a user's messages are encrypted.
type PrivProtocol string

// The privacy protocols of RFC 3414 and RFC 3826, and AES with longer keys in
// the two ways that are in use to lengthen a short hash: Blumenthal's, and
// Reeder's as Cisco has it. They differ only with MD5, SHA-1, and SHA-224 for
// 256 bits.
const (
	PrivNone    PrivProtocol = ""
	PrivDES     PrivProtocol = "des" // weak, needs AllowWeak
	PrivAES     PrivProtocol = "aes" // 128 bits
	PrivAES192  PrivProtocol = "aes192"
	PrivAES256  PrivProtocol = "aes256"
	PrivAES192C PrivProtocol = "aes192c"
	PrivAES256C PrivProtocol = "aes256c"
)

// Level is a securityLevel of RFC 3411.
type Level string

// The levels, from weak to strong.
const (
	NoAuthNoPriv Level = "noAuthNoPriv"
	AuthNoPriv   Level = "authNoPriv"
	AuthPriv     Level = "authPriv"
)

// User is an SNMPv3 user.
type User struct {
	Name string `yaml:"name" json:"name"` // 1 to 32 octets

	// Auth and Priv choose the protocols; encryption needs authentication.
	Auth AuthProtocol `yaml:"auth,omitempty" json:"auth,omitempty"`
	Priv PrivProtocol `yaml:"priv,omitempty" json:"priv,omitempty"`
	// The passwords have at least 8 characters. PrivPassword empty: the same
	// as AuthPassword.
	AuthPassword Secret `yaml:"auth_password,omitempty" json:"auth_password,omitempty"`
	PrivPassword Secret `yaml:"priv_password,omitempty" json:"priv_password,omitempty"`
	// AuthKey and PrivKey are localized keys in hexadecimal (RFC 3414, section
	// 2.6), in place of the passwords. They need EngineID.
	AuthKey Secret `yaml:"auth_key,omitempty" json:"auth_key,omitempty"`
	PrivKey Secret `yaml:"priv_key,omitempty" json:"priv_key,omitempty"`

	// Level is the least that requests must have; empty: the most that the
	// protocols give.
	Level Level `yaml:"level,omitempty" json:"level,omitempty"`
	// Read and Write name the views; Read empty means "all", Write empty
	// "none". Both are ignored for a user who is a member of Groups.
	Read  string `yaml:"read,omitempty" json:"read,omitempty"`
	Write string `yaml:"write,omitempty" json:"write,omitempty"`
}

// View is a named part of the tree (RFC 3415, section 4: the most specific
// family that matches decides).
type View struct {
	Name    string   `yaml:"name" json:"name"` // 1 to 32 octets; a name may be there once
	Include []Family `yaml:"include,omitempty" json:"include,omitempty"`
	Exclude []Family `yaml:"exclude,omitempty" json:"exclude,omitempty"`
}

// Family is a set of subtrees, written as an identifier in which "*" matches
// any arc: ".1.3.6.1.2.1.2.2.1.*.3" is the whole row 3 of ifTable.
type Family string

// SecurityModel says where a securityName comes from.
type SecurityModel string

// The models of RFC 3411 and RFC 3584.
const (
	ModelAny SecurityModel = "any" // in Access only
	ModelV1  SecurityModel = "v1"
	ModelV2c SecurityModel = "v2c"
	ModelUSM SecurityModel = "usm"
)

// Group is a set of securityNames, a row or more of vacmSecurityToGroupTable.
type Group struct {
	Name    string   `yaml:"name" json:"name"` // 1 to 32 octets
	Members []Member `yaml:"members" json:"members"`
}

// Member is a securityName under a model. It is in one group at most.
type Member struct {
	Model        SecurityModel `yaml:"model" json:"model"` // v1, v2c or usm
	SecurityName string        `yaml:"security_name" json:"security_name"`
}

// Access is a row of vacmAccessTable: what a group may do. A view that is
// empty is "none".
type Access struct {
	// Group is one of Groups. Required.
	Group string `yaml:"group" json:"group"`
	// Context is what the request has to name, up to 32 octets. Default: the
	// empty one.
	Context       string        `yaml:"context,omitempty" json:"context,omitempty"`
	ContextPrefix bool          `yaml:"context_prefix,omitempty" json:"context_prefix,omitempty"` // Context is the beginning of it
	Model         SecurityModel `yaml:"model,omitempty" json:"model,omitempty"`                   // empty: any
	Level         Level         `yaml:"level,omitempty" json:"level,omitempty"`                   // the least; empty: noAuthNoPriv
	Read          string        `yaml:"read,omitempty" json:"read,omitempty"`
	Write         string        `yaml:"write,omitempty" json:"write,omitempty"`
	// Notify is for managers to read in vacmAccessTable: Destinations get every
	// notification.
	Notify string `yaml:"notify,omitempty" json:"notify,omitempty"`
}

// Notifications says what is told to whom without being asked.
type Notifications struct {
	// AuthenticationFailures tells of messages with a wrong community or
	// digest (snmpEnableAuthenTraps); at most one a second. Off by default.
	AuthenticationFailures bool `yaml:"authentication_failures" json:"authentication_failures"`
	// Destinations get every notification.
	Destinations []Destination `yaml:"destinations,omitempty" json:"destinations,omitempty"`
}

// Destination is a receiver of notifications.
type Destination struct {
	Name    string  `yaml:"name" json:"name"`       // unique, for status and log
	Address string  `yaml:"address" json:"address"` // "host:port"; the usual port is 162
	Version Version `yaml:"version" json:"version"` // v1, v2c or v3
	// Inform asks the receiver for an acknowledgement and repeats without it;
	// v2c and v3 only.
	Inform bool `yaml:"inform,omitempty" json:"inform,omitempty"`
	// Community is for v1 and v2c.
	Community Secret `yaml:"community,omitempty" json:"community,omitempty"`
	// User is the name of one of Users, for v3; Level as there, empty: the
	// user's.
	User    string `yaml:"user,omitempty" json:"user,omitempty"`
	Level   Level  `yaml:"level,omitempty" json:"level,omitempty"`
	Context string `yaml:"context,omitempty" json:"context,omitempty"` // v3
	// Timeout is how long an inform waits for its acknowledgement, 100ms to
	// 1m, default (0) 5s; Retries how often it is repeated, 0 to 20, default
	// (nil) 5.
	Timeout Duration `yaml:"timeout,omitempty" json:"timeout,omitempty"`
	Retries *int     `yaml:"retries,omitempty" json:"retries,omitempty"`
}

// Limits bound what strangers can make the agent do. 0 means the default.
type Limits struct {
	// Rate is how many SNMPv3 reports a second one source (an IPv4 address or
	// an IPv6 /64) is sent because its messages were not let in, 1 to 100000,
	// default 1000; one of its ports gets half of that, all sources together
	// ten times that. Further messages of that kind get no answer; what is let
	// in always gets one. A manager that starts anew for each request needs one
	// report each time, to learn the engine ID.
	Rate int `yaml:"rate,omitempty" json:"rate,omitempty"`
	// Amplification is how many times larger than its request the answer to
	// an unauthenticated request (v1, v2c, noAuthNoPriv) may be, 1 to 1000,
	// default 32; 1472 octets, a frame of Ethernet, are always allowed.
	Amplification int `yaml:"amplification,omitempty" json:"amplification,omitempty"`
	// MaxMessage is the largest message sent, 484 to 65507 octets, default
	// 65507; a manager that says it takes less gets less.
	MaxMessage int `yaml:"max_message,omitempty" json:"max_message,omitempty"`
	// MaxRepetitions caps that of a GETBULK, 1 to 10000, default 100.
	MaxRepetitions int `yaml:"max_repetitions,omitempty" json:"max_repetitions,omitempty"`
}
