package process_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/openvpn/process"
)

// A machine without openvpn says so.
func Example() {
	runner, err := process.New(process.Options{Program: "/no/such/openvpn"}) // leave it out for the usual places
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = runner.Version(context.Background())
	fmt.Println(errors.Is(err, openvpn.ErrNotInstalled))
	// Output: true
}
