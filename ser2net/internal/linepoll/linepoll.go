// Package linepoll waits for modem lines of drivers that do not report them.
package linepoll

import (
	"context"
	"os"
	"time"

	"github.com/fieldgate/fieldgate/ser2net"
)

// Default is how often backends look, unless told.
const Default = 50 * time.Millisecond

// Wait reads the lines again and again until they differ from since. It ends
// with the error of read, with that of ctx, and with os.ErrClosed when closed
// is closed.
func Wait(ctx context.Context, closed <-chan struct{}, every time.Duration, since ser2net.Lines,
	read func() (ser2net.Lines, error),
) (ser2net.Lines, error) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		now, err := read()
		if err != nil || now != since {
			return now, err
		}
		select {
		case <-ctx.Done():
			return now, ctx.Err()
		case <-closed:
			return now, os.ErrClosed
		case <-ticker.C:
		}
	}
}
