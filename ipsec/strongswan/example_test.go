package strongswan_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/ipsectest/fakecharon"
	"github.com/fieldgate/fieldgate/ipsec/strongswan"
)

// A service on charon. A device leaves the socket out.
func Example() {
	folder, err := os.MkdirTemp("", "sw")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(folder) }()
	charon, err := fakecharon.Start(filepath.Join(folder, "vici"), fakecharon.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = charon.Close() }()

	backend, err := strongswan.New(strongswan.Options{Socket: charon.Socket()})
	if err != nil {
		fmt.Println(err)
		return
	}
	config := ipsec.DefaultConfig()
	config.Enabled = true
	service, err := ipsec.New(config, ipsec.Options{Backend: backend})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	if err := service.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	err = service.Ready(ctx)
	fmt.Println(service.Status().Daemon.State, err)
	fmt.Println(service.Stop(ctx))
	// Output:
	// ready <nil>
	// <nil>
}
