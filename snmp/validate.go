package snmp

import (
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/snmp/internal/usm"
)

// What a Config may hold.
const (
	maxListen       = 32
	maxText         = 255 // DisplayString of RFC 3418
	maxName         = 32  // SnmpAdminString of RFC 3414 and RFC 3415
	maxCommunity    = 255
	maxDestinations = 32
	maxRetries      = 20
	minTimeout      = 100 * time.Millisecond
	maxTimeout      = time.Minute
	maxRate         = 100_000
	maxAmplify      = 1000
	maxRepeat       = 10_000
)

// Validate returns every fault as a [ConfigError], or nil.
func (c Config) Validate() error { return c.faults().Err() }

func (c Config) faults() ConfigError {
	var f ConfigError
	c.checkListen(&f)
	c.System.check(&f)
	views := c.checkViews(&f)
	c.checkCommunities(&f, views)
	c.checkUsers(&f, views)
	c.checkGroups(&f)
	c.checkAccess(&f, views)
	if c.EngineID != "" {
		if _, err := parseEngineID(c.EngineID); err != nil {
			f.Addf("engine_id", "%v", err)
		}
	}
	c.checkDestinations(&f)
	c.Limits.check(&f)
	return f
}

func (c *Config) checkListen(f *ConfigError) {
	if c.Enabled && len(c.Listen) == 0 {
		f.Addf("listen", "required: at least one address and port to listen on, such as 0.0.0.0:161")
	}
	if len(c.Listen) > maxListen {
		f.Addf("listen", "%d are too many, allowed are %d", len(c.Listen), maxListen)
	}
	for i, addr := range c.Listen {
		path := fmt.Sprintf("listen[%d]", i)
		f.CheckListen(path, addr)
		_, port, _ := net.SplitHostPort(addr)
		if first := slices.Index(c.Listen, addr); first < i && port != "0" {
			f.Addf(path, "%s is listen[%d] already", addr, first)
		}
	}
}

func (s *System) check(f *ConfigError) {
	for _, text := range []struct{ path, text string }{
		{"system.name", s.Name}, {"system.location", s.Location}, {"system.contact", s.Contact},
	} {
		if err := checkText(text.text); err != nil {
			f.Addf(text.path, "%v", err)
		}
	}
	if n := len(s.ObjectID); n == 1 || n > MaxArcs || n > 1 && (s.ObjectID[0] > 2 || s.ObjectID[0] < 2 && s.ObjectID[1] > 39) {
		f.Addf("system.object_id", "%v is no object identifier of 2 to %d arcs", s.ObjectID, MaxArcs)
	}
	if s.Services < 0 || s.Services > 127 {
		f.Addf("system.services", "%d is out of range, allowed is 0 to 127", s.Services)
	}
}

func (c *Config) checkViews(f *ConfigError) map[string]bool {
	known := map[string]bool{viewAll: true, viewNone: true}
	for i, v := range c.Views {
		path := fmt.Sprintf("views[%d]", i)
		switch {
		case known[v.Name]:
			f.Addf(path+".name", "there is a view %q already", v.Name)
		default:
			checkName(f, path+".name", v.Name)
		}
		known[v.Name] = true
		seen := make(map[string]bool)
		check := func(path string, list []Family, include bool) {
			for j, text := range list {
				place := fmt.Sprintf("%s[%d]", path, j)
				parsed, err := parseFamily(text, include)
				switch key := parsed.arcs.String(); {
				case err != nil:
					f.Addf(place, "%v", err)
				case seen[key]: // "*" counts as 0: that is how RFC 3415 names a family
					f.Addf(place, "the view has the family %v already", text)
				default:
					seen[key] = true
				}
			}
		}
		check(path+".include", v.Include, true)
		check(path+".exclude", v.Exclude, false)
	}
	return known
}

func checkView(f *ConfigError, path, name string, known map[string]bool) {
	if name != "" && !known[name] {
		f.Addf(path, "there is no view %q", name)
	}
}

