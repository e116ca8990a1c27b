package together_test

import (
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
	goleak.VerifyTestMain(m)
}
