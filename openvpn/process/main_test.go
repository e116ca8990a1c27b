package process_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/fieldgate/fieldgate/openvpn/openvpntest/managementfake"
)

// TestMain makes the test binary openvpn when it is called as that.
func TestMain(m *testing.M) {
	if managementfake.Called(os.Args) {
		os.Exit(managementfake.Main(os.Args, os.Stdout))
	}
	if len(os.Args) > 1 && os.Args[1] == gatewayWord {
		os.Exit(gateway(os.Args[2:]))
	}
	goleak.VerifyTestMain(m)
}
