package l2tp_test

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/ipsectest"
	"github.com/fieldgate/fieldgate/ipsec/l2tp"
	"github.com/fieldgate/fieldgate/ipsec/l2tp/l2tptest"
)

// exampleConfig has one client.
func exampleConfig() l2tp.Config {
	office := l2tp.DefaultClient()
	office.Name, office.Enabled, office.Gateway = "office", true, "192.0.2.2"
	office.IPsec.PreSharedKey = l2tp.NewSecret("a long secret of both ends")
	office.Username, office.Password = "site-7", l2tp.NewSecret("sesame")
	c := l2tp.DefaultConfig()
	c.Enabled, c.Clients = true, []l2tp.Client{office}
	return c
}

// The ipsec service keeps the channels, this one what is inside of them. A
// change goes to this service, which has the other take its part in between.
func Example() {
	host, daemon := l2tptest.NewHost(), ipsectest.NewDaemon() // on a device: xl2tpd.New, strongswan.New
	host.Serve(netip.MustParseAddr("192.0.2.2"), l2tptest.Server{
		Users: map[string]string{"site-7": "sesame"},
		Local: netip.MustParseAddr("10.1.0.1"), First: netip.MustParseAddr("10.1.0.2"),
	})
	tunnels := ipsec.DefaultConfig() // those of the operator besides
	tunnels.Enabled = true

	c := exampleConfig()
	channels, err := ipsec.New(c.Extend(tunnels), ipsec.Options{Backend: daemon.Backend("fieldgate")})
	if err != nil {
		fmt.Println(err)
		return
	}
	up := make(chan l2tp.ClientStatus, 1)
	service, err := l2tp.New(c, l2tp.Options{
		Backend: host, Channel: channels,
		ApplyChannels: func(ctx context.Context, c l2tp.Config) error {
			_, err := channels.Apply(ctx, c.Extend(tunnels))
			return err
		},
		OnChange: func(st l2tp.ClientStatus) {
			if st.State == l2tp.StateUp {
				up <- st
			}
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	fmt.Println(channels.Start(ctx), service.Start(ctx))
	st := <-up
	fmt.Println(st.Name, st.State, st.Interface, st.Local, "to", st.Remote)

	c.Clients[0].Routes = []string{"10.1.0.0/16"}
	fmt.Println(service.Apply(ctx, c))
	st = <-up
	fmt.Println(st.Name, st.State)
	fmt.Println(service.Stop(ctx), channels.Stop(ctx))
	// Output:
	// <nil> <nil>
	// office up ppp0 10.1.0.2 to 10.1.0.1
	// <nil>
	// office up
	// <nil> <nil>
}
