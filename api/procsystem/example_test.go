package procsystem_test

import (
	"context"
	"fmt"

	"github.com/fieldgate/fieldgate/api/procsystem"
)

func Example() {
	system := procsystem.New(procsystem.Options{
		Root:            "../../internal/hostfacts/testdata/root", // leave it out to read the host itself
		FirmwareVersion: "2.1.0",
	})
	info, err := system.SystemInfo(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(info.Hostname, info.Model, info.FirmwareVersion)
	// Output: fieldgate-7 Example IG-100 (MIPS) 2.1.0
}
