package notify

import (
	"fmt"
	"net/netip"

	"github.com/gosnmp/gosnmp"

	"github.com/fieldgate/fieldgate/snmp"
)

// enterpriseSpecific is the generic-trap of what is not one of SNMPv1's own.
const enterpriseSpecific = 6

// trapHeader is what a Trap-PDU of SNMPv1 has in place of snmpTrapOID.
type trapHeader struct {
	enterprise        snmp.OID
	address           netip.Addr
	generic, specific int
}

// v1Header translates a notification as RFC 3584, section 3.2, has it. Of the
// standard traps the enterprise is that of the sender; where it names none,
// snmpTraps.
func v1Header(m snmp.NotificationMessage, agent netip.Addr) trapHeader {
	standardTraps := snmp.OID{1, 3, 6, 1, 6, 3, 1, 1, 5} // snmpTraps
	h := trapHeader{address: agent}
	last := m.Trap[len(m.Trap)-1]
	if len(m.Trap) == len(standardTraps)+1 && m.Trap.HasPrefix(standardTraps) && last >= 1 && last <= enterpriseSpecific {
		h.generic, h.enterprise = int(last)-1, m.Agent
		if len(h.enterprise) == 0 {
			h.enterprise = standardTraps
		}
	} else {
		h.generic, h.specific = enterpriseSpecific, int(int32(last))
		h.enterprise = m.Trap[:len(m.Trap)-1]
		if n := len(h.enterprise); h.enterprise[n-1] == 0 {
			h.enterprise = h.enterprise[:n-1]
		}
	}
	for _, b := range m.Binds {
		switch {
		case b.OID.Compare(snmp.OID{1, 3, 6, 1, 6, 3, 1, 1, 4, 3, 0}) == 0 && h.generic != enterpriseSpecific: // snmpTrapEnterprise
			if o := b.Value.OID(); len(o) > 0 {
				h.enterprise = o
			}
		case b.OID.Compare(snmp.OID{1, 3, 6, 1, 6, 3, 18, 1, 3, 0}) == 0: // snmpTrapAddress
			if a, ok := netip.AddrFromSlice([]byte(b.Value.Octets())); ok && b.Value.Kind() == snmp.KindIPAddress {
				h.address = a
			}
		}
	}
	return h
}

// v1Trap encodes a Trap-PDU. A Counter64 has no place in it: RFC 3584 lets
// such a notification not go out at all, rather than in part.
func v1Trap(m snmp.NotificationMessage, agent netip.Addr) ([]byte, error) {
	for _, b := range m.Binds {
		if b.Value.Kind() == snmp.KindCounter64 {
			return nil, fmt.Errorf("%v is a Counter64, which SNMPv1 does not have: set the version of the destination to v2c or v3", b.OID)
		}
	}
	p, err := communityPacket(m.To, gosnmp.Version1, gosnmp.Trap)
	if err != nil {
		return nil, err
	}
	h := v1Header(m, agent)
	p.SnmpTrap = gosnmp.SnmpTrap{
		Enterprise: h.enterprise.String(), AgentAddress: h.address.String(),
		GenericTrap: h.generic, SpecificTrap: h.specific, Timestamp: uint(m.Uptime),
	}
	if p.Variables, err = appendBinds(nil, m.Binds); err != nil {
		return nil, err
	}
	return encode(p)
}
