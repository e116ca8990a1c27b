package snmp

import (
	"bytes"
	"errors"
	"net/netip"

	"github.com/fieldgate/fieldgate/snmp/internal/message"
	"github.com/fieldgate/fieldgate/snmp/internal/usm"
)

// answerV3 answers a message of SNMPv3 (RFC 3412, section 7.2), with a REPORT
// where it is not let in.
func (w *worker) answerV3(from netip.AddrPort) []byte {
	w.engine = w.run.v3.Load().engine
	engine, count := w.engine, &w.s.counters
	if engine == nil {
		count.inc(inBadVersions) // SNMPv3 is off, see Status
		return nil
	}
	user, err := engine.Incoming(&w.msg)
	if err != nil {
		var failure usm.Failure
		errors.As(err, &failure)
		return w.notLetIn(user, failure, from)
	}
	if err := w.msg.DecodeScoped(); err != nil {
		count.inc(inASNParseErrs)
		return nil
	}
	answered := w.countRequest()
	if !w.msg.PDU.Type.Confirmed() {
		return nil
	}
	foreign := !bytes.Equal(w.msg.ContextEngineID, engine.ID())
	if foreign && answered {
		count.inc(unknownPDUHandlers)
	}
	if foreign || !answered {
		return w.report(nil, usm.NoAuthNoPriv, snmpModules(11, 2, 1, 3, 0), count.value(unknownPDUHandlers), from)
	}
	t, known := w.s.registry.trees[string(w.msg.ContextName)]
	if !known {
		count.inc(unknownContexts)
		return w.report(nil, usm.NoAuthNoPriv, snmpModules(12, 1, 5, 0), count.value(unknownContexts), from)
	}
	return w.respondV3(user, t)
}

// respondV3 answers a request that was let in.
func (w *worker) respondV3(user *usm.User, t tree) []byte {
	l := usm.LevelOf(w.msg.Header.Flags)
	limit := min(w.s.maxMessage, w.msg.Header.MaxSize)
	if l == usm.NoAuthNoPriv {
		limit = min(limit, w.s.unauthenticatedLimit(len(w.msg.Raw)))
	}
	rights, ok := w.s.access.rights(member{usmModel, user.Name()}, level(l), string(w.msg.ContextName))
	envelope := w.engine.Envelope(&w.msg, user, l)
	w.out.Begin(&envelope, w.msg.PDU.RequestID, limit)
	status, index := w.process(&scope{tree: t, rights: rights, denied: !ok})
	sealable, ok := w.finishResponse(status, index)
	if !ok {
		return nil
	}
	w.engine.Outgoing(user, &envelope, sealable)
	return sealable.Raw
}

// notLetIn reports why the security model let a message not in. Whether it
// may is up to the class of its PDU, or where that cannot be read to its
// sender (RFC 3412, section 6.4).
func (w *worker) notLetIn(user *usm.User, failure usm.Failure, from netip.AddrPort) []byte {
	if failure == usm.WrongDigests {
		w.s.authenticationFailure()
	}
	reportable := w.msg.Header.Flags&message.FlagReportable != 0
	w.msg.PDU.RequestID = 0
	if w.msg.Encrypted == nil && w.msg.DecodeScoped() == nil {
		reportable = w.msg.PDU.Type.Confirmed()
	}
	if !reportable {
		return nil
	}
	count := Counter32(w.engine.Count(failure))
	return w.report(user, failure.Level(), snmpModules(15, 1, 1, uint32(failure), 0), count, from)
}

// report returns a REPORT with a counter.
func (w *worker) report(user *usm.User, l usm.Level, counter OID, v Value, from netip.AddrPort) []byte {
	if !w.mayReport(from) {
		return nil
	}
	envelope := w.engine.Envelope(&w.msg, user, l)
	envelope.ContextEngineID, envelope.ContextName = w.engine.ID(), nil
	w.out.Begin(&envelope, w.msg.PDU.RequestID, min(w.s.maxMessage, w.msg.Header.MaxSize))
	w.append(counter, v)
	sealable, err := w.out.Finish(message.Report, 0, 0)
	if err != nil {
		w.s.counters.inc(silentDrops)
		return nil
	}
	w.engine.Outgoing(user, &envelope, sealable)
	return sealable.Raw
}
