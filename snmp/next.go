package snmp

// next returns the first instance after an identifier that the scope shows.
// It jumps over what the view excludes, and over Counter64 in SNMPv1. When
// steps is negative afterwards it has given up.
func (w *worker) next(sc *scope, oid OID) (VarBind, bool) {
	v := sc.rights.read
	i := w.at(sc.tree, oid)
	within := i < len(sc.tree) && oid.HasPrefix(sc.tree[i].Prefix)
	for self := false; i < len(sc.tree); { // self: oid itself is wanted too
		m := sc.tree[i]
		if !within {
			oid, self, within = m.Prefix, true, true
		}
		if !v.contains(oid) {
			var more bool
			if oid, more = v.skip(oid); !more {
				return VarBind{}, false
			}
			// Where that is not in the view either, the handler knows what is
			// there: there may be four thousand million such places.
			self = v.contains(oid)
			if !oid.HasPrefix(m.Prefix) {
				i = w.at(sc.tree, oid)
				within = i < len(sc.tree) && oid.HasPrefix(sc.tree[i].Prefix)
				continue
			}
		}
		if w.steps--; w.steps < 0 {
			return VarBind{}, false
		}
		b, found := w.advance(m, oid, self)
		switch {
		case found && v.contains(b.OID) && !(sc.v1 && b.Value.kind == KindCounter64):
			return b, true
		case found:
			oid = b.OID
		case !self:
			i, within = i+1, false
		}
		self = false
	}
	return VarBind{}, false
}

// advance returns the next instance of a mount after oid, or with self only
// the one at oid.
func (w *worker) advance(m *mount, oid OID, self bool) (VarBind, bool) {
	h := w.handler(m)
	if self {
		v := h.Get(oid)
		return VarBind{oid, v}, v.Exists()
	}
	b, found := h.Next(oid)
	if !found || !b.OID.HasPrefix(m.Prefix) {
		return VarBind{}, false
	}
	if b.OID.Compare(oid) <= 0 || !b.Value.Exists() {
		w.s.handlerFault(m, "Next gave what is not behind, or no value")
		return VarBind{}, false
	}
	return b, true
}

// at is that of a tree. It looks first where it was the last time.
func (w *worker) at(t tree, oid OID) int {
	if w.mount >= len(t) || !oid.HasPrefix(t[w.mount].Prefix) {
		w.mount = t.at(oid)
	}
	return w.mount
}

// find is that of a tree, by at.
func (w *worker) find(t tree, oid OID) *mount {
	if i := w.at(t, oid); i < len(t) && oid.HasPrefix(t[i].Prefix) {
		return t[i]
	}
	return nil
}

// following returns what comes after an instance in its mount, where a [List]
// has it and all is in the view: a walk need not look for each of it. Nil is
// no end.
func (w *worker) following(sc *scope, oid OID) []VarBind {
	m := w.find(sc.tree, oid)
	if !sc.rights.read.whole || m == nil {
		return nil
	}
	list, ok := w.handler(m).(*List)
	if !ok {
		return nil
	}
	rest := list.after(oid)
	if n := len(rest); n > 0 && !rest[n-1].OID.HasPrefix(m.Prefix) {
		return nil // it has more than its mount
	}
	return rest
}
