package l2tptest_test

import (
	"fmt"
	"net/netip"

	"github.com/fieldgate/fieldgate/ipsec/l2tp/l2tptest"
)

// A host on which nothing runs, with a server that its clients can dial.
func Example() {
	host := l2tptest.NewHost()
	host.Serve(netip.MustParseAddr("192.0.2.1"), l2tptest.Server{
		Users: map[string]string{"site-7": "for this example only"},
		Local: netip.MustParseAddr("10.20.30.1"), First: netip.MustParseAddr("10.20.30.10"),
	})
	fmt.Println(host.Running(), host.Starts())
	// Output: 0 0
}
