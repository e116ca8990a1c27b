package snmp

import (
	"crypto/subtle"
	"errors"
	"net/netip"
	"slices"
	"time"

	"github.com/fieldgate/fieldgate/snmp/internal/message"
)

// answer handles a datagram and returns what is to be sent back, nil for
// nothing. The result is good until the next call.
func (w *worker) answer(datagram []byte, from netip.AddrPort) []byte {
	count := &w.s.counters
	count.inc(inPkts)
	switch err := w.msg.Decode(datagram); {
	case err == nil && w.msg.Version == message.V3:
		return w.sent(w.answerV3(from))
	case err == nil:
		return w.sent(w.answerCommunity(len(datagram), from.Addr()))
	case errors.Is(err, message.ErrVersion):
		count.inc(inBadVersions)
	case errors.Is(err, message.ErrSecurityModel):
		count.inc(unknownSecurityModels)
	case errors.Is(err, message.ErrFlags):
		count.inc(invalidMsgs)
	default:
		count.inc(inASNParseErrs)
	}
	return nil
}

func (w *worker) sent(reply []byte) []byte {
	if reply != nil {
		w.s.counters.inc(outPkts)
	}
	return reply
}

// community is a Community made ready for use.
type community struct {
	name    [maxCommunity]byte // followed by zeros
	length  int
	sources []netip.Prefix
	v1, v2c *scope // nil: not with this version
}

// newCommunities makes the communities of a valid Config ready.
func newCommunities(c Config, access *accessControl, r *registry) []community {
	list := make([]community, len(c.Communities))
	for i := range c.Communities {
		from, to := &c.Communities[i], &list[i]
		to.length = copy(to.name[:], from.Community.Reveal())
		to.sources = from.Sources
		if len(to.sources) == 0 {
			to.sources = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
		}
		make := func(m model) *scope {
			rights, ok := access.rights(member{m, from.securityName(i)}, noAuthNoPriv, from.Context)
			return &scope{tree: r.trees[from.Context], rights: rights, denied: !ok, v1: m == v1Model}
		}
		if from.Version != Version2c {
			to.v1 = make(v1Model)
		}
		if from.Version != Version1 {
			to.v2c = make(v2cModel)
		}
	}
	return list
}

// scope returns what a community opens to a source, nil when that is nothing.
// All names are compared, in a time that depends on the length of name only.
func (s *Service) scope(version message.Version, name []byte, from netip.Addr) *scope {
	if len(name) > maxCommunity {
		return nil
	}
	from = from.Unmap().WithZone("")
	var found *scope
	for i := range s.communities {
		c := &s.communities[i]
		sc := c.v2c
		if version == message.V1 {
			sc = c.v1
		}
		same := subtle.ConstantTimeCompare(c.name[:len(name)], name) & subtle.ConstantTimeEq(int32(c.length), int32(len(name)))
		if same == 1 && sc != nil && found == nil && slices.ContainsFunc(c.sources, func(p netip.Prefix) bool { return p.Contains(from) }) {
			found = sc
		}
	}
	return found
}

// answerCommunity answers a message of SNMPv1 or v2c.
func (w *worker) answerCommunity(size int, from netip.Addr) []byte {
	sc := w.s.scope(w.msg.Version, w.msg.Community, from)
	if sc == nil {
		w.s.counters.inc(inBadCommunityNames)
		w.s.authenticationFailure()
		return nil
	}
	if !w.countRequest() {
		return nil
	}
	envelope := message.Envelope{Version: w.msg.Version, Community: w.msg.Community}
	w.out.Begin(&envelope, w.msg.PDU.RequestID, w.s.unauthenticatedLimit(size))
	status, index := w.process(sc)
	if w.msg.PDU.Type == message.Set && sc.rights.write.empty() {
		w.s.counters.inc(inBadCommunityUses)
	}
	sealable, ok := w.finishResponse(status, index)
	if !ok {
		return nil
	}
	return sealable.Raw
}

// unauthenticatedLimit is how large the answer to a request of so many octets
// may be.
func (s *Service) unauthenticatedLimit(size int) int {
	return min(s.maxMessage, max(smallMessage, size*s.amplification))
}

// countRequest counts the PDU that came in, and tells whether it is one that
// the agent answers. Notifications are for others (RFC 3412, section 4.2.2.1).
func (w *worker) countRequest() bool {
	count := &w.s.counters
	switch w.msg.PDU.Type {
	case message.Get:
		count.inc(inGetRequests)
	case message.GetNext:
		count.inc(inGetNexts)
	case message.GetBulk:
		count.inc(inGetBulks)
	case message.Set:
		count.inc(inSetRequests)
	case message.Response:
		count.inc(inGetResponses)
		return false
	case message.Report:
		return false
	case message.TrapV1, message.TrapV2:
		count.inc(inTraps)
		count.inc(unknownPDUHandlers)
		return false
	default:
		count.inc(unknownPDUHandlers)
		return false
	}
	return true
}

// finishResponse puts the envelope around the bindings. Where not even an
// answer without bindings fits there is none.
func (w *worker) finishResponse(status ErrorStatus, index int) (message.Sealable, bool) {
	sealable, err := w.out.Finish(message.Response, int32(status), int32(index))
	if err != nil {
		status = tooBig
		w.out.Reset()
		if sealable, err = w.out.Finish(message.Response, int32(status), 0); err != nil {
			w.s.counters.inc(silentDrops)
			return message.Sealable{}, false
		}
	}
	count := &w.s.counters
	count.inc(outGetResponses)
	switch status {
	case tooBig:
		count.inc(outTooBigs)
	case noSuchName:
		count.inc(outNoSuchNames)
	case badValue:
		count.inc(outBadValues)
	case genErr:
		count.inc(outGenErrs)
	}
	return sealable, true
}

// mayReport tells whether a source that is not let in gets a REPORT.
func (w *worker) mayReport(from netip.AddrPort) bool {
	if w.s.limiter.allow(from, time.Now()) {
		return true
	}
	w.s.counters.inc(rateDrops)
	return false
}
