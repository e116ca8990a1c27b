package cconfig

import "go.yaml.in/yaml/v4"

// version2 reads a document of YAML version 2: standard YAML, where each
// top-level key is there once. Defines and defaults count first, wherever
// they stand.
func (d *document) version2(top *yaml.Node) {
	parts := map[string]*yaml.Node{}
	d.pairs("the file", top, func(key, value *yaml.Node) {
		if parts[key.Value] != nil {
			d.faultf(d.place(key), "%s stands here twice; begin a new document with --- for more", key.Value)
			return
		}
		parts[key.Value] = value
		switch key.Value {
		case "defines", "defaults", "delete_defaults", "connections", "rotators":
		default:
			d.common(key, value)
		}
	})
	if n := parts["defines"]; n != nil {
		d.named("defines", n, func(name string, at Place, value *yaml.Node) {
			if value.Kind == yaml.MappingNode {
				if t, ok := d.fields("define "+name, value, "name", "value")["value"]; ok {
					d.define(name, t.value)
				}
			} else if t, ok := d.scalar("define "+name, value); ok {
				d.define(name, t.value)
			}
		})
	}
	if n := parts["delete_defaults"]; n != nil {
		d.each("delete_defaults", n, d.deleteDefault)
	}
	if n := parts["defaults"]; n != nil {
		if n.Kind == yaml.MappingNode {
			d.pairs("defaults", n, func(key, value *yaml.Node) {
				if t, ok := d.scalar("default "+key.Value, value); ok {
					d.setDefault("", key.Value, t)
				}
			})
		} else {
			d.each("defaults", n, d.defaultOf)
		}
	}
	if n := parts["connections"]; n != nil {
		d.named("connections", n, d.connection)
	}
	if n := parts["rotators"]; n != nil {
		d.named("rotators", n, d.rotator)
	}
}

// each calls f for the items of a list.
func (d *document) each(owner string, n *yaml.Node, f func(*yaml.Node)) {
	if n.Kind != yaml.SequenceNode {
		d.faultf(d.place(n), "%s: a list is wanted here", owner)
		return
	}
	for _, item := range n.Content {
		f(item)
	}
}

// named calls f for what has a name: the keys of a mapping, or the items of a
// list by their key name.
func (d *document) named(owner string, n *yaml.Node, f func(name string, at Place, n *yaml.Node)) {
	if n.Kind != yaml.SequenceNode {
		d.pairs(owner, n, func(key, value *yaml.Node) { f(key.Value, d.place(key), value) })
		return
	}
	d.each(owner, n, func(item *yaml.Node) {
		var name text
		if item.Kind == yaml.MappingNode {
			for i := 0; i+1 < len(item.Content); i += 2 {
				if item.Content[i].Value == "name" {
					name, _ = d.scalar(owner+": name", item.Content[i+1])
				}
			}
		}
		if name.value == "" {
			d.faultf(d.place(item), "%s: a name is missing", owner)
			return
		}
		f(name.value, d.place(item), item)
	})
}
