package snmp

import (
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"slices"
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
