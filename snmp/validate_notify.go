package snmp

import (
	"fmt"
	"net"
	"slices"
	"strconv"
)

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
