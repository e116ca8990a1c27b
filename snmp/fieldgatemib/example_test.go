package fieldgatemib_test

import (
	"fmt"
	"strings"

	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/snmp/fieldgatemib"
)

// A maker serves the module below his own number, and gives his customers its
// text.
func Example() {
	mib, err := fieldgatemib.New(fieldgatemib.Options{
		Root: snmp.MustParseOID(".1.3.6.1.4.1.32473.1"), // 32473 is for examples, RFC 5612
		Device: func() fieldgatemib.Device {
			return fieldgatemib.Device{HostName: "gw", Model: "GK-200", Firmware: "2.4.1"}
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	first, _ := mib.Next(mib.Root())
	fmt.Println(first.OID, first.Value)
	fmt.Println(strings.Contains(mib.MIB(), "FIELDGATE-MIB DEFINITIONS ::= BEGIN"))
	// Output:
	// .1.3.6.1.4.1.32473.1.1.1.1.0 STRING: "gw"
	// true
}
