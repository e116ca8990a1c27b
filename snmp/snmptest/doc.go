// Package snmptest has stand-ins for what an agent of package snmp needs: a
// Handler with objects that come, go, change and are set, an EngineStore and a
// Sender in memory. All hold their state, can be made to fail, print it with
// String, and are safe for concurrent use. Their zero values are ready.
//
//	var mib snmptest.Handler
//	mib.Object(snmptest.Object{OID: snmp.MustParseOID(".1.3.6.1.2.1.1.5"), Kind: snmp.KindOctetString, Writable: true})
//	mib.Put(snmp.MustParseOID(".1.3.6.1.2.1.1.5.0"), snmp.OctetString("gateway"))
//	... start an agent with &mib as a Handler ...
//	mib.Fail(snmptest.OpCommit, errors.New("flash is full"))
package snmptest
