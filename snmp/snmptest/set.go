package snmptest

import (
	"slices"

	"github.com/fieldgate/fieldgate/snmp"
)

// Prepare checks bindings against the object types, see [snmp.Setter]. The
// errors are *snmp.SetError, but for what [Handler.Fail] gave.
func (h *Handler) Prepare(binds []snmp.VarBind) (snmp.Change, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.faults[OpPrepare]; err != nil {
		return nil, err
	}
	c := &change{handler: h}
	for i, b := range binds {
		if status, reason := h.refusal(b); status != 0 {
			return nil, &snmp.SetError{Bind: i, Status: status, Reason: reason}
		}
		c.binds = append(c.binds, snmp.VarBind{OID: slices.Clone(b.OID), Value: b.Value})
	}
	return c, nil
}

// refusal tells why a binding cannot be set, in the order of RFC 3416, section
// 4.2.5; 0 when it can.
func (h *Handler) refusal(b snmp.VarBind) (snmp.ErrorStatus, string) {
	o := h.objectOf(b.OID)
	if o == nil || !o.Writable {
		return snmp.NotWritable, "nothing of that type can be set"
	}
	if b.Value.Kind() != o.Kind {
		return snmp.WrongType, "want " + o.Kind.String()
	}
	if o.MaxOctets > 0 && len(b.Value.Octets()) > o.MaxOctets {
		return snmp.WrongLength, "too long"
	}
	if _, found := h.find(b.OID); !found && !o.Create {
		return snmp.NoCreation, "no such instance"
	}
	return 0, ""
}

// change is a set that was prepared.
type change struct {
	handler *Handler
	binds   []snmp.VarBind
	before  []snmp.VarBind // with the zero Value for what was not there
}

// Commit sets all or, when it fails, nothing.
func (c *change) Commit() error {
	h := c.handler
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.faults[OpCommit]; err != nil {
		return err
	}
	c.before = nil
	for _, b := range c.binds {
		old := snmp.VarBind{OID: b.OID}
		if i, found := h.find(b.OID); found {
			old.Value = h.values[i].Value
		}
		c.before = append(c.before, old)
		h.put(b.OID, b.Value)
	}
	return nil
}

// Undo brings back what was before Commit.
func (c *change) Undo() error {
	h := c.handler
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.faults[OpUndo]; err != nil {
		return err
	}
	for _, old := range slices.Backward(c.before) {
		if old.Value.Exists() {
			h.put(old.OID, old.Value)
		} else if i, found := h.find(old.OID); found {
			h.list = nil
			h.values = slices.Delete(h.values, i, i+1)
		}
	}
	return nil
}