func (c *Config) checkCommunities(f *ConfigError, views map[string]bool) {
	for i, community := range c.Communities {
		path := fmt.Sprintf("communities[%d]", i)
		switch name := community.Community.Reveal(); {
		case name == "":
			f.Addf(path+".community", "required: a name of 1 to %d octets", maxCommunity)
		case len(name) > maxCommunity:
			f.Addf(path+".community", "it has %d octets, allowed are %d", len(name), maxCommunity)
		case weakCommunity(name) && !c.AllowWeak:
			f.Addf(path+".community", "everybody tries this name: choose another, or set allow_weak")
		}
		if v := community.Version; v != VersionAny && v != Version1 && v != Version2c {
			f.Addf(path+".version", "unknown word %q, want %s, %s, or nothing for both", v, Version1, Version2c)
		}
		for j, source := range community.Sources {
			if !source.IsValid() {
				f.Addf(fmt.Sprintf("%s.sources[%d]", path, j), "no network, write one such as 192.168.1.0/24")
			}
		}
		checkView(f, path+".read", community.Read, views)
		checkView(f, path+".write", community.Write, views)
		if community.SecurityName != "" {
			checkName(f, path+".security_name", community.SecurityName)
			if community.Read != "" || community.Write != "" {
				f.Addf(path+".security_name", "with it read and write come from access: leave them out here")
			}
		}
		if len(community.Context) > maxContext {
			f.Addf(path+".context", "it has %d octets, allowed are %d", len(community.Context), maxContext)
		}
	}
}

func (c *Config) checkUsers(f *ConfigError, views map[string]bool) {
	first := make(map[string]int)
	for i, u := range c.Users {
		path := fmt.Sprintf("users[%d]", i)
		checkLength(f, path+".name", u.Name)
		if j, twice := first[u.Name]; twice {
			f.Addf(path+".name", "%q is the name of users[%d] already", u.Name, j)
		} else {
			first[u.Name] = i
		}
		u.checkAuth(f, path, c)
		u.checkPriv(f, path, c)
		switch {
		case !slices.Contains([]Level{"", NoAuthNoPriv, AuthNoPriv, AuthPriv}, u.Level):
			f.Addf(path+".level", "unknown word %q, want %s, %s, %s", u.Level, NoAuthNoPriv, AuthNoPriv, AuthPriv)
		case u.Level.number(noAuthNoPriv) > u.mostLevel():
			f.Addf(path+".level", "%s needs protocols that the user does not have", u.Level)
		}
		checkView(f, path+".read", u.Read, views)
		checkView(f, path+".write", u.Write, views)
	}
}

func (u *User) checkAuth(f *ConfigError, path string, c *Config) {
	size := usm.Auth(u.Auth).KeySize()
	switch {
	case size == 0 && u.Auth != AuthNone:
		f.Addf(path+".auth", "unknown word %q, want %s", u.Auth, join(AuthMD5, AuthSHA1, AuthSHA224, AuthSHA256, AuthSHA384, AuthSHA512))
	case u.Auth == AuthMD5 && !c.AllowWeak:
		f.Addf(path+".auth", "md5 is weak: choose sha256, or set allow_weak")
	}
	if u.Auth == AuthNone {
		if !u.AuthPassword.IsZero() || !u.AuthKey.IsZero() {
			f.Addf(path+".auth", "required with a password or key, such as sha256")
		}
		return
	}
	switch {
	case !u.AuthKey.IsZero() && !u.AuthPassword.IsZero():
		f.Addf(path+".auth_key", "it replaces auth_password: leave one of them out")
	case !u.AuthKey.IsZero():
		c.checkKey(f, path+".auth_key", u.AuthKey, size)
	default:
		checkPassword(f, path+".auth_password", u.AuthPassword)
	}
}

func (u *User) checkPriv(f *ConfigError, path string, c *Config) {
	size := usm.Priv(u.Priv).KeySize()
	switch {
	case size == 0 && u.Priv != PrivNone:
		f.Addf(path+".priv", "unknown word %q, want %s", u.Priv, join(PrivDES, PrivAES, PrivAES192, PrivAES256, PrivAES192C, PrivAES256C))
	case u.Priv == PrivDES && !c.AllowWeak:
		f.Addf(path+".priv", "des is weak: choose aes, or set allow_weak")
	}
	if u.Priv == PrivNone {
		if !u.PrivPassword.IsZero() || !u.PrivKey.IsZero() {
			f.Addf(path+".priv", "required with a password or key, such as aes")
		}
		return
	}
	if u.Auth == AuthNone {
		f.Addf(path+".priv", "encryption needs authentication: set auth too")
	}
	switch {
	case !u.PrivKey.IsZero() && !u.PrivPassword.IsZero():
		f.Addf(path+".priv_key", "it replaces priv_password: leave one of them out")
	case !u.PrivKey.IsZero():
		c.checkKey(f, path+".priv_key", u.PrivKey, size)
	case !u.PrivPassword.IsZero() || u.AuthPassword.IsZero():
		checkPassword(f, path+".priv_password", u.PrivPassword)
	}
}

func (c *Config) checkKey(f *ConfigError, path string, key Secret, size int) {
	if b, err := hex.DecodeString(key.Reveal()); err != nil || size > 0 && len(b) != size {
		f.Addf(path, "not %d octets in hexadecimal", size)
	}
	if c.EngineID == "" {
		f.Addf(path, "a localized key holds for one engine only: set engine_id")
	}
}

