package snmp

import "sync/atomic"

// counter names one of the counters.
type counter int

// The counters of RFC 3418, RFC 3412 and RFC 3413 in the order of their
// objects, then those that no MIB has. Package usm has those of RFC 3414.
const (
	inPkts counter = iota
	outPkts
	inBadVersions
	inBadCommunityNames
	inBadCommunityUses
	inASNParseErrs
	inTotalReqVars
	inTotalSetVars
	inGetRequests
	inGetNexts
	inSetRequests
	inGetResponses
	inTraps
	outTooBigs
	outNoSuchNames
	outBadValues
	outGenErrs
	outGetResponses
	outTraps
	silentDrops

	unknownSecurityModels
	invalidMsgs
	unknownPDUHandlers

	unavailableContexts
	unknownContexts

	inGetBulks
	rateDrops
	handlerFaults
	sendErrors
	counterCount
)

// counters count since the Service was made. They are safe for concurrent use.
type counters [counterCount]atomic.Uint64

func (c *counters) inc(which counter)         { c[which].Add(1) }
func (c *counters) add(which counter, n int)  { c[which].Add(uint64(n)) }
func (c *counters) get(which counter) uint64  { return c[which].Load() }
func (c *counters) value(which counter) Value { return Counter32(uint32(c.get(which))) }
