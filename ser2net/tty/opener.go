package tty

import (
	"time"

	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/ser2net/internal/claims"
)

// Opener opens serial devices. The zero value is ready. All users of a
// process should share one: it knows which devices they hold.
type Opener struct {
	// LinePoll is how often WaitLines of a port looks at the modem lines.
	// Zero means 50 ms. A line that changes and returns in between is not
	// seen.
	LinePoll time.Duration

	held claims.Set
}

var _ ser2net.Opener = (*Opener)(nil)
