package snmp

import (
	"fmt"
	"slices"
)

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
