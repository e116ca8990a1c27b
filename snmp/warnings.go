package snmp

import (
	"fmt"
	"slices"
)

// Warnings returns what is allowed but weak. The Config must be valid.
func (c Config) Warnings() []Warning {
	var list []Warning
	add := func(path, format string, args ...any) {
		list = append(list, Warning{Path: path, Text: fmt.Sprintf(format, args...)})
	}
	if !c.Enabled {
		return nil
	}
	if len(c.Communities) == 0 && len(c.Users) == 0 {
		add("users", "without users and communities the agent answers nobody")
	}
	access := newAccessControl(c)
	for i, community := range c.Communities {
		path := fmt.Sprintf("communities[%d]", i)
		if weakCommunity(community.Community.Reveal()) {
			add(path+".community", "everybody tries this name: choose another")
		}
		if j := slices.IndexFunc(community.Sources, everybody); j >= 0 {
			add(fmt.Sprintf("%s.sources[%d]", path, j), "the whole Internet may use this community: name the networks of the managers")
		}
		if access.communityWrites(&community, i) {
			add(path, "it may change values, and crosses the network as it is: use a user with authentication for that")
		}
	}
	for i, u := range c.Users {
		path := fmt.Sprintf("users[%d]", i)
		switch u.Auth {
		case AuthNone:
			add(path+".auth", "nothing proves who this user is: set sha256")
		case AuthMD5, AuthSHA1:
			add(path+".auth", "%s is weak: choose sha256", u.Auth)
		}
		if u.Priv == PrivDES {
			add(path+".priv", "des is weak: choose aes")
		}
	}
	return list
}

// communityWrites tells whether the community with an index may change
// anything.
func (a *accessControl) communityWrites(c *Community, index int) bool {
	for _, m := range []model{v1Model, v2cModel} {
		r, ok := a.rights(member{m, c.securityName(index)}, noAuthNoPriv, c.Context)
		if ok && !r.write.empty() {
			return true
		}
	}
	return false
}
