package openvpn

import (
	"encoding"
	"fmt"
	"strings"

	"github.com/fieldgate/fieldgate/internal/config"
)

const (
	maxRemotes = 64   // CONNECTION_LIST_SIZE of openvpn
	maxList    = 1000 // users, clients, options, fingerprints, networks
	maxLogin   = 127  // USER_PASS_LEN less the final NUL
)

// checker notes the faults of one instance.
type checker struct {
	Instance

	faults    *config.Errors
	catalogue catalogue
	at        string // path of the instance with a final dot, empty for one alone
}

// check notes the faults of the instance at a path. The catalogue is made once
// for all instances.
func (i Instance) check(faults *config.Errors, at string, known catalogue) {
	if at != "" {
		at += "."
	}
	c := &checker{Instance: i, faults: faults, catalogue: known, at: at}
	if i.Name == "" {
		c.addf("name", "required: 1 to 32 of A-Z a-z 0-9 _ -")
	} else if !validName(i.Name) {
		c.addf("name", nameRule, i.Name)
	}
	if !c.words() {
		return // what the rest means depends on them
	}
	c.device()
	c.ends()
	c.listen()
	c.system()
	c.proxy()
	c.addresses()
	c.files()
	c.login()
	c.clients()
	c.options()
}

func (c *checker) addf(field, format string, args ...any) {
	c.faults.Addf(c.at+field, format, args...)
}

// only notes a fault when a field is set in a role that has no use for it.
func (c *checker) only(field string, set bool, roles ...Role) bool {
	if !set {
		return false
	}
	words := make([]string, len(roles))
	for n, r := range roles {
		if c.role() == r {
			return true
		}
		words[n] = string(r)
	}
	c.addf(field, "is for role %s, this one is a %s", strings.Join(words, " or "), c.role())
	return false
}

// words checks the enumerations.
func (c *checker) words() bool {
	ok := checkWord(c, "role", c.Role, new(Role))
	ok = checkWord(c, "protocol", c.Protocol, new(Protocol)) && ok
	ok = checkWord(c, "device_type", c.DeviceType, new(DeviceType)) && ok
	ok = checkWord(c, "topology", c.Topology, new(Topology)) && ok
	ok = checkWord(c, "tls_role", c.TLSRole, new(TLSRole)) && ok
	return checkWord(c, "key_direction", c.KeyDirection, new(keyDirection)) && ok
}

// keyDirection is what [Instance.KeyDirection] may be.
type keyDirection string

func (d *keyDirection) UnmarshalText(text []byte) error {
	return readWord(d, text, "0", "1")
}

// checkWord notes a word that its type does not have.
func checkWord[T ~string](c *checker, field string, have T, word encoding.TextUnmarshaler) bool {
	if err := word.UnmarshalText([]byte(have)); err != nil {
		c.addf(field, "%v", err)
		return false
	}
	return true
}

func (c *checker) device() {
	if c.Device != "" && !validDevice(c.Device) {
		c.addf("device", "%q is no name of an interface of its own: 1 to 15 of A-Z a-z 0-9 _ - . and not tun, tap or null alone", c.Device)
	}
	if c.BridgeDevice == "" {
		return
	}
	if c.deviceType() != DeviceTap {
		c.addf("bridge_device", "needs device_type tap")
	}
	if !validDevice(c.BridgeDevice) {
		c.addf("bridge_device", "%q is no name of an interface", c.BridgeDevice)
	}
}

// ends checks who calls whom.
func (c *checker) ends() {
	switch {
	case c.role() == RoleClient && len(c.Remotes) == 0:
		c.addf("remotes", "required: at least one server to call")
	case len(c.Remotes) > maxRemotes:
		c.addf("remotes", "%d are too many, allowed are %d", len(c.Remotes), maxRemotes)
		return
	}
	c.only("remotes", len(c.Remotes) > 0, RoleClient, RolePeer)
	for n, r := range c.Remotes {
		at := fmt.Sprintf("remotes[%d].", n)
		c.faults.CheckHost(c.at+at+"host", r.Host)
		if checkWord(c, at+"protocol", r.Protocol, new(Protocol)) &&
			r.Protocol != "" && c.role() == RolePeer && r.Protocol.isTCP() != c.protocol().isTCP() {
			c.addf(at+"protocol", "is %s, but a peer has one protocol, %s", r.Protocol, c.protocol())
		}
	}
	if c.only("nobind", c.Nobind, RoleClient, RolePeer) {
		if c.Port != 0 {
			c.addf("nobind", "contradicts port %d: it sends from a free port", c.Port)
		}
		if c.role() == RolePeer && len(c.Remotes) == 0 {
			c.addf("nobind", "a peer without remotes waits to be called, at a port of its own")
		}
	}
}

// login checks names and passwords.
func (c *checker) login() {
	c.only("login", c.Login, RoleClient)
	if c.only("username", c.Username != "", RoleClient) {
		c.loginText("username", c.Username)
		if c.Password.IsZero() {
			c.addf("password", "required with username")
		}
	}
	if c.Username == "" && !c.Password.IsZero() {
		c.addf("username", "required with password")
	}
	c.loginText("password", c.Password.Reveal())
	c.loginText("key_password", c.KeyPassword.Reveal())
	if !c.only("users", len(c.Users) > 0, RoleServer) || c.tooMany("users", len(c.Users)) {
		return
	}
	seen := make(map[string]int)
	for n, u := range c.Users {
		at := fmt.Sprintf("users[%d].", n)
		if u.Name == "" {
			c.addf(at+"name", "required")
		} else if first, twice := seen[u.Name]; twice {
			c.addf(at+"name", "%q is taken by users[%d]", u.Name, first)
		} else {
			seen[u.Name] = n
			c.loginText(at+"name", u.Name)
		}
		if u.Password.IsZero() {
			c.addf(at+"password", "required")
		}
		c.loginText(at+"password", u.Password.Reveal())
	}
}

// loginText checks what openvpn sends as a name or a password. It never shows
// it, since it may be one.
func (c *checker) loginText(field, text string) {
	if len(text) > maxLogin {
		c.addf(field, "is %d bytes long, allowed are %d", len(text), maxLogin)
	}
	if strings.ContainsFunc(text, isControl) {
		c.addf(field, "has a control character")
	}
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

func (c *checker) tooMany(field string, n int) bool {
	if n > maxList {
		c.addf(field, "%d are too many, allowed are %d", n, maxList)
		return true
	}
	return false
}

func (c *checker) options() {
	if c.tooMany("options", len(c.Options)) {
		return
	}
	wrong := make(map[int]bool)
	for n, o := range c.Options {
		if err := c.catalogue.check(o, inMain); err != nil {
			c.addf(fmt.Sprintf("options[%d]", n), "%v", err)
			wrong[n] = true
		}
	}
	for _, fault := range c.catalogue.together(c.Instance) { // how they go together
		if !wrong[fault.Index] {
			c.addf(fmt.Sprintf("options[%d]", fault.Index), "%s", fault.Text)
		}
	}
}

// has reports whether an option is among Options.
func (i Instance) has(name string) bool {
	for _, o := range i.Options {
		if o.Name == name {
			return true
		}
	}
	return false
}
