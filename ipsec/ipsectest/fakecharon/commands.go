package fakecharon

import (
	"crypto/sha1"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/fieldgate/fieldgate/ipsec/internal/vici"
)

// subject returns what a command is about.
func subject(m *vici.Message) string {
	for _, key := range []string{"ike", "child", "id", "name"} {
		if name := m.Text(key); name != "" {
			return name
		}
	}
	for name := range m.Sections() {
		return name
	}
	return ""
}

// streaming are the commands that send events before their answer, with the
// name of these.
var streaming = map[string]string{
	"list-sas": "list-sa", "list-conns": "list-conn", "list-certs": "list-cert", "initiate": "control-log", "terminate": "control-log",
}

// command answers one command.
func (c *client) command(name string, m *vici.Message) {
	about := subject(m)
	c.daemon.note(name + " " + about)
	fault := c.daemon.fault(name, about, streaming[name] != "" && name != "terminate")
	if fault != nil {
		switch fault.Kind {
		case Unknown:
			c.send(vici.Packet{Type: vici.CommandUnknown})
			return
		case Refuse:
			c.reply(failure(fault.Text))
			return
		case Slow:
			time.Sleep(fault.Delay)
		case Hang, Hangup, Junk:
			if streaming[name] != "" && fault.After > 0 {
				break
			}
			if !c.misbehave(fault) {
				c.close()
			}
			if fault.Kind != Hang || c.isClosed() {
				return
			}
		}
	}
	reply := c.work(name, m, fault)
	if reply == nil {
		c.send(vici.Packet{Type: vici.CommandUnknown})
		return
	}
	c.reply(reply)
}

func (c *client) isClosed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

func (d *Daemon) note(call string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.calls) == maxCalls {
		d.calls = d.calls[1:]
	}
	d.calls = append(d.calls, call)
}

func (c *client) reply(m *vici.Message) { c.send(vici.Packet{Type: vici.CommandResponse, Message: m}) }

func success() *vici.Message { return new(vici.Message).Set("success", "yes") }

func failure(text string) *vici.Message {
	return new(vici.Message).Set("success", "no").Set("errmsg", text)
}

