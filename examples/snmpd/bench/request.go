package main

import (
	"errors"
	"fmt"

	"github.com/gosnmp/gosnmp"

	"github.com/fieldgate/fieldgate/snmp"
)

const sysName = ".1.3.6.1.2.1.1.5.0"

// perWalk is the max-repetitions of a walk.
const perWalk = 25

// getTen is what GET 10 asks for: sysDescr, sysUpTime, sysName, sysLocation,
// memTotalReal, memAvailReal, laLoad of a minute, ssCpuRawUser, and
// ifHCInOctets and ifHCOutOctets of the loopback interface.
func getTen() []string {
	return []string{
		".1.3.6.1.2.1.1.1.0", ".1.3.6.1.2.1.1.3.0", sysName, ".1.3.6.1.2.1.1.6.0",
		".1.3.6.1.4.1.2021.4.5.0", ".1.3.6.1.4.1.2021.4.6.0", ".1.3.6.1.4.1.2021.10.1.3.1", ".1.3.6.1.4.1.2021.11.50.0",
		".1.3.6.1.2.1.31.1.1.1.6.1", ".1.3.6.1.2.1.31.1.1.1.10.1",
	}
}

// stretch is a part of the tree: what lies below one subtree, up to the last
// of another.
type stretch struct{ from, to string }

// shared are the stretches of the tree that both agents serve, and walk.
func shared() []stretch {
	return []stretch{
		{".1.3.6.1.2.1.1", ".1.3.6.1.2.1.2"},                   // system, interfaces
		{".1.3.6.1.2.1.11", ".1.3.6.1.2.1.11"},                 // snmp
		{".1.3.6.1.2.1.25.1", ".1.3.6.1.2.1.25.2"},             // hrSystem, hrStorage
		{".1.3.6.1.2.1.25.3.2", ".1.3.6.1.2.1.25.3.3"},         // hrDeviceTable, hrProcessorTable
		{".1.3.6.1.2.1.25.3.8", ".1.3.6.1.2.1.25.3.8"},         // hrFSTable
		{".1.3.6.1.2.1.31", ".1.3.6.1.2.1.31"},                 // ifMIB
		{".1.3.6.1.4.1.2021.4", ".1.3.6.1.4.1.2021.11"},        // memory, dskTable, laTable, systemStats
		{".1.3.6.1.4.1.2021.13.15", ".1.3.6.1.4.1.2021.13.15"}, // diskIOTable
		{".1.3.6.1.6.3.10.2.1", ".1.3.6.1.6.3.12.1"},           // snmpEngine, snmpMPDStats, snmpUnknownContexts
		{".1.3.6.1.6.3.16.1", ".1.3.6.1.6.3.16.1"},             // vacmMIBObjects
	}
}

// ask is a request, and how many bindings its answer has.
type ask struct {
	bulk        bool
	oids        []string
	repetitions uint32
	bindings    int
}

// packet is an encoded ask.
type packet struct {
	raw      []byte
	bindings int
}

// gets is a list of one GET, which the agent has answered in full.
func gets(client *gosnmp.GoSNMP, oids ...string) ([]ask, error) {
	reply, err := client.Get(oids)
	if err != nil {
		return nil, err
	}
	if err := sound(reply); err != nil {
		return nil, err
	}
	return []ask{{oids: oids, bindings: len(reply.Variables)}}, nil
}

// bulk is a list of one GETBULK of the rows of interfaces.
func bulk(client *gosnmp.GoSNMP) ([]ask, error) {
	a := ask{bulk: true, oids: []string{".1.3.6.1.2.1.2.2"}, repetitions: perWalk}
	reply, err := client.GetBulk(a.oids, 0, a.repetitions)
	if err != nil {
		return nil, err
	}
	a.bindings = len(reply.Variables)
	if a.bindings != perWalk {
		return nil, fmt.Errorf("%d bindings instead of %d", a.bindings, perWalk)
	}
	return []ask{a}, sound(reply)
}

// walk lists the GETBULKs that bring all of some stretches. The last of a
// stretch asks for what is left there and no more, so that the cost of what
// follows it, which only one of the agents may serve, does not count.
func walk(client *gosnmp.GoSNMP, stretches ...stretch) ([]ask, error) {
	var list []ask
	for _, s := range stretches {
		last := snmp.MustParseOID(s.to)
		for at, more := s.from, true; more; {
			reply, err := client.GetBulk([]string{at}, 0, perWalk)
			if err != nil {
				return nil, fmt.Errorf("walk of %s: %w", s.from, err)
			}
			a := ask{bulk: true, oids: []string{at}, repetitions: perWalk}
			for _, v := range reply.Variables {
				oid, err := snmp.ParseOID(v.Name)
				if err != nil {
					return nil, err
				}
				if more = v.Type != gosnmp.EndOfMibView && (oid.Compare(last) < 0 || oid.HasPrefix(last)); !more {
					break
				}
				at = v.Name
				a.bindings++
			}
			if !more {
				a.repetitions = uint32(a.bindings)
			}
			if a.bindings > 0 {
				list = append(list, a)
			}
		}
	}
	if len(list) == 0 {
		return nil, errors.New("there is nothing to walk over")
	}
	return list, nil
}

// sound tells whether an answer has all that was asked for.
func sound(reply *gosnmp.SnmpPacket) error {
	if reply.Error != gosnmp.NoError {
		return fmt.Errorf("answered with %v", reply.Error)
	}
	for _, v := range reply.Variables {
		switch v.Type {
		case gosnmp.NoSuchInstance, gosnmp.NoSuchObject, gosnmp.EndOfMibView, gosnmp.Null:
			return fmt.Errorf("%s is %v", v.Name, v.Type)
		}
	}
	return nil
}

// encode writes the messages that ask. With v3 they are good for the 150 s
// after the client's last answer.
func encode(client *gosnmp.GoSNMP, asks []ask) ([]packet, error) {
	list := make([]packet, len(asks))
	for i, a := range asks {
		kind := gosnmp.GetRequest
		if a.bulk {
			kind = gosnmp.GetBulkRequest
		}
		binds := make([]gosnmp.SnmpPDU, len(a.oids))
		for j, oid := range a.oids {
			binds[j] = gosnmp.SnmpPDU{Name: oid, Type: gosnmp.Null}
		}
		raw, err := client.SnmpEncodePacket(kind, binds, 0, a.repetitions)
		if err != nil {
			return nil, err
		}
		list[i] = packet{raw, a.bindings}
	}
	return list, nil
}
