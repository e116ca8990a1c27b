package replay_test

import (
	"fmt"
	"strings"

	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/snmp/replay"
)

func ExampleRead() {
	walk, err := replay.Read(strings.NewReader(".1.3.6.1.2.1.1.5.0 = STRING: \"gateway\"\n.1.3.6.1.2.1.1.7.0 = INTEGER: 72\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(walk.Len(), walk.Get(snmp.MustParseOID(".1.3.6.1.2.1.1.5.0")))
	// Output:
	// 2 STRING: "gateway"
}
