package snmp

import (
	"sync/atomic"
	"time"
)

// The places of what the agent serves about itself. They are functions since
// package variables must be constant.
func mib2(arcs ...uint32) OID        { return OID{1, 3, 6, 1, 2, 1}.Append(arcs...) }
func snmpModules(arcs ...uint32) OID { return OID{1, 3, 6, 1, 6, 3}.Append(arcs...) }

// ownMounts returns the groups about the agent itself.
func (s *Service) ownMounts() []Mount {
	return []Mount{
		{Prefix: mib2(1), Handler: s.system},
		{Prefix: mib2(11), Handler: s.snmpGroup()},
		{Prefix: snmpModules(1, 1, 6), Handler: s.serial},
		{Prefix: snmpModules(10, 2, 1), Handler: s.engineGroup()},
		{Prefix: snmpModules(11, 2, 1), Handler: s.counterGroup(snmpModules(11, 2, 1), 1, unknownSecurityModels, invalidMsgs, unknownPDUHandlers)},
		{Prefix: snmpModules(12, 1), Handler: s.counterGroup(snmpModules(12, 1), 4, unavailableContexts, unknownContexts)},
		{Prefix: snmpModules(15, 1, 1), Handler: s.usmStats()},
		{Prefix: snmpModules(15, 1, 2), Handler: &s.usmUsers},
		{Prefix: snmpModules(16, 1), Handler: &s.vacm},
	}
}

// late is a Handler that is known once the agent runs.
type late struct{ list atomic.Pointer[List] }

// Get implements Handler.
func (l *late) Get(oid OID) Value {
	if list := l.list.Load(); list != nil {
		return list.Get(oid)
	}
	return NoSuchObject()
}

// Next implements Handler.
func (l *late) Next(after OID) (VarBind, bool) {
	if list := l.list.Load(); list != nil {
		return list.Next(after)
	}
	return VarBind{}, false
}

// snmpGroup is the group snmp of RFC 3418.
func (s *Service) snmpGroup() *live {
	l := new(live)
	at := func(arc uint32, value func() Value) { l.scalar(mib2(11, arc), value) }
	count := func(arc uint32, which counter) { at(arc, func() Value { return s.counters.value(which) }) }
	for i, which := range []counter{inPkts, outPkts, inBadVersions, inBadCommunityNames, inBadCommunityUses, inASNParseErrs} {
		count(uint32(i+1), which)
	}
	for i, which := range []counter{inTotalReqVars, inTotalSetVars, inGetRequests, inGetNexts, inSetRequests, inGetResponses, inTraps, outTooBigs, outNoSuchNames, outBadValues} {
		count(uint32(i+13), which)
	}
	count(24, outGenErrs)
	count(28, outGetResponses)
	count(29, outTraps)
	count(31, silentDrops)
	// What only managers receive or send, and proxies drop: error-statuses in
	// responses (8 to 12), requests (25 to 27), ProxyDrops.
	for _, arc := range []uint32{8, 9, 10, 11, 12, 25, 26, 27, 32} {
		at(arc, func() Value { return Counter32(0) })
	}
	at(30, func() Value { return truth(s.cfg.Notifications.AuthenticationFailures) })
	return l.sorted()
}

// truth is the enabled(1), disabled(2) of snmpEnableAuthenTraps.
func truth(on bool) Value {
	if on {
		return Integer(1)
	}
	return Integer(2)
}

// counterGroup is scalars from first on below an identifier, one per counter.
func (s *Service) counterGroup(below OID, first uint32, list ...counter) *live {
	l := new(live)
	for i, which := range list {
		l.scalar(below.Append(first+uint32(i)), func() Value { return s.counters.value(which) })
	}
	return l.sorted()
}

// engineGroup is snmpEngine of RFC 3411. Without an engine it has no ID.
func (s *Service) engineGroup() *live {
	l := new(live)
	at := func(arc uint32, value func(*run) Value) {
		l.scalar(snmpModules(10, 2, 1, arc), func() Value {
			if r := s.current.Load(); r != nil {
				return value(r)
			}
			return Value{}
		})
	}
	at(1, func(r *run) Value {
		if id := r.v3.Load().identity.ID; len(id) > 0 {
			return Octets(id)
		}
		return Value{}
	})
	at(2, func(r *run) Value { boots, _ := r.clock(); return Integer(int32(boots)) })
	at(3, func(r *run) Value { _, seconds := r.clock(); return Integer(int32(seconds)) })
	at(4, func(*run) Value { return Integer(int32(s.maxMessage)) })
	return l.sorted()
}

// clock returns snmpEngineBoots and snmpEngineTime. Boots that are not known
// are 2147483647, as RFC 3414, section 2.2.2 says.
func (r *run) clock() (boots, seconds uint32) {
	if engine := r.v3.Load().engine; engine != nil {
		return engine.Clock()
	}
	return maxBoots, uint32(time.Since(r.started)/time.Second) & maxBoots
}

// uptime is sysUpTime: hundredths of a second since the agent started.
func (s *Service) uptime() uint32 {
	r := s.current.Load()
	if r == nil {
		return 0
	}
	return uint32(uint64(time.Since(r.started) / (10 * time.Millisecond)))
}
