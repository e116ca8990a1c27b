// Command bench measures what package openvpn adds to plain openvpn, and
// prints one table:
//
//	go run ./examples/openvpn/bench
//
// It needs root, openvpn and /dev/net/tun. The tunnels run between two network
// namespaces; the server is a plain openvpn all the while, and each start of
// ours stands beside one of plain openvpn with the same configuration, in the
// same second. With -docs FILE the table is written there too, between its two
// marks. It exits with 1 when something could not be measured; a goal that is
// missed is only shown.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/fieldgate/fieldgate/internal/benchkit"
)

// target is the make target whose marks in a document the table stands
// between.
const target = "bench-openvpn"

// limit ends a run in which something hangs.
const limit = 5 * time.Minute

func main() {
	docs := flag.String("docs", "", "`file` to write the table into; none = only print it")
	pairs := flag.Int("pairs", 30, "how many starts are measured, each way")
	flag.Parse()
	os.Exit(benchkit.Main(limit, func(ctx context.Context) error { return run(ctx, *docs, *pairs) }))
}

func run(ctx context.Context, docs string, pairs int) (err error) {
	r, err := newRig(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if e := r.close(); err == nil {
			err = e
		}
	}()
	lines, err := measure(ctx, r, pairs)
	if err != nil {
		return err
	}
	load, err := benchkit.Load()
	if err != nil {
		return err
	}
	circumstances, err := benchkit.Circumstances("openvpn " + r.version)
	if err != nil {
		return err
	}
	return benchkit.Report(docs, target, fmt.Sprintf("%s. Load average at the end %.2f.\n\n", circumstances, load)+
		benchkit.Table([]string{"figure", "unit", "ours", "plain openvpn", "goal", "reached"}, lines))
}
