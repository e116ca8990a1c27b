package snmptest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/fieldgate/fieldgate/snmp"
)

// Object is an object type of a [Handler].
type Object struct {
	OID  snmp.OID // of the scalar without its .0, or of the column
	Kind snmp.Kind
	// Writable lets a manager set instances, and Create make new ones.
	Writable, Create bool
	MaxOctets        int // of what is set; 0: any
}

// Handler is a subtree in memory. It is a [snmp.Snapshotter], a [snmp.Setter]
// and a [snmp.Watcher].
type Handler struct {
	mu      sync.Mutex
	objects []Object
	values  []snmp.VarBind // sorted
	list    *snmp.List     // of values; nil after a change
	faults  faults
	watches map[int]func(snmp.Notification)
	watched int
}

// Object declares an object type, or changes it. It panics for one within
// another.
func (h *Handler) Object(o Object) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.list = nil
	for i, old := range h.objects {
		switch {
		case old.OID.Compare(o.OID) == 0:
			h.objects[i] = o
			return
		case old.OID.HasPrefix(o.OID), o.OID.HasPrefix(old.OID):
			panic(fmt.Sprintf("snmptest: of %v and %v one is within the other", old.OID, o.OID))
		}
	}
	h.objects = append(h.objects, o)
}

// Put adds an instance or changes its value. It panics for an instance of no
// object type, and for what is no value.
func (h *Handler) Put(instance snmp.OID, v snmp.Value) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.objectOf(instance) == nil {
		panic(fmt.Sprintf("snmptest: %v is an instance of no object type", instance))
	}
	if !v.Exists() {
		panic(fmt.Sprintf("snmptest: %v cannot have the value %v", instance, v))
	}
	h.put(instance, v)
}

// Remove takes instances away: all at and below an identifier.
func (h *Handler) Remove(oid snmp.OID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.list = nil
	h.values = slices.DeleteFunc(slices.Clone(h.values), func(b snmp.VarBind) bool { return b.OID.HasPrefix(oid) })
}

// Fail lets [OpPrepare], [OpCommit] or [OpUndo] fail with err from now on; nil ends
// that.
func (h *Handler) Fail(step Op, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.faults.set(step, err, OpPrepare, OpCommit, OpUndo)
}

// String lists the instances, one a line, in their order.
func (h *Handler) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var text strings.Builder
	for _, b := range h.values {
		fmt.Fprintf(&text, "%v = %v\n", b.OID, b.Value)
	}
	return text.String()
}

// Get returns a value, see [snmp.Handler].
func (h *Handler) Get(oid snmp.OID) snmp.Value { return h.Snapshot().Get(oid) }

// Next returns the instance after oid, see [snmp.Handler].
func (h *Handler) Next(after snmp.OID) (snmp.VarBind, bool) { return h.Snapshot().Next(after) }

// Snapshot returns all instances as they are now, see [snmp.Snapshotter].
func (h *Handler) Snapshot() snmp.Handler {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.list == nil {
		var types []snmp.OID
		for _, o := range h.objects {
			types = append(types, o.OID)
		}
		list, err := snmp.NewList(types, slices.Clone(h.values))
		if err != nil {
			panic("snmptest: " + err.Error()) // an identifier that no message can carry
		}
		h.list = list
	}
	return h.list
}

// Watch passes on what [Handler.Notify] is given until ctx ends, see
// [snmp.Watcher].
func (h *Handler) Watch(ctx context.Context, notify func(snmp.Notification)) {
	h.mu.Lock()
	if h.watches == nil {
		h.watches = make(map[int]func(snmp.Notification))
	}
	id := h.watched
	h.watched++
	h.watches[id] = notify
	h.mu.Unlock()

	<-ctx.Done()
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.watches, id)
}

// Notify lets the handler see an event. It returns how many agents watch.
func (h *Handler) Notify(n snmp.Notification) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, notify := range h.watches {
		notify(n)
	}
	return len(h.watches)
}

// objectOf returns the type of an instance, nil for none.
func (h *Handler) objectOf(instance snmp.OID) *Object {
	for i := range h.objects {
		if o := &h.objects[i]; instance.HasPrefix(o.OID) && len(instance) > len(o.OID) {
			return o
		}
	}
	return nil
}

func (h *Handler) find(instance snmp.OID) (int, bool) {
	return slices.BinarySearchFunc(h.values, instance, func(b snmp.VarBind, oid snmp.OID) int { return b.OID.Compare(oid) })
}

func (h *Handler) put(instance snmp.OID, v snmp.Value) {
	h.list = nil
	i, found := h.find(instance)
	if found {
		h.values[i].Value = v
	} else {
		h.values = slices.Insert(h.values, i, snmp.VarBind{OID: slices.Clone(instance), Value: v})
	}
}

var (
	_ snmp.Snapshotter = (*Handler)(nil)
	_ snmp.Setter      = (*Handler)(nil)
	_ snmp.Watcher     = (*Handler)(nil)
)
