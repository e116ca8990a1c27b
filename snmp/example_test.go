package snmp_test

import (
	"context"
	"fmt"

	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/snmp/snmptest"
)

// An agent with a user and an object of its own.
func Example() {
	var b snmp.Builder
	b.Scalar(snmp.MustParseOID(".1.3.6.1.4.1.8072.9999.9999.1"), snmp.Gauge32(21))
	temperature, err := b.List()
	if err != nil {
		fmt.Println(err)
		return
	}
	config := snmp.DefaultConfig()
	config.Enabled = true
	config.Listen = []string{"127.0.0.1:0"}
	config.System.Location = "hall 3"
	config.Users = []snmp.User{{
		Name: "monitor", Auth: snmp.AuthSHA256, Priv: snmp.PrivAES,
		AuthPassword: snmp.NewSecret("one long password"), PrivPassword: snmp.NewSecret("another long one"),
	}}
	agent, err := snmp.New(config, snmp.Options{
		Handlers: []snmp.Mount{{Prefix: snmp.MustParseOID(".1.3.6.1.4.1.8072.9999.9999"), Handler: temperature}},
		Store:    new(snmptest.Store), // on a device: enginefile.New
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := agent.Start(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	status := agent.Status()
	fmt.Println(len(status.Listening), status.Users[0].Name, status.Boots)
	fmt.Println(agent.Stop(context.Background()))
	// Output:
	// 1 monitor 1
	// <nil>
}
