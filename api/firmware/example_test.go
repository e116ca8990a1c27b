package firmware_test

import (
	"fmt"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/firmware"
)

func Example() {
	config := firmware.DefaultConfig() // OpenWrt's sysupgrade
	config.Boards = []string{"wcc-lite"}
	config.TrustedKeys = []string{"RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3"} // yours
	upgrade, err := firmware.New(config, firmware.Options{RunningVersion: "1.8.2"})
	if err != nil {
		fmt.Println(err)
		return
	}
	providers := api.Providers{Upgrade: upgrade}
	fmt.Println(providers.Upgrade != nil, upgrade.Status().Stage)
	// Output: true idle
}
