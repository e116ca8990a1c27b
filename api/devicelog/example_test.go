package devicelog_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/fieldgate/fieldgate/api/devicelog"
)

// The program's own log, held in 64 KiB of memory.
func ExampleRing() {
	ring := devicelog.NewRing(64 << 10)
	logger := slog.New(slog.NewTextHandler(ring, &slog.HandlerOptions{ReplaceAttr: withoutTime})) // or ring.Handler
	logger.Info("started", "service", "api")
	fmt.Println(ring.WriteLog(context.Background(), os.Stdout))
	// Output:
	// level=INFO msg=started service=api
	// <nil>
}

func withoutTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

// A log that a daemon writes, with the file that was moved away before it.
func ExampleFile() {
	log := devicelog.File{Path: "no/such/messages", Rotated: "no/such/messages.1"}
	fmt.Println(log.WriteLog(context.Background(), os.Stdout) != nil)
	// Output: true
}
