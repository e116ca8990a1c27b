package bootcount_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/fieldgate/fieldgate/telemetry/bootcount"
)

func ExampleNext() {
	folder, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(folder) }()
	for range 2 { // each start of the device
		fmt.Println(bootcount.Next(filepath.Join(folder, "boot")))
	}
	// Output:
	// 1 <nil>
	// 2 <nil>
}
