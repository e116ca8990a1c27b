// Command serialport gives one serial device to the network, until it is
// asked to end: serialport /dev/ttyUSB0 :5000
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/ser2net/tty"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: serialport DEVICE ADDRESS:PORT")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := serve(ctx, os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(ctx context.Context, device, listen string) error {
	port := ser2net.DefaultPort() // 9600 8N1; a client may change it by RFC 2217
	port.Name, port.Enabled, port.Device, port.Listen = "port", true, device, listen
	port.Protocol, port.RFC2217 = ser2net.ProtocolTelnet, true
	service, err := ser2net.New(
		ser2net.Config{Enabled: true, Ports: []ser2net.PortConfig{port}},
		ser2net.Options{Opener: &tty.Opener{}, Logger: slog.Default()})
	if err != nil {
		return err
	}
	if err := service.Start(ctx); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return service.Stop(context.Background())
	case <-service.Done():
		return service.Err()
	}
}
