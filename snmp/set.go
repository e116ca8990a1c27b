package snmp

import (
	"errors"
	"slices"

	"github.com/fieldgate/fieldgate/snmp/internal/ber"
	"github.com/fieldgate/fieldgate/snmp/internal/message"
)

// part is what a SET asks of one mount.
type part struct {
	mount *mount
	binds []VarBind
	place []int // of each binding in the request
}

// set makes all assignments of a request, or none (RFC 3416, section 4.2.5).
func (w *worker) set(sc *scope) (ErrorStatus, int) {
	for i := range w.msg.Binds { // the answer has them, and must fit before anything is set
		if !w.out.Copy(w.msg.Binds[i]) {
			return tooBig, 0
		}
	}
	parts, status, index := w.split(sc)
	if status != noError {
		return status, index
	}
	w.s.setMu.Lock() // one at a time, as if at once
	defer w.s.setMu.Unlock()
	changes, status, index := w.s.prepare(parts)
	if status == noError {
		status, index = w.s.commit(parts, changes)
	}
	if status != noError {
		return status, index
	}
	w.s.counters.add(inTotalSetVars, len(w.msg.Binds))
	return noError, 0
}

// split sorts the bindings by mount. What is not in the view is the first
// thing that is wrong, then what no mount could set.
func (w *worker) split(sc *scope) ([]part, ErrorStatus, int) {
	var parts []part
	for i, in := range w.msg.Binds {
		b := VarBind{slices.Clone(OID(in.OID)), received(in)}
		m := sc.tree.find(b.OID)
		switch {
		case !sc.rights.write.contains(b.OID):
			return nil, NoAccess, i + 1
		case m == nil || m.setter == nil:
			return nil, NotWritable, i + 1
		case !b.Value.Exists():
			return nil, WrongType, i + 1
		}
		j := slices.IndexFunc(parts, func(p part) bool { return p.mount == m })
		if j < 0 {
			j, parts = len(parts), append(parts, part{mount: m})
		}
		parts[j].binds = append(parts[j].binds, b)
		parts[j].place = append(parts[j].place, i)
	}
	return parts, noError, 0
}

// prepare asks every mount. Of several faults that of the first binding
// counts.
func (s *Service) prepare(parts []part) (changes []Change, status ErrorStatus, index int) {
	for i := range parts {
		p := &parts[i]
		var change Change
		err := s.guard(p.mount, func() (err error) {
			change, err = p.mount.setter.Prepare(p.binds)
			return err
		})
		changes = append(changes, change)
		if err == nil {
			continue
		}
		fault := p.fault(err, genErr)
		if status == noError || fault.Bind < index-1 {
			status, index = fault.Status, fault.Bind+1
		}
	}
	return changes, status, index
}

// fault turns the error of a handler into that of the request. What is not a
// SetError gets a status and the first binding.
func (p *part) fault(err error, status ErrorStatus) SetError {
	fault := SetError{Status: status}
	if set := (*SetError)(nil); errors.As(err, &set) {
		fault.Bind = min(max(set.Bind, 0), len(p.place)-1)
		if status == genErr {
			fault.Status = set.Status
		}
	}
	fault.Bind = p.place[fault.Bind]
	return fault
}

// commit makes the changes. When one fails those before it are undone.
func (s *Service) commit(parts []part, changes []Change) (ErrorStatus, int) {
	for i, change := range changes {
		err := s.guard(parts[i].mount, func() error { return change.Commit() })
		if err == nil {
			s.log.Info("snmp: set", "first", parts[i].binds[0].OID.String(), "bindings", len(parts[i].binds))
			continue
		}
		fault := parts[i].fault(err, commitFailed)
		s.log.Error("snmp: set failed, what was set is undone", "object", parts[i].binds[0].OID.String(), "error", err)
		for j := i - 1; j >= 0; j-- {
			if err := s.guard(parts[j].mount, func() error { return changes[j].Undo() }); err != nil {
				s.log.Error("snmp: undo failed", "object", parts[j].binds[0].OID.String(), "error", err)
				fault = SetError{Status: undoFailed, Bind: -1}
			}
		}
		return fault.Status, fault.Bind + 1
	}
	return noError, 0
}

// received reads a value that Decode let pass.
func received(b message.Bind) Value {
	v := Value{kind: Kind(b.Tag)}
	switch b.Tag {
	case ber.Integer:
		n, _ := ber.Int32(b.Contents)
		v.num = uint64(int64(n))
	case ber.Counter32, ber.Gauge32, ber.TimeTicks, ber.Counter64:
		v.num, _ = ber.Uint64(b.Contents)
	default:
		v.text = string(b.Contents)
	}
	return v
}
