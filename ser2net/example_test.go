package ser2net_test

import (
	"context"
	"fmt"
	"io"
	"net"

	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/ser2net/ser2nettest"
)

// A port whose client is let go when the port is switched off.
func ExampleService_Apply() {
	var hardware ser2nettest.Opener // on a device: tty.Opener
	line := hardware.Add("/dev/ttyS0", ser2nettest.Hardware{})
	config := ser2net.DefaultConfig()
	config.Enabled = true
	port := ser2net.DefaultPort()
	port.Name, port.Enabled, port.Listen, port.Device = "plc", true, "127.0.0.1:0", "/dev/ttyS0"
	config.Ports = []ser2net.PortConfig{port}
	service, err := ser2net.New(config, ser2net.Options{Opener: &hardware})
	if err != nil {
		fmt.Println(err) // every fault, with its path
		return
	}
	ctx := context.Background()
	if err := service.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	client, err := net.Dial("tcp", service.Status().Ports[0].Listening)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, _ = client.Write([]byte("?"))
	asked := make([]byte, 1)
	_, err = line.Far().Read(asked)
	fmt.Printf("%s %v\n", asked, err)

	config.Ports[0].Enabled = false
	fmt.Println(service.Apply(ctx, config))
	_, err = io.ReadAll(client)
	fmt.Println("the client is told:", err == nil)
	fmt.Println(client.Close(), service.Stop(ctx))
	// Output:
	// ? <nil>
	// <nil>
	// the client is told: true
	// <nil> <nil>
}
