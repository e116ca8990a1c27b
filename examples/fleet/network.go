package main

import (
	"net"

	"github.com/fieldgate/fieldgate/examples/fleet/sim"
)

// dial opens the sockets of the devices and of the attacker. On the loopback
// interface the attacker has an address of his own.
func dial(to string) (network sim.Network, hangUp func(), err error) {
	server, err := net.ResolveUDPAddr("udp", to)
	if err != nil {
		return network, nil, err
	}
	devices, err := net.DialUDP("udp", nil, server)
	if err != nil {
		return network, nil, err
	}
	var from *net.UDPAddr
	if v4 := server.IP.To4(); v4 != nil && v4.IsLoopback() {
		from = &net.UDPAddr{IP: net.IPv4(127, 6, 6, 6)} // all of 127/8 is this host
	}
	attacker, err := net.DialUDP("udp", from, server)
	if err != nil {
		_ = devices.Close()
		return network, nil, err
	}
	return sim.Network{Send: sendOn(devices), Attack: sendOn(attacker)}, func() {
		_ = devices.Close()
		_ = attacker.Close()
	}, nil
}

// sendOn sends on a connected UDP socket. The error of a write is often that
// of an earlier datagram, which nobody was there to receive; this one has then
// not been sent, and is tried again once.
func sendOn(conn net.Conn) sim.Send {
	return func(datagram []byte) bool {
		if _, err := conn.Write(datagram); err == nil {
			return true
		}
		_, err := conn.Write(datagram)
		return err == nil
	}
}
