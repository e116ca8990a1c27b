package cconfig

import (
	"maps"
	"slices"
)

// defaults are what "default" sets, by class and name. It is not changed once
// a connection has taken it.
type defaults map[defaultKey]text

type defaultKey struct{ class, name string }

// with returns d with another default.
func (d defaults) with(class, name string, value text) defaults {
	d = maps.Clone(d)
	if d == nil {
		d = defaults{}
	}
	d[defaultKey{class, name}] = value
	return d
}

// without returns d without a default of a class.
func (d defaults) without(class, name string) defaults {
	d = maps.Clone(d)
	delete(d, defaultKey{class, name})
	return d
}

// get returns the default of a class, or else that of all classes.
func (d defaults) get(class, name string) (text, bool) {
	if t, ok := d[defaultKey{class, name}]; ok {
		return t, true
	}
	t, ok := d[defaultKey{"", name}]
	return t, ok
}

// The names that a default may have, by class.
func defaultNames(class string) (names []string, known bool) {
	switch class {
	case "ser2net":
		return slices.Sorted(maps.Keys(portOptions())), true
	case "serialdev":
		return []string{
			"speed", "local", "rtscts", "xonxoff", "hangup-when-done", "wronly", "nobreak", "rs485", "custspeed",
			"drain_time", "char_drain_wait", "readbuf", "dtr", "rts", "uucplock", "flock", "tiocexcl",
		}, true
	case "ssl":
		return []string{"key", "cert", "CA", "clientauth", "readbuf"}, true
	case "telnet":
		return []string{"rfc2217", "readbuf"}, true
	case "tcp":
		return []string{"nodelay", "reuseaddr", "readbuf", "tcpd"}, true
	case "udp":
		return []string{"reuseaddr", "readbuf"}, true
	}
	return nil, false
}

// setDefault takes a default that stands at a place.
func (r *reader) setDefault(class, name string, value text) {
	if class != "" {
		names, known := defaultNames(class)
		switch {
		case !known:
			r.warnf(value.at, "default %s of class %s has no effect: the class is not supported", name, class)
			return
		case !slices.Contains(names, name):
			r.faultf(value.at, "default %s of class %s is not supported", name, class)
			return
		}
	} else if !r.knownDefault(name) {
		r.faultf(value.at, "default %s is not supported", name)
		return
	}
	r.defaults = r.defaults.with(class, name, value)
}

func (r *reader) knownDefault(name string) bool {
	for _, class := range []string{"ser2net", "serialdev", "ssl", "telnet", "tcp", "udp"} {
		if names, _ := defaultNames(class); slices.Contains(names, name) {
			return true
		}
	}
	return false
}
