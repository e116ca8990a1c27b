package openvpn_test

import (
	"context"
	"fmt"

	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/openvpn/openvpntest"
)

// A tunnel to a server, from a recipe, until it stands.
func Example() {
	office, err := openvpn.FromRecipe("client_tun", openvpn.Answers{Name: "office", Remote: "vpn.example.org"})
	if err != nil {
		fmt.Println(err)
		return
	}
	office.Enabled = true

	store := openvpntest.NewStore() // on a device: filestore.Open
	for _, f := range openvpn.NeededFiles(office) {
		fmt.Println("needs", f.Name, "from:", f.Origin)
		if err := store.Put(office.Name, f.Name, []byte("what the server's operator sent")); err != nil {
			fmt.Println(err)
			return
		}
	}

	config := openvpn.DefaultConfig()
	config.Enabled = true
	config.Instances = []openvpn.Instance{office}
	connected := make(chan openvpn.InstanceStatus, 1)
	service, err := openvpn.New(config, openvpn.Options{
		Runner: openvpntest.NewRunner(), // on a device: process.New
		Store:  store,
		OnChange: func(st openvpn.InstanceStatus) {
			if st.State == openvpn.StateConnected {
				connected <- st
			}
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := service.Start(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	st := <-connected
	fmt.Println(st.Name, "is", st.State, "as", st.Tunnel, "on", st.Device)
	if err := service.Stop(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// needs ca.crt from: authority
	// needs client.crt from: authority
	// needs client.key from: authority
	// needs tls-crypt.key from: shared
	// office is connected as 10.8.0.2 on tun-office
}

// An uploaded file, with what became of each line.
func ExampleImport() {
	const upload = "client\ndev tun\nremote vpn.example.org 443 tcp\nremote-cert-tls server\n" +
		"auth-user-pass\nup /tmp/script.sh\n<ca>\n-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n</ca>\n"
	imported, err := openvpn.Import("office", []byte(upload))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(imported.Instance.Remotes[0].Host, len(imported.Files), "file")
	for _, line := range imported.Report.Of(openvpn.VerdictDropped, openvpn.VerdictRefused) {
		fmt.Println(line.Number, line.Option, line.Verdict)
	}
	// Output:
	// vpn.example.org 1 file
	// 6 up refused
}
