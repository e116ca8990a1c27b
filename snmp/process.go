package snmp

import (
	"github.com/fieldgate/fieldgate/snmp/internal/message"
	"github.com/fieldgate/fieldgate/snmp/internal/usm"
)

// The error-statuses that the agent itself gives (RFC 3416, section 3);
// ErrorStatus has the others.
const (
	noError            ErrorStatus = 0
	tooBig             ErrorStatus = 1
	noSuchName         ErrorStatus = 2 // SNMPv1 only
	badValue           ErrorStatus = 3 // SNMPv1 only
	genErr             ErrorStatus = 5
	commitFailed       ErrorStatus = 14
	undoFailed         ErrorStatus = 15
	authorizationError ErrorStatus = 16
)

// maxSteps is how often the handlers are called for one request at the most.
const maxSteps = 20_000

// worker answers requests, one at a time. What it has learnt from handlers is
// forgotten with the next request; its memory is used again.
type worker struct {
	s   *Service
	run *run
	msg message.Message
	out message.Writer

	engine    *usm.Engine // of the message, SNMPv3 only
	request   uint64      // counts requests, to tell snapshots apart
	snapshots []snapshot
	steps     int    // left for this request
	asked     *mount // last in this request; nil: none yet
	cursors   []cursor
	mount     int // where the last identifier was, in some tree
}

func (s *Service) newWorker(r *run) *worker {
	return &worker{s: s, run: r, snapshots: make([]snapshot, len(s.registry.mounts))}
}

// snapshot is the handler that answers for a mount in a request.
type snapshot struct {
	request uint64
	handler Handler
}

// scope is what a request is about and may do there.
type scope struct {
	tree   tree
	rights rights
	denied bool // has no rights at all: authorizationError
	v1     bool
}

// process answers the PDU of msg with bindings in out, and returns
// error-status and error-index.
func (w *worker) process(sc *scope) (status ErrorStatus, index int) {
	w.request++
	w.steps, w.asked = maxSteps, nil
	defer func() {
		if fault := recover(); fault != nil {
			status, index = w.faulted(sc, fault)
		}
	}()
	if sc.denied {
		return w.finish(sc, func(*scope) (ErrorStatus, int) { return authorizationError, 0 })
	}
	switch w.msg.PDU.Type {
	case message.Get:
		return w.finish(sc, w.get)
	case message.GetNext:
		return w.finish(sc, w.getNext)
	case message.GetBulk:
		return w.getBulk(sc)
	}
	return w.finish(sc, w.set)
}

// finish gives an answer with an error the bindings that it must have: those
// of the request, but none with tooBig.
func (w *worker) finish(sc *scope, answer func(*scope) (ErrorStatus, int)) (ErrorStatus, int) {
	status, index := answer(sc)
	if status == noError {
		return status, index
	}
	if sc.v1 {
		status = status.v1()
	}
	if status != tooBig || sc.v1 {
		w.out.Reset()
		for i := range w.msg.Binds {
			if !w.out.Copy(w.msg.Binds[i]) {
				status = tooBig
				break
			}
		}
	}
	if status == tooBig {
		index = 0
		if !sc.v1 || w.out.Len() < len(w.msg.Binds) {
			w.out.Reset()
		}
	}
	return status, index
}

// v1 returns the error-status that SNMPv1 has instead (RFC 3584, section 4.4).
func (e ErrorStatus) v1() ErrorStatus {
	switch e {
	case WrongType, WrongLength, WrongEncoding, WrongValue, InconsistentValue:
		return badValue
	case NoAccess, NotWritable, NoCreation, InconsistentName, authorizationError:
		return noSuchName
	case ResourceUnavailable, commitFailed, undoFailed:
		return genErr
	}
	return e
}

func (w *worker) append(oid OID, v Value) bool {
	return w.out.Append(oid, byte(v.kind), v.num, v.text)
}

func (w *worker) get(sc *scope) (ErrorStatus, int) {
	for i := range w.msg.Binds {
		oid := OID(w.msg.Binds[i].OID)
		v := w.value(sc, oid)
		switch {
		case sc.v1 && (!v.Exists() || v.kind == KindCounter64):
			return noSuchName, i + 1
		case !w.append(oid, v):
			return tooBig, 0
		}
	}
	w.s.counters.add(inTotalReqVars, len(w.msg.Binds))
	return noError, 0
}

// value reads an instance.
func (w *worker) value(sc *scope, oid OID) Value {
	m := w.find(sc.tree, oid)
	if m == nil || !sc.rights.read.contains(oid) {
		return NoSuchObject()
	}
	v := w.handler(m).Get(oid)
	if !v.Exists() && v.kind != KindNoSuchObject && v.kind != KindNoSuchInstance {
		w.s.handlerFault(m, "Get gave no value")
		return NoSuchInstance()
	}
	return v
}

// handler returns the handler that answers for a mount in this request.
func (w *worker) handler(m *mount) Handler {
	w.asked = m
	if m.snapshotter == nil {
		return m.Handler
	}
	snap := &w.snapshots[m.index]
	if snap.request != w.request {
		*snap = snapshot{w.request, m.snapshotter.Snapshot()}
	}
	return snap.handler
}

func (w *worker) getNext(sc *scope) (ErrorStatus, int) {
	for i := range w.msg.Binds {
		oid := OID(w.msg.Binds[i].OID)
		b, more := w.next(sc, oid)
		switch {
		case w.steps < 0:
			return genErr, i + 1
		case !more && sc.v1:
			return noSuchName, i + 1
		case !more:
			b = VarBind{oid, Value{kind: KindEndOfMibView}}
		}
		if !w.append(b.OID, b.Value) {
			return tooBig, 0
		}
	}
	w.s.counters.add(inTotalReqVars, len(w.msg.Binds))
	return noError, 0
}
