package ipsec_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/ipsectest"
)

// exampleConfig has one tunnel to an office.
func exampleConfig() ipsec.Config {
	c := ipsec.DefaultConfig()
	c.Enabled = true
	c.Phase1Proposals = []ipsec.Phase1Proposal{
		{Name: "ike", Encryption: ipsec.EncryptionAES256, Hash: ipsec.HashSHA256, DH: ipsec.Group14},
	}
	c.Phase2Proposals = []ipsec.Phase2Proposal{{Name: "esp", Encryption: ipsec.EncryptionAES256GCM}}
	office := ipsec.DefaultConnection()
	office.Name, office.Enabled, office.Gateway = "office", true, "vpn.example.org"
	office.LocalSubnets = ipsec.Subnets{"10.10.12.0/24"}
	office.RemoteSubnets = ipsec.Subnets{"10.10.10.0/24"}
	office.PreSharedKey, office.LocalID = ipsec.NewSecret("a long secret of both ends"), "site-7"
	office.Phase1, office.Phase2 = ipsec.Names{"ike"}, ipsec.Names{"esp"}
	c.Connections = []ipsec.Connection{office}
	return c
}

// A tunnel is brought up by hand, and taken down again.
func Example() {
	daemon := ipsectest.NewDaemon() // on a device: strongswan.New
	service, err := ipsec.New(exampleConfig(), ipsec.Options{Backend: daemon.Backend("fieldgate")})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	if err := service.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	if err := service.Ready(ctx); err != nil { // a program that has time needs not wait
		fmt.Println(err)
		return
	}
	fmt.Println(service.Initiate(ctx, "office"))
	office, _ := service.Connection("office")
	fmt.Println(office.State, office.SAs[0].Algorithms, office.SAs[0].Children[0].Algorithms)
	fmt.Println(service.Terminate(ctx, "office"))
	office, _ = service.Connection("office")
	fmt.Println(office.State, office.Configured)
	fmt.Println(service.Stop(ctx))
	// Output:
	// <nil>
	// up aes256-sha256-modp2048 aes256gcm16
	// <nil>
	// stopped true
	// <nil>
}

// Every fault of a Config is reported, each at its place, and so is what is
// weak.
func ExampleConfig_Validate() {
	c := exampleConfig()
	c.Phase1Proposals[0].DH = ipsec.Group2
	for _, w := range c.Warnings() {
		fmt.Println("warning:", w)
	}
	c.Connections[0].Phase2 = ipsec.Names{"esp-old"}
	c.Connections[0].RemoteSubnets = ipsec.Subnets{"10.10.10.0/255.0.255.0"}
	fmt.Println(c.Validate())
	// Output:
	// warning: phase1_proposals[0].dh: group 2 (modp1024) is weak: choose 14 or higher
	// warning: connections[0].key_lifetime: the keys of the data channel live longer, 10800s, than those of the keying channel, 3600s: commonly it is the other way round
	// connections[0].phase2[0]: there is no phase 2 proposal "esp-old"
	// connections[0].remote_subnets[0]: "10.10.10.0/255.0.255.0": the mask 255.0.255.0 has a hole
}

// A connection that does not come up tells why.
func ExampleFailure() {
	daemon := ipsectest.NewDaemon()
	daemon.SetPeer("office", ipsectest.PeerNameless)
	service, err := ipsec.New(exampleConfig(), ipsec.Options{Backend: daemon.Backend("fieldgate")})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	if err := service.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	if err := service.Ready(ctx); err != nil {
		fmt.Println(err)
		return
	}
	var failure *ipsec.Failure
	if errors.As(service.Initiate(ctx, "office"), &failure) {
		fmt.Println(failure.Cause)
		fmt.Println(failure)
	}
	fmt.Println(service.Stop(ctx))
	// Output:
	// name resolution
	// ipsec: office: name resolution: unable to resolve vpn.example.org
	// <nil>
}
