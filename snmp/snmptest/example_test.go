package snmptest_test

import (
	"errors"
	"fmt"

	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/snmp/snmptest"
)

// An object that can be set, on a device whose flash is full.
func Example() {
	name := snmp.MustParseOID(".1.3.6.1.2.1.1.5")
	var mib snmptest.Handler
	mib.Object(snmptest.Object{OID: name, Kind: snmp.KindOctetString, Writable: true})
	mib.Put(append(name, 0), snmp.OctetString("gateway"))
	mib.Fail(snmptest.OpCommit, errors.New("flash is full"))

	change, err := mib.Prepare([]snmp.VarBind{{OID: append(name, 0), Value: snmp.OctetString("hall 3")}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(change.Commit())
	fmt.Println(mib.Get(append(name, 0)))
	// Output:
	// flash is full
	// STRING: "gateway"
}