func checkPassword(f *ConfigError, path string, password Secret) {
	if n := len(password.Reveal()); n < usm.MinPassword {
		f.Addf(path, "it has %d characters, at least %d are required", n, usm.MinPassword)
	}
}

func (c *Config) checkGroups(f *ConfigError) {
	names := make(map[string]bool)
	members := make(map[Member]string)
	for i, g := range c.Groups {
		path := fmt.Sprintf("groups[%d]", i)
		checkName(f, path+".name", g.Name)
		if names[g.Name] {
			f.Addf(path+".name", "there is a group %q already", g.Name)
		}
		names[g.Name] = true
		for j, m := range g.Members {
			place := fmt.Sprintf("%s.members[%d]", path, j)
			if !slices.Contains([]SecurityModel{ModelV1, ModelV2c, ModelUSM}, m.Model) {
				f.Addf(place+".model", "unknown word %q, want %s, %s, %s", m.Model, ModelV1, ModelV2c, ModelUSM)
			}
			if m.Model == ModelUSM {
				checkLength(f, place+".security_name", m.SecurityName)
			} else {
				checkName(f, place+".security_name", m.SecurityName)
			}
			if other, twice := members[m]; twice {
				f.Addf(place, "%s %q is in the group %q already", m.Model, m.SecurityName, other)
			}
			members[m] = g.Name
		}
	}
}

func (c *Config) checkAccess(f *ConfigError, views map[string]bool) {
	groups := make(map[string]bool)
	for _, g := range c.Groups {
		groups[g.Name] = true
	}
	type key struct {
		group, context string
		model          SecurityModel
		level          level
	}
	first := make(map[key]int)
	for i, r := range c.Access {
		path := fmt.Sprintf("access[%d]", i)
		if !groups[r.Group] {
			f.Addf(path+".group", "there is no group %q", r.Group)
		}
		if len(r.Context) > maxContext {
			f.Addf(path+".context", "it has %d octets, allowed are %d", len(r.Context), maxContext)
		}
		if !slices.Contains([]SecurityModel{"", ModelAny, ModelV1, ModelV2c, ModelUSM}, r.Model) {
			f.Addf(path+".model", "unknown word %q, want %s, %s, %s, %s", r.Model, ModelAny, ModelV1, ModelV2c, ModelUSM)
		}
		if !slices.Contains([]Level{"", NoAuthNoPriv, AuthNoPriv, AuthPriv}, r.Level) {
			f.Addf(path+".level", "unknown word %q, want %s, %s, %s", r.Level, NoAuthNoPriv, AuthNoPriv, AuthPriv)
		}
		checkView(f, path+".read", r.Read, views)
		checkView(f, path+".write", r.Write, views)
		checkView(f, path+".notify", r.Notify, views)
		k := key{r.Group, r.Context, r.Model, r.Level.number(noAuthNoPriv)}
		if k.model == ModelAny {
			k.model = ""
		}
		if j, twice := first[k]; twice {
			f.Addf(path, "group, context, model and level are those of access[%d]", j)
		} else {
			first[k] = i
		}
	}
}

func (c *Config) checkDestinations(f *ConfigError) {
	list := c.Notifications.Destinations
	if len(list) > maxDestinations {
		f.Addf("notifications.destinations", "%d are too many, allowed are %d", len(list), maxDestinations)
	}
	first := make(map[string]int)
	for i, d := range list {
		path := fmt.Sprintf("notifications.destinations[%d]", i)
		checkLength(f, path+".name", d.Name)
		if j, twice := first[d.Name]; twice {
			f.Addf(path+".name", "%q is the name of destinations[%d] already", d.Name, j)
		} else {
			first[d.Name] = i
		}
		host, port, err := net.SplitHostPort(d.Address)
		if err != nil {
			f.Addf(path+".address", "%q is not of the form host:port, such as 192.0.2.7:162", d.Address)
		} else {
			f.CheckHost(path+".address", host)
			if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
				f.Addf(path+".address", "port %q is out of range, allowed is 1 to 65535", port)
			}
		}
		d.checkVersion(f, path, c)
		if t := d.Timeout.Std(); t != 0 && (t < minTimeout || t > maxTimeout) {
			f.Addf(path+".timeout", "%s is out of range, allowed is 0.1s to 60s", d.Timeout)
		}
		if r := d.Retries; r != nil && (*r < 0 || *r > maxRetries) {
			f.Addf(path+".retries", "%d is out of range, allowed is 0 to %d", *r, maxRetries)
		}
	}
}

