//go:build !linux

package ser2net

import (
	"net"
	"time"
)

// setSocket sets nothing: keep-alive has to find a dead client.
func setSocket(*net.TCPConn, time.Duration, bool) {}

// endingOf knows nothing: the end shows when all that came before is read.
func endingOf(*net.TCPConn) ending { return ending{} }
