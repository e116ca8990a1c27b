package ipsectest_test

import (
	"context"
	"fmt"

	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/ipsectest"
)

// A tunnel that comes up with the first packet, on a daemon in memory.
func Example() {
	config := ipsec.DefaultConfig()
	config.Enabled = true
	config.Phase1Proposals = []ipsec.Phase1Proposal{{Name: "ike", Encryption: ipsec.EncryptionAES256, Hash: ipsec.HashSHA256, DH: ipsec.Group14}}
	config.Phase2Proposals = []ipsec.Phase2Proposal{{Name: "esp", Encryption: ipsec.EncryptionAES256, Hash: ipsec.HashSHA256}}
	config.Connections = []ipsec.Connection{{
		Name: "plant", Enabled: true, Gateway: "192.0.2.1", PreSharedKey: ipsec.NewSecret("for this example only"),
		LocalSubnets: ipsec.Subnets{"10.1.0.0/24"}, RemoteSubnets: ipsec.Subnets{"10.2.0.0/24"},
		Phase1: ipsec.Names{"ike"}, Phase2: ipsec.Names{"esp"},
	}}
	daemon := ipsectest.NewDaemon()
	service, err := ipsec.New(config, ipsec.Options{Backend: daemon.Backend("example")})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	if err := service.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(service.Ready(ctx), daemon.Loaded())
	fmt.Println("carried:", daemon.Pass("plant", 64))
	fmt.Println(service.Stop(ctx), daemon.Loaded())
	// Output:
	// <nil> [example-plant]
	// carried: true
	// <nil> []
}