func (d *Destination) checkVersion(f *ConfigError, path string, c *Config) {
	switch d.Version {
	case Version1, Version2c:
		if n := len(d.Community.Reveal()); n == 0 || n > maxCommunity {
			f.Addf(path+".community", "required with %s: 1 to %d octets", d.Version, maxCommunity)
		}
		if d.Inform && d.Version == Version1 {
			f.Addf(path+".inform", "v1 has no informs: use v2c or v3")
		}
		if d.User != "" {
			f.Addf(path+".user", "it is used with v3 only")
		}
	case Version3:
		i := slices.IndexFunc(c.Users, func(u User) bool { return u.Name == d.User })
		switch {
		case d.User == "":
			f.Addf(path+".user", "required with v3: the name of one of users")
		case i < 0:
			f.Addf(path+".user", "there is no user %q", d.User)
		case d.Level.number(noAuthNoPriv) > c.Users[i].mostLevel():
			f.Addf(path+".level", "%s needs protocols that the user %q does not have", d.Level, d.User)
		}
		if !d.Community.IsZero() {
			f.Addf(path+".community", "it is used with v1 and v2c only")
		}
	default:
		f.Addf(path+".version", "unknown word %q, want %s, %s, %s", d.Version, Version1, Version2c, Version3)
	}
	if !slices.Contains([]Level{"", NoAuthNoPriv, AuthNoPriv, AuthPriv}, d.Level) {
		f.Addf(path+".level", "unknown word %q, want %s, %s, %s", d.Level, NoAuthNoPriv, AuthNoPriv, AuthPriv)
	}
	if len(d.Context) > maxContext {
		f.Addf(path+".context", "it has %d octets, allowed are %d", len(d.Context), maxContext)
	}
}

func (l *Limits) check(f *ConfigError) {
	for _, n := range []struct {
		path           string
		n, least, most int
	}{
		{"limits.rate", l.Rate, 1, maxRate},
		{"limits.amplification", l.Amplification, 1, maxAmplify},
		{"limits.max_message", l.MaxMessage, minMessage, defaultMaxMessage},
		{"limits.max_repetitions", l.MaxRepetitions, 1, maxRepeat},
	} {
		if n.n != 0 && (n.n < n.least || n.n > n.most) {
			f.Addf(n.path, "%d is out of range, allowed is %d to %d", n.n, n.least, n.most)
		}
	}
}

// checkText tells what is wrong with a text of the system group. DisplayString
// is ASCII; UTF-8 is let through, as agents and managers do.
func checkText(text string) error {
	if len(text) > maxText {
		return fmt.Errorf("it has %d octets, allowed are %d", len(text), maxText)
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r == '\uFFFD' || r < ' ' && r != '\t' && r != '\r' && r != '\n' || r == 0x7f }) {
		return fmt.Errorf("it has control characters, or is not UTF-8")
	}
	return nil
}

// checkName adds a fault unless name is one of 1 to 32 octets that the agent
// does not use itself.
func checkName(f *ConfigError, path, name string) {
	if strings.HasPrefix(name, implicit) {
		f.Addf(path, "%q begins with %q, as the names that the agent makes: choose another", name, implicit)
		return
	}
	checkLength(f, path, name)
}

func checkLength(f *ConfigError, path, name string) {
	switch n := len(name); {
	case n == 0:
		f.Addf(path, "required: 1 to %d octets", maxName)
	case n > maxName:
		f.Addf(path, "it has %d octets, allowed are %d", n, maxName)
	}
}

// parseEngineID reads a snmpEngineID (RFC 3411, section 5).
func parseEngineID(text string) ([]byte, error) {
	id, err := hex.DecodeString(strings.TrimPrefix(text, "0x"))
	if err != nil {
		return nil, fmt.Errorf("%q is not hexadecimal", text)
	}
	if err := usm.CheckEngineID(id); err != nil {
		return nil, err
	}
	return id, nil
}

// mostLevel is what the protocols of the user give.
func (u *User) mostLevel() level {
	switch {
	case u.Auth == AuthNone:
		return noAuthNoPriv
	case u.Priv == PrivNone:
		return authNoPriv
	}
	return authPriv
}

// leastLevel is what requests of the user must have.
func (u *User) leastLevel() level { return u.Level.number(u.mostLevel()) }

func weakCommunity(name string) bool {
	return strings.EqualFold(name, "public") || strings.EqualFold(name, "private")
}

// everybody tells whether a network is all there is of its family.
func everybody(p netip.Prefix) bool { return p.IsValid() && p.Bits() == 0 }

func join[T ~string](words ...T) string {
	list := make([]string, len(words))
	for i, word := range words {
		list[i] = string(word)
	}
	return strings.Join(list, ", ")
}
