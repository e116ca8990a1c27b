package managementfake_test

import (
	"fmt"

	"github.com/fieldgate/fieldgate/openvpn/openvpntest/managementfake"
)

// What a fake does stands in lines that are comments to openvpn.
func ExampleParseScript() {
	script, err := managementfake.ParseScript("client\nremote vpn.example.org\n#fake ask Auth joe secret\n#fake reject tls-error\n")
	fmt.Println(len(script.Asks), script.Asks[0].What, script.Reject, script.Server, err)
	// Output: 1 Auth tls-error false <nil>
}
