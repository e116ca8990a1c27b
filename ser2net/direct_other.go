//go:build !unix

package ser2net

import "net"

// direct would write without waiting. Here a goroutine does it.
type direct struct{}

func newDirect(net.Conn) *direct { return nil }

func (*direct) write([]byte) (int, error) { return 0, nil }
