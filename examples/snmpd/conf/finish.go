package conf

import (
	"bytes"
	"cmp"
	"crypto"
	_ "crypto/md5"    // for keys
	_ "crypto/sha1"   // for keys
	_ "crypto/sha256" // for keys
	_ "crypto/sha512" // for keys
	"encoding/hex"
	"slices"

	"github.com/fieldgate/fieldgate/internal/config"
	"github.com/fieldgate/fieldgate/snmp"
)

// finish puts together what lines at different places say.
func (p *parser) finish() {
	cfg := &p.file.Config
	cfg.AllowWeak = true // as it is written
	p.finishViews()
	for i := range cfg.Communities {
		c := &cfg.Communities[i]
		c.Read = p.viewName(c.Read)
		if c.Write != "" {
			c.Write = p.viewName(c.Write)
		}
	}
	p.finishUsers()
	p.finishSinks()
	p.finishGroups()
}

// finishViews makes the views. Of two lines about the same subtree the last
// counts.
func (p *parser) finishViews() {
	for i, v := range p.views {
		if slices.ContainsFunc(p.views[i+1:], func(w view) bool { return w.name == v.name && w.key == v.key }) {
			continue
		}
		name := p.viewName(v.name)
		j := slices.IndexFunc(p.file.Config.Views, func(w snmp.View) bool { return w.Name == name })
		if j < 0 {
			j = len(p.file.Config.Views)
			p.file.Config.Views = append(p.file.Config.Views, snmp.View{Name: name})
		}
		list := &p.file.Config.Views[j].Exclude
		if v.include {
			list = &p.file.Config.Views[j].Include
		}
		*list = append(*list, v.family)
	}
}

// viewName is the name of a view in package snmp, which has "all" and "none"
// of its own. One that no line describes has nothing in it.
func (p *parser) viewName(name string) string {
	switch {
	case slices.ContainsFunc(p.views, func(v view) bool { return v.name == name }):
		if name == "all" || name == "none" {
			return name + "_"
		}
		return name
	case name == "_all_":
		return "all"
	}
	return "none"
}

// finishGroups makes communities of com2sec, groups and access.
func (p *parser) finishGroups() {
	cfg := &p.file.Config
	for _, c := range p.names {
		cfg.Communities = append(cfg.Communities, snmp.Community{
			Community: config.NewSecret(c.community), Sources: c.sources, SecurityName: c.name, Context: c.context,
		})
	}
	for _, m := range p.groups {
		i := slices.IndexFunc(cfg.Groups, func(g snmp.Group) bool { return g.Name == m.group })
		if i < 0 {
			i = len(cfg.Groups)
			cfg.Groups = append(cfg.Groups, snmp.Group{Name: m.group})
		}
		cfg.Groups[i].Members = append(cfg.Groups[i].Members, m.Member)
	}
	for _, r := range p.access {
		p.at = r.at
		if !slices.ContainsFunc(cfg.Groups, func(g snmp.Group) bool { return g.Name == r.Group }) {
			p.warnf("access: no line makes anybody a member of group %s.", r.Group)
			continue
		}
		for _, to := range []*string{&r.Read, &r.Write, &r.Notify} {
			name := p.viewName(*to)
			if name == "none" && *to != "none" && *to != "" && *to != "_none_" {
				p.warnf("access: no line describes view %s: nothing is in it.", *to)
			}
			*to = name
		}
		cfg.Access = append(cfg.Access, r.Access)
	}
}

// finishUsers makes the users. They may do what the access of their groups
// says, and nothing else.
func (p *parser) finishUsers() {
	for _, u := range p.users {
		p.at = u.at
		if len(u.engine) > 0 && !bytes.Equal(u.engine, p.engine) {
			p.warnf("createUser: %s is a user of another engine, which is asked for its ID when there is something to tell it: the line has no effect.", u.Name)
			continue
		}
		if !u.AuthKey.IsZero() || !u.PrivKey.IsZero() {
			if p.engine == nil {
				p.errorf("createUser: keys hold for one engine only: set engineID, or give passwords")
				continue
			}
			if !p.finishKeys(&u) {
				continue
			}
		}
		p.addUser(u.User)
	}
	for _, m := range p.groups {
		if m.Model == snmp.ModelUSM && !slices.ContainsFunc(p.file.Config.Users, func(u snmp.User) bool { return u.Name == m.SecurityName }) {
			p.at = m.at
			p.warnf("no createUser makes user %s, who is let in nowhere.", m.SecurityName)
		}
	}
}

