package cconfig

import "go.yaml.in/yaml/v4"

// version1 reads a document of YAML version 1: top-level keys that repeat,
// named by their anchors, each read in turn.
func (d *document) version1(top *yaml.Node) {
	d.pairs("the file", top, func(key, value *yaml.Node) {
		if d.file.Dialect == "" {
			d.file.Dialect = YAML1 // neither key tells; the older one it is
		}
		switch key.Value {
		case "define":
			if value.Anchor == "" {
				d.faultf(d.place(value), "define: a name is missing, write define: &name text")
			} else if t, ok := d.scalar("define "+value.Anchor, value); ok {
				d.define(value.Anchor, t.value)
			}
		case "default":
			d.defaultOf(value)
		case "delete_default":
			d.deleteDefault(value)
		case "connection":
			if name, ok := d.anchorOf("connection", value); ok {
				d.connection(name, d.place(key), value)
			}
		case "rotator":
			if name, ok := d.anchorOf("rotator", value); ok {
				d.rotator(name, d.place(key), value)
			}
		default:
			d.common(key, value)
		}
	})
}

func (d *document) anchorOf(what string, n *yaml.Node) (string, bool) {
	if n.Anchor == "" {
		d.faultf(d.place(n), "%s: a name is missing, write %s: &name", what, what)
	}
	return n.Anchor, n.Anchor != ""
}

// common reads the top-level keys of both versions.
func (d *document) common(key, value *yaml.Node) {
	at := d.place(key)
	switch key.Value {
	case "include":
		if value.Kind == yaml.SequenceNode {
			for _, n := range value.Content {
				d.include(n)
			}
			return
		}
		d.include(value)
	case "led", "leds":
		d.warnf(at, "%s has no effect: LEDs are not supported", key.Value)
	case "admin":
		d.faultf(at, "admin: the admin port is not supported; the log and SIGHUP replace it")
	default:
		d.faultf(at, "%s is no key of %s", key.Value, d.file.Dialect)
	}
}

// connection reads what stands below a connection.
func (d *document) connection(name string, at Place, n *yaml.Node) {
	owner := "connection " + name
	c := Connection{Name: name, At: at, Enabled: true, accepterAt: at, connectorAt: at, defaults: d.defaults}
	seen := map[string]bool{}
	d.pairs(owner, n, func(key, value *yaml.Node) {
		if seen[key.Value] {
			d.faultf(d.place(key), "%s: %s stands here twice", owner, key.Value)
			return
		}
		seen[key.Value] = true
		if key.Value == "options" {
			c.Options = d.options(owner, value)
			return
		}
		t, ok := d.scalar(owner+": "+key.Value, value)
		if !ok {
			return
		}
		switch key.Value {
		case "name": // of the list form of version 2, read by the caller
			if d.file.Dialect == YAML1 {
				d.faultf(d.place(key), "%s: name is no key of a connection, the anchor is its name", owner)
			}
		case "accepter":
			c.AccepterText, c.Accepter, c.accepterAt = t.value, d.stack(owner, "accepter", t), t.at
		case "connector":
			c.ConnectorText, c.Connector, c.connectorAt = t.value, d.stack(owner, "connector", t), t.at
		case "timeout":
			c.Timeout = settle(d, owner, "timeout", t, func(s string) (int, error) { return number(s, 0, maxSeconds) })
		case "enable":
			c.Enabled = settle(d, owner, "enable", t, boolean)
		default:
			d.faultf(d.place(key), "%s: %s is no key of a connection; most settings stand below options", owner, key.Value)
		}
	})
	for _, key := range []string{"accepter", "connector"} {
		if !seen[key] {
			d.faultf(at, "%s: the %s is missing", owner, key)
		}
	}
	if d.name(name, at) {
		d.file.Connections = append(d.file.Connections, c)
	}
}

// maxSeconds is the longest time-out, ten years.
const maxSeconds = 10 * 365 * 24 * 3600

// settle reads a value, and reports one that cannot be.
func settle[T any](d *document, owner, key string, t text, parse func(string) (T, error)) T {
	v, err := parse(t.value)
	if err != nil {
		d.faultf(t.at, "%s: %s: %v", owner, key, err)
	}
	return v
}

// options reads the settings below options; a list repeats one.
func (d *document) options(owner string, n *yaml.Node) (all []Setting) {
	d.pairs(owner+": options", n, func(key, value *yaml.Node) {
		values := []*yaml.Node{value}
		if value.Kind == yaml.SequenceNode {
			values = value.Content
		}
		for _, v := range values {
			if t, ok := d.scalar(owner+": "+key.Value, v); ok {
				all = append(all, Setting{key.Value, t.value, t.at})
			}
		}
	})
	return all
}

// rotator reads what stands below a rotator.
func (d *document) rotator(name string, at Place, n *yaml.Node) {
	owner := "rotator " + name
	r := Rotator{Name: name, At: at, accepterAt: at, defaults: d.defaults}
	d.pairs(owner, n, func(key, value *yaml.Node) {
		switch key.Value {
		case "name":
			if d.file.Dialect == YAML1 {
				d.faultf(d.place(key), "%s: name is no key of a rotator, the anchor is its name", owner)
			}
		case "accepter":
			if t, ok := d.scalar(owner+": accepter", value); ok {
				r.AccepterText, r.Accepter, r.accepterAt = t.value, d.stack(owner, "accepter", t), t.at
			}
		case "connections":
			if value.Kind != yaml.SequenceNode {
				d.faultf(d.place(value), "%s: connections: a list of connections is wanted here", owner)
				return
			}
			for _, one := range value.Content {
				if t, ok := d.scalar(owner+": connections", one); ok {
					r.Connections = append(r.Connections, t.value)
				}
			}
		case "options":
			r.Options = d.options(owner, value)
		default:
			d.faultf(d.place(key), "%s: %s is no key of a rotator", owner, key.Value)
		}
	})
	if r.Accepter == nil && r.AccepterText == "" {
		d.faultf(at, "%s: the accepter is missing", owner)
	}
	if d.name(name, at) {
		d.file.Rotators = append(d.file.Rotators, r)
	}
}

// defaultOf reads name, value and class of a default.
func (d *document) defaultOf(n *yaml.Node) {
	fields := d.fields("default", n, "name", "value", "class")
	name := fields["name"]
	if name.value == "" {
		d.faultf(d.place(n), "default: the name is missing")
		return
	}
	value, ok := fields["value"]
	if !ok {
		d.faultf(d.place(n), "default %s: the value is missing", name.value)
		return
	}
	d.setDefault(fields["class"].value, name.value, value)
}

// deleteDefault reads name and class of a default to be deleted.
func (d *document) deleteDefault(n *yaml.Node) {
	fields := d.fields("delete_default", n, "name", "class")
	name, class := fields["name"].value, fields["class"].value
	if name == "" || class == "" {
		d.faultf(d.place(n), "delete_default: name and class are required")
		return
	}
	d.defaults = d.defaults.without(class, name)
}

// fields reads single values below known keys.
func (d *document) fields(owner string, n *yaml.Node, known ...string) map[string]text {
	found := map[string]text{}
	d.pairs(owner, n, func(key, value *yaml.Node) {
		for _, k := range known {
			if k == key.Value {
				if t, ok := d.scalar(owner+": "+k, value); ok {
					found[k] = t
				}
				return
			}
		}
		d.faultf(d.place(key), "%s: %s is not known here", owner, key.Value)
	})
	return found
}
