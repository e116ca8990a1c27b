package xl2tpd

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
)

// interfaceFacts returns our address and the other end's on a PPP interface;
// false as long as it is not up or has none.
func interfaceFacts(name string) (local, remote netip.Addr, up bool) {
	ifi, err := net.InterfaceByName(name)
	if err != nil || ifi.Flags&net.FlagUp == 0 {
		return local, remote, false
	}
	body := make([]byte, syscall.SizeofIfAddrmsg)
	body[0] = syscall.AF_INET
	answers, err := ask(syscall.NETLINK_ROUTE, syscall.RTM_GETADDR, syscall.NLM_F_DUMP, body)
	if err != nil {
		return local, remote, false
	}
	for _, b := range answers {
		if len(b) < syscall.SizeofIfAddrmsg || int(binary.NativeEndian.Uint32(b[4:])) != ifi.Index {
			continue
		}
		attrs := attributes(b[syscall.SizeofIfAddrmsg:])
		local, okLocal := netip.AddrFromSlice(attrs[syscall.IFA_LOCAL])
		remote, okRemote := netip.AddrFromSlice(attrs[syscall.IFA_ADDRESS])
		if okLocal && okRemote {
			return local, remote, true
		}
	}
	return local, remote, false
}

// addRoutes routes networks into an interface. They go with it.
func addRoutes(name string, networks []netip.Prefix) error {
	ifi, err := net.InterfaceByName(name)
	if err != nil {
		return err
	}
	for _, network := range networks {
		body := append(routeMessage(network, syscall.RT_SCOPE_LINK), oif(ifi.Index)...)
		if _, err := ask(syscall.NETLINK_ROUTE, syscall.RTM_NEWROUTE, syscall.NLM_F_CREATE|syscall.NLM_F_EXCL, body); err != nil {
			return fmt.Errorf("route to %s: %w", network, err)
		}
	}
	return nil
}

// everything is the default route in two halves: better than the one that is
// there, which stays, and is in force again when the interface goes.
func everything() []netip.Prefix {
	return []netip.Prefix{
		netip.PrefixFrom(netip.AddrFrom4([4]byte{}), 1),
		netip.PrefixFrom(netip.AddrFrom4([4]byte{128}), 1),
	}
}

// pin makes the present route to a host one of its own, so that a default
// route through the tunnel does not catch the tunnel itself. It returns what
// takes it back.
func pin(host netip.Addr) (unpin func() error, err error) {
	network := netip.PrefixFrom(host, 32)
	answers, err := ask(syscall.NETLINK_ROUTE, syscall.RTM_GETROUTE, 0, routeMessage(network, 0))
	if err != nil {
		return nil, fmt.Errorf("route to %s: %w", host, err)
	}
	if len(answers) == 0 || len(answers[0]) < syscall.SizeofRtMsg {
		return nil, fmt.Errorf("route to %s: the kernel knows none", host)
	}
	attrs := attributes(answers[0][syscall.SizeofRtMsg:])
	scope := byte(syscall.RT_SCOPE_LINK)
	gateway, viaGateway := attrs[syscall.RTA_GATEWAY]
	if viaGateway {
		scope = syscall.RT_SCOPE_UNIVERSE
	}
	body := append(routeMessage(network, scope), attribute(syscall.RTA_OIF, attrs[syscall.RTA_OIF])...)
	if viaGateway {
		body = append(body, attribute(syscall.RTA_GATEWAY, gateway)...)
	}
	_, err = ask(syscall.NETLINK_ROUTE, syscall.RTM_NEWROUTE, syscall.NLM_F_CREATE|syscall.NLM_F_EXCL, body)
	if errors.Is(err, syscall.EEXIST) {
		return func() error { return nil }, nil // it is somebody's, and does
	}
	if err != nil {
		return nil, fmt.Errorf("route to %s: %w", host, err)
	}
	return func() error {
		_, err := ask(syscall.NETLINK_ROUTE, syscall.RTM_DELROUTE, 0, body)
		if err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("route to %s: %w", host, err)
		}
		return nil
	}, nil
}

// routeMessage returns a struct rtmsg with the destination.
func routeMessage(network netip.Prefix, scope byte) []byte {
	b := make([]byte, syscall.SizeofRtMsg)
	b[0] = syscall.AF_INET
	b[1] = byte(network.Bits())
	b[4] = syscall.RT_TABLE_MAIN
	b[5] = syscall.RTPROT_STATIC
	b[6] = scope
	b[7] = syscall.RTN_UNICAST
	return append(b, attribute(syscall.RTA_DST, network.Addr().AsSlice())...)
}

func oif(index int) []byte {
	return attribute(syscall.RTA_OIF, binary.NativeEndian.AppendUint32(nil, uint32(index)))
}
