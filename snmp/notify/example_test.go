package notify_test

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/snmp/notify"
)

// The sender of an agent. This one has no network.
func Example() {
	sender := notify.New(notify.Options{Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("the network is down")
	}})
	var m snmp.NotificationMessage
	m.To = snmp.Destination{Name: "ops", Address: "192.0.2.1:162", Version: snmp.Version2c, Community: snmp.NewSecret("for this example only")}
	fmt.Println(sender.Send(context.Background(), m) != nil)
	// Output: true
}
