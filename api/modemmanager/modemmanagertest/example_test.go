package modemmanagertest_test

import (
	"context"
	"fmt"

	"github.com/fieldgate/fieldgate/api/modemmanager"
	"github.com/fieldgate/fieldgate/api/modemmanager/modemmanagertest"
)

// A modem on a private bus. It needs the program dbus-daemon.
func Example() {
	bus, err := modemmanagertest.StartBus()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = bus.Close() }()
	manager, err := modemmanagertest.Start(bus.Address())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = manager.Close() }()
	if _, err := manager.Add(modemmanagertest.NewModem()); err != nil {
		fmt.Println(err)
		return
	}
	modem := modemmanager.New(modemmanager.Options{Address: bus.Address()})
	defer func() { _ = modem.Close() }()
	info, err := modem.ModemInfo(context.Background())
	fmt.Println(info.Technology, err)
}
