package openvpntest_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/openvpn/openvpntest"
)

// A machine on which openvpn is not installed, and is then.
func ExampleRunner() {
	runner := openvpntest.NewRunner()
	runner.Uninstall()
	_, err := runner.Version(context.Background())
	fmt.Println(errors.Is(err, openvpn.ErrNotInstalled))
	runner.Install()
	_, err = runner.Version(context.Background())
	fmt.Println(err, runner.Running())
	// Output:
	// true
	// <nil> 0
}

// A store whose disk is full.
func ExampleStore() {
	store := openvpntest.NewStore()
	store.Fail(errors.New("no space left on device"))
	fmt.Println(store.Put("office", "ca.crt", nil))
	// Output: no space left on device
}
