package main

import (
	"context"
	"fmt"
	"net"

	"github.com/prometheus/procfs"

	"github.com/fieldgate/fieldgate/internal/benchkit"
)

// udpBound waits until p listens on that UDP port of this host.
func udpBound(ctx context.Context, p *benchkit.Program, port int) error {
	return p.Wait(ctx, fmt.Sprintf("listen on port %d", port), func() (bool, error) {
		fs, err := procfs.NewDefaultFS()
		if err != nil {
			return false, err
		}
		lines, err := fs.NetUDP()
		for _, line := range lines {
			if line.LocalPort == uint64(port) {
				return true, nil
			}
		}
		return false, err
	})
}

// freePort returns a UDP port of 127.0.0.1 that nobody uses now.
func freePort() (int, error) {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close() }()
	return conn.LocalAddr().(*net.UDPAddr).Port, nil
}
