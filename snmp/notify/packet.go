package notify

import (
	"errors"
	"fmt"

	"github.com/gosnmp/gosnmp"

	"github.com/fieldgate/fieldgate/snmp"
)

// The two objects that are first in every notification (RFC 3416, section
// 4.2.6).
const (
	sysUpTime   = ".1.3.6.1.2.1.1.3.0"
	snmpTrapOID = ".1.3.6.1.6.3.1.1.4.1.0"
)

// communityPacket is a message of SNMPv1 or v2c.
func communityPacket(to snmp.Destination, version gosnmp.SnmpVersion, kind gosnmp.PDUType) (*gosnmp.SnmpPacket, error) {
	community := to.Community.Reveal()
	// gosnmp writes the length of a community as one octet.
	if len(community) > 127 {
		return nil, fmt.Errorf("its community has %d octets, at most 127 can be sent", len(community))
	}
	return &gosnmp.SnmpPacket{Version: version, Community: community, PDUType: kind}, nil
}

// encode returns the message. What goes wrong in gosnmp does not end the
// program.
func encode(p *gosnmp.SnmpPacket) (message []byte, err error) {
	defer func() {
		if e := recover(); e != nil {
			message, err = nil, fmt.Errorf("the message cannot be encoded: %v", e)
		}
	}()
	return p.MarshalMsg()
}

// v2Binds are the bindings of a notification of v2c and v3.
func v2Binds(m snmp.NotificationMessage) ([]gosnmp.SnmpPDU, error) {
	head := []gosnmp.SnmpPDU{
		{Name: sysUpTime, Type: gosnmp.TimeTicks, Value: m.Uptime},
		{Name: snmpTrapOID, Type: gosnmp.ObjectIdentifier, Value: m.Trap.String()},
	}
	return appendBinds(head, m.Binds)
}

func appendBinds(to []gosnmp.SnmpPDU, binds []snmp.VarBind) ([]gosnmp.SnmpPDU, error) {
	for _, b := range binds {
		value, err := goValue(b.Value)
		if err != nil {
			return nil, fmt.Errorf("%v: %w", b.OID, err)
		}
		to = append(to, gosnmp.SnmpPDU{Name: b.OID.String(), Type: gosnmp.Asn1BER(b.Value.Kind()), Value: value})
	}
	return to, nil
}

// goValue is a value in the Go type that gosnmp expects for its kind.
func goValue(v snmp.Value) (any, error) {
	switch v.Kind() {
	case snmp.KindInteger:
		return int(v.Int()), nil
	case snmp.KindOctetString, snmp.KindOpaque, snmp.KindIPAddress:
		return []byte(v.Octets()), nil
	case snmp.KindObjectID:
		return v.OID().String(), nil
	case snmp.KindCounter32, snmp.KindGauge32, snmp.KindTimeTicks:
		return uint32(v.Uint()), nil
	case snmp.KindCounter64:
		return v.Uint(), nil
	}
	return nil, errors.New("it has no value but " + v.String())
}
