package snmp

// cursor is how far a repeated binding of a GETBULK has come.
type cursor struct {
	oid  OID
	end  bool
	rest []VarBind // what follows oid, as far as that is known
}

// getBulk has no error but genErr where one step is too much work: the answer
// ends where it is full.
func (w *worker) getBulk(sc *scope) (ErrorStatus, int) {
	binds := w.msg.Binds
	first := w.nonRepeaters()
	repetitions := min(int(w.msg.PDU.ErrorIndex), w.s.maxRepetitions)
	for i := range first {
		if !w.step(sc, &cursor{oid: binds[i].OID}) {
			return w.bulkEnd(sc, i)
		}
	}
	w.cursors = w.cursors[:0]
	for i := first; i < len(binds); i++ {
		w.cursors = append(w.cursors, cursor{oid: binds[i].OID})
	}
	for range repetitions {
		ended := true
		for i := range w.cursors {
			if !w.step(sc, &w.cursors[i]) {
				return w.bulkEnd(sc, first+i)
			}
			ended = ended && w.cursors[i].end
		}
		if ended {
			break
		}
	}
	return w.bulkEnd(sc, 0)
}

// nonRepeaters is how many bindings of a GETBULK are not repeated.
func (w *worker) nonRepeaters() int {
	return min(max(int(w.msg.PDU.ErrorStatus), 0), len(w.msg.Binds))
}

// step appends the successor of a cursor and moves it there. It reports false
// when the answer is full or the work too much.
func (w *worker) step(sc *scope, c *cursor) bool {
	if len(c.rest) > 0 {
		if w.steps--; w.steps < 0 {
			return false
		}
		b := &c.rest[0]
		c.oid, c.rest = b.OID, c.rest[1:]
		return w.append(b.OID, b.Value)
	}
	v := Value{kind: KindEndOfMibView}
	if !c.end {
		b, more := w.next(sc, c.oid)
		if w.steps < 0 {
			return false
		}
		if c.end = !more; more {
			c.oid, v = b.OID, b.Value
			c.rest = w.following(sc, c.oid)
		}
	}
	return w.append(c.oid, v)
}

// bulkEnd ends a GETBULK that stopped at the binding with an index. It fails
// only where nothing could be found for all the work.
func (w *worker) bulkEnd(sc *scope, index int) (ErrorStatus, int) {
	if w.steps < 0 && w.out.Len() == 0 {
		return w.finish(sc, func(*scope) (ErrorStatus, int) { return genErr, index + 1 })
	}
	w.s.counters.add(inTotalReqVars, w.out.Len())
	return noError, 0
}
