package xl2tpd

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"syscall"
)

// What of linux/xfrm.h is needed here.
const (
	netlinkXFRM      = 6
	xfrmDeletePolicy = 0x14
	xfrmUpdatePolicy = 0x19 // makes it when there is none
	xfrmIn           = 0
	xfrmOut          = 1
	xfrmBlock        = 1
	lowestPriority   = 0xffffffff // charon's are below 1,000,000
	portL2TP         = 1701
)

// guard blocks L2TP of this host that no policy of the IKE daemon takes care
// of. local limits it to one of our addresses, unless it is invalid.
type guard struct{ local netip.Addr }

// raise puts the guard in place; one that is there is taken over.
func (g guard) raise() error {
	for _, dir := range []byte{xfrmOut, xfrmIn} {
		if _, err := ask(netlinkXFRM, xfrmUpdatePolicy, 0, g.policy(dir)); err != nil {
			return errors.Join(fmt.Errorf("guard of UDP port 1701: %w", err), g.lower())
		}
	}
	return nil
}

// lower takes the guard away, if it is there.
func (g guard) lower() error {
	var errs []error
	for _, dir := range []byte{xfrmOut, xfrmIn} {
		id := append(g.selector(dir), 0, 0, 0, 0, dir, 0, 0, 0) // struct xfrm_userpolicy_id
		_, err := ask(netlinkXFRM, xfrmDeletePolicy, 0, id)
		if err != nil && !errors.Is(err, syscall.ENOENT) {
			errs = append(errs, fmt.Errorf("guard of UDP port 1701: %w", err))
		}
	}
	return errors.Join(errs...)
}

// policy returns a struct xfrm_userpolicy_info.
func (g guard) policy(dir byte) []byte {
	order := binary.NativeEndian
	b := g.selector(dir)
	for range 4 { // limits of octets and packets: none
		b = order.AppendUint64(b, ^uint64(0))
	}
	b = append(b, make([]byte, 4*8)...) // limits of time: none
	b = append(b, make([]byte, 4*8)...) // use so far
	b = order.AppendUint32(b, lowestPriority)
	b = append(b, 0, 0, 0, 0) // index
	b = append(b, dir, xfrmBlock, 0, 0)
	if runtime.GOARCH != "386" { // where a 64-bit number may begin at any fourth octet
		b = append(b, 0, 0, 0, 0)
	}
	return b
}

// selector returns a struct xfrm_selector for what leaves from, or comes to,
// our port.
func (g guard) selector(dir byte) []byte {
	order := binary.NativeEndian
	b := make([]byte, 56)
	address, port, mask, bits := 0, 32, 34, 42 // of the destination
	if dir == xfrmOut {
		address, port, mask, bits = 16, 36, 38, 43 // of the source
	}
	if g.local.IsValid() {
		copy(b[address:], g.local.AsSlice())
		b[bits] = 32
	}
	b[port], b[port+1] = portL2TP>>8, portL2TP&0xff // in network order
	b[mask], b[mask+1] = 0xff, 0xff
	order.PutUint16(b[40:], syscall.AF_INET)
	b[44] = syscall.IPPROTO_UDP
	return b
}