// addUser adds a user, who is in a group in any case: nobody is let in just
// for being a user.
func (p *parser) addUser(u snmp.User) {
	u.Read, u.Write, u.Level = "none", "none", snmp.NoAuthNoPriv
	m := snmp.Member{Model: snmp.ModelUSM, SecurityName: u.Name}
	if !slices.ContainsFunc(p.groups, func(g membership) bool { return g.Member == m }) {
		p.join("user-"+u.Name, m)
	}
	users := &p.file.Config.Users
	*users = append(slices.DeleteFunc(*users, func(other snmp.User) bool { return other.Name == u.Name }), u)
}

// finishKeys localizes the keys of a user, and cuts them to what the protocols
// take.
func (p *parser) finishKeys(u *user) bool {
	hash := hashOf(u.Auth)
	for _, k := range []struct {
		key  *snmp.Secret
		size int
	}{{&u.AuthKey, hash.Size()}, {&u.PrivKey, privSize(u.Priv)}} {
		if k.key.IsZero() {
			continue
		}
		key, _ := hex.DecodeString(k.key.Reveal())
		if u.master {
			h := hash.New()
			for _, part := range [][]byte{key, p.engine, key} { // RFC 3414, section 2.6
				_, _ = h.Write(part)
			}
			key = h.Sum(nil)
		}
		if len(key) < k.size {
			p.errorf("createUser: a key has %d octets, the protocol needs %d", len(key), k.size)
			return false
		}
		*k.key = config.NewSecret(hex.EncodeToString(key[:k.size]))
	}
	return true
}

func hashOf(a snmp.AuthProtocol) crypto.Hash {
	switch a {
	case snmp.AuthMD5:
		return crypto.MD5
	case snmp.AuthSHA224:
		return crypto.SHA224
	case snmp.AuthSHA256:
		return crypto.SHA256
	case snmp.AuthSHA384:
		return crypto.SHA384
	case snmp.AuthSHA512:
		return crypto.SHA512
	}
	return crypto.SHA1
}

// privSize is how many octets a key has.
func privSize(p snmp.PrivProtocol) int {
	switch p {
	case snmp.PrivAES192, snmp.PrivAES192C:
		return 24
	case snmp.PrivAES256, snmp.PrivAES256C:
		return 32
	}
	return 16
}

// finishSinks makes the destinations, and their users.
func (p *parser) finishSinks() {
	for _, s := range p.sinks {
		p.at = s.at
		i := slices.IndexFunc(p.file.Config.Users, func(u snmp.User) bool { return u.Name == s.User })
		switch {
		case s.Version != snmp.Version3:
		case s.user != nil && i < 0:
			p.addUser(*s.user)
		case s.user != nil && (s.user.Auth != p.file.Config.Users[i].Auth || s.user.Priv != p.file.Config.Users[i].Priv && s.user.Priv != snmp.PrivNone ||
			cmp.Or(s.user.AuthPassword, p.file.Config.Users[i].AuthPassword) != p.file.Config.Users[i].AuthPassword):
			p.errorf("trapsess: user %s is there already, with other protocols or passwords", s.User)
			continue
		case s.user == nil && i < 0 && s.Level == snmp.NoAuthNoPriv:
			p.addUser(snmp.User{Name: s.User})
		case s.user == nil && i < 0:
			p.errorf("trapsess: no createUser makes user %s, and there is no -A", s.User)
			continue
		}
		p.file.Config.Notifications.Destinations = append(p.file.Config.Notifications.Destinations, s.Destination)
	}
}