// work does a command; nil: it is not known.
func (c *client) work(name string, m *vici.Message, f *Fault) *vici.Message {
	d := c.daemon
	switch name {
	case "initiate":
		return c.initiate(m)
	case "list-sas", "list-conns", "list-certs":
		return c.list(name, m, f)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	switch name {
	case "version":
		return new(vici.Message).Set("daemon", "charon-systemd").Set("version", d.options.Version).
			Set("sysname", "Linux").Set("release", "6.1").Set("machine", "x86_64")
	case "stats":
		return new(vici.Message).SetSection("ikesas", new(vici.Message).Set("total", fmt.Sprint(len(d.sas))).Set("half-open", "0"))
	case "get-conns":
		return new(vici.Message).SetList("conns", slices.Clone(d.order)...)
	case "get-shared":
		return new(vici.Message).SetList("keys", slices.Sorted(maps.Keys(d.shared))...)
	case "get-keys":
		return new(vici.Message).SetList("keys", slices.Sorted(maps.Keys(d.keys))...)
	case "get-pools":
		pools := new(vici.Message)
		for _, name := range slices.Sorted(maps.Keys(d.pools)) {
			pools.SetSection(name, new(vici.Message).Set("base", d.pools[name].Text("addrs")))
		}
		return pools
	case "load-conn":
		return d.loadConn(m)
	case "unload-conn":
		return d.unloadConn(m.Text("name"))
	case "flush-certs": // of peers, whose certificates are not played
		return success()
	case "clear-creds":
		d.clearCredentials()
		return success()
	case "terminate":
		return d.terminate(m)
	case "rekey":
		return d.rekey(m)
	case "install", "uninstall":
		if !d.hasChild(m.Text("child")) {
			return failure("configuration name not found")
		}
		return success()
	}
	return d.credential(name, m)
}

func (d *Daemon) loadConn(m *vici.Message) *vici.Message {
	for name, section := range m.Sections() {
		if complaint := check(section); complaint != "" {
			return failure(complaint)
		}
		if d.conns[name] == nil {
			d.order = append(d.order, name)
		}
		d.conns[name] = section
	}
	return success()
}

func (d *Daemon) unloadConn(name string) *vici.Message {
	if d.conns[name] == nil {
		return failure(fmt.Sprintf("unload: connection '%s' not found", name))
	}
	delete(d.conns, name)
	d.order = slices.DeleteFunc(d.order, func(other string) bool { return other == name })
	return success()
}

func (d *Daemon) hasChild(name string) bool {
	for _, m := range d.conns {
		if m.Section("children").Section(name) != nil {
			return true
		}
	}
	return false
}

// credential does the commands about keys, certificates and pools.
func (d *Daemon) credential(name string, m *vici.Message) *vici.Message {
	switch name {
	case "load-shared":
		if m.Text("data") == "" {
			return failure("shared key data missing")
		}
		d.shared[m.Text("id")] = sharedKey{m.Text("data"), m.List("owners")}
		return success()
	case "unload-shared":
		if _, ok := d.shared[m.Text("id")]; !ok {
			return failure("key not found")
		}
		delete(d.shared, m.Text("id"))
		return success()
	case "load-key":
		b, _ := pem.Decode([]byte(m.Text("data")))
		if b == nil || b.Headers["Proc-Type"] != "" || b.Type == "ENCRYPTED PRIVATE KEY" {
			return failure("parsing " + m.Text("type") + " private key failed")
		}
		sum := sha1.Sum(b.Bytes) // charon's is of the public key
		id := hex.EncodeToString(sum[:])
		d.keys[id] = true
		return success().Set("id", id)
	case "unload-key":
		if !d.keys[m.Text("id")] {
			return failure("key not found")
		}
		delete(d.keys, m.Text("id"))
		return success()
	case "load-cert":
		if !isCertificate(m.Text("data")) {
			return failure("parsing X509 certificate failed")
		}
		d.certs[m.Text("data")] = m.Text("flag")
		return success()
	case "load-pool":
		for pool, section := range m.Sections() {
			if section.Text("addrs") == "" {
				return failure(fmt.Sprintf("missing addrs for pool '%s'", pool))
			}
			d.pools[pool] = section
		}
		return success()
	case "unload-pool":
		if d.pools[m.Text("name")] == nil {
			return failure(m.Text("name") + " not found")
		}
		delete(d.pools, m.Text("name"))
		return success()
	}
	return nil
}

// list streams what is there.
func (c *client) list(command string, m *vici.Message, f *Fault) *vici.Message {
	for i, item := range c.daemon.items(command, m) {
		if f != nil && f.Kind == Slow {
			time.Sleep(f.Delay)
		} else if f != nil && i == f.After {
			if !c.misbehave(f) {
				c.close()
			}
			if c.isClosed() {
				break
			}
		}
		c.event(streaming[command], item)
	}
	return new(vici.Message)
}

func (d *Daemon) items(command string, m *vici.Message) []*vici.Message {
	d.mu.Lock()
	defer d.mu.Unlock()
	var items []*vici.Message
	switch command {
	case "list-sas":
		now := time.Now()
		for _, sa := range d.sas {
			if name := m.Text("ike"); name == "" || name == sa.name {
				items = append(items, new(vici.Message).SetSection(sa.name, sa.message(now)))
			}
		}
	case "list-conns":
		for _, name := range d.order {
			items = append(items, new(vici.Message).SetSection(name, new(vici.Message).
				SetList("remote_addrs", d.conns[name].List("remote_addrs")...)))
		}
	case "list-certs":
		for _, data := range slices.Sorted(maps.Keys(d.certs)) {
			der := data
			if b, _ := pem.Decode([]byte(data)); b != nil {
				der = string(b.Bytes)
			}
			items = append(items, new(vici.Message).Set("type", "X509").Set("flag", d.certs[data]).Set("data", der))
		}
	}
	return items
}
