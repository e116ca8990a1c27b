//go:build !unix

package ser2net

import "net"

// newDirect returns nil: here a goroutine has to write.
func newDirect(net.Conn) direct { return nil }

// nonBlock is for pipes, which are no files here.
const nonBlock = 0
