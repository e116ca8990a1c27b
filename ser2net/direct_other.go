//go:build !unix

package ser2net

import "net"

// newDirect returns nil: here a goroutine has to write.
func newDirect(net.Conn) direct { return nil }
