package snmp

import (
	"net"
	"syscall"
)

// controlSize is room for one control message with IPV6_PKTINFO or IP_PKTINFO.
const controlSize = 64

// Where the index of the interface is in struct in_pktinfo (ip(7)) and struct
// in6_pktinfo (ipv6(7)); the addresses are behind and before it.
const (
	index4 = 0
	index6 = 16
)

// askForDestination lets each datagram tell which address it came to.
func askForDestination(c *net.UDPConn) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var failure error
	err = raw.Control(func(fd uintptr) {
		local, err := syscall.Getsockname(int(fd))
		switch local.(type) {
		case nil:
			failure = err
		case *syscall.SockaddrInet6: // for IPv4 through it too
			failure = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IPV6, syscall.IPV6_RECVPKTINFO, 1)
		default:
			failure = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IP, syscall.IP_PKTINFO, 1)
		}
	})
	if err != nil {
		return err
	}
	return failure
}

// answerFrom turns the control message of a request into that of its answer:
// the same address, and the interface that leads to the other side, which
// need not be the one that the request came through. It changes oob.
func answerFrom(oob []byte) []byte {
	data := syscall.CmsgLen(0)
	switch len(oob) {
	case syscall.CmsgSpace(syscall.SizeofInet4Pktinfo):
		clear(oob[data+index4:][:4])
	case syscall.CmsgSpace(syscall.SizeofInet6Pktinfo):
		// A link-local address is one of that link only.
		if linkLocal := oob[data] == 0xfe && oob[data+1]&0xc0 == 0x80; !linkLocal {
			clear(oob[data+index6:][:4])
		}
	default:
		return nil
	}
	return oob
}
