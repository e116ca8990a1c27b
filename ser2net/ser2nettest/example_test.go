package ser2nettest_test

import (
	"bufio"
	"context"
	"fmt"
	"net"

	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/ser2net/ser2nettest"
)

// A client of the network talks to a machine at the other end of a cable.
func Example() {
	var hardware ser2nettest.Opener
	line := hardware.Add("/dev/ttyUSB0", ser2nettest.Hardware{})
	port := ser2net.DefaultPort()
	port.Name, port.Enabled, port.Listen, port.Device = "meter", true, "127.0.0.1:0", "/dev/ttyUSB0"
	config := ser2net.DefaultConfig()
	config.Enabled, config.Ports = true, []ser2net.PortConfig{port}
	service, err := ser2net.New(config, ser2net.Options{Opener: &hardware})
	if err != nil {
		fmt.Println(err)
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
	_, _ = fmt.Fprintln(client, "read 1")
	asked, err := bufio.NewReader(line.Far()).ReadString('\n')
	fmt.Print(asked)
	_, _ = fmt.Fprintln(line.Far(), "230.1 V")
	answer, err := bufio.NewReader(client).ReadString('\n')
	fmt.Print(answer)
	_ = client.Close()
	fmt.Println(err, service.Stop(ctx), hardware.InUse())
	// Output:
	// read 1
	// 230.1 V
	// <nil> <nil> 0
}
