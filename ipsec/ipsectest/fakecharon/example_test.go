package fakecharon_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/fieldgate/fieldgate/ipsec/ipsectest/fakecharon"
)

// A charon for a program that speaks VICI, which refuses to load a connection.
func Example() {
	folder, err := os.MkdirTemp("", "fc") // a path of a socket is short
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(folder) }()
	charon, err := fakecharon.Start(filepath.Join(folder, "vici"), fakecharon.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	charon.Inject(fakecharon.Fault{Kind: fakecharon.Refuse, Command: "load-conn", Text: "invalid proposal"})
	fmt.Println(charon.Connections(), charon.Close())
	// Output: [] <nil>
}
