package hostmib_test

import (
	"fmt"

	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/snmp/hostmib"
)

// A device as a folder. A program leaves Root out, and gives Mounts to the
// agent.
func Example() {
	host := hostmib.New(hostmib.Options{Root: "../../internal/hostfacts/testdata/root"})
	options := snmp.Options{Handlers: host.Mounts(), Description: host.Description()}
	memTotalReal := snmp.MustParseOID(".1.3.6.1.4.1.2021.4.5.0")
	for _, m := range options.Handlers {
		if memTotalReal.HasPrefix(m.Prefix) {
			fmt.Println(m.Handler.Get(memTotalReal))
		}
	}
	// Output:
	// INTEGER: 59656
}
