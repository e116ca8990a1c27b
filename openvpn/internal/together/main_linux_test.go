package together_test

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == gatewayWord {
		fmt.Println(gateway(os.Args[2:]))
		os.Exit(1)
	}
	// The tests wait for peers more than they work: on two cores more than two
	// may run at once.
	if err := flag.Set("test.parallel", "6"); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}
