package xl2tpd

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"runtime"
	"syscall"
	"time"
)

// guardPeriod is the pause between looks at the guard.
const guardPeriod = time.Second

// What of linux/xfrm.h is needed here.
const (
	netlinkXFRM      = 6
	xfrmDeletePolicy = 0x14
	xfrmGetPolicy    = 0x15
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

// stands tells whether the guard is in place.
func (g guard) stands() (bool, error) {
	for _, dir := range []byte{xfrmOut, xfrmIn} {
		_, err := ask(netlinkXFRM, xfrmGetPolicy, 0, g.id(dir))
		if errors.Is(err, syscall.ENOENT) {
			return false, nil
		} else if err != nil {
			return false, fmt.Errorf("guard of UDP port 1701: %w", err)
		}
	}
	return true, nil
}

// watch puts the guard back when somebody took it away, until ctx ends: "ip
// xfrm policy flush", and IKE daemons that begin with it, make no exception.
func (g guard) watch(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(guardPeriod)
	defer tick.Stop()
	said := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		stands, err := g.stands()
		if err == nil && !stands {
			log.Warn("the guard of UDP port 1701 was taken away, and is put back")
			err = g.raise()
		}
		switch {
		case err == nil:
			said = ""
		case err.Error() != said:
			said = err.Error()
			log.Error("the guard of UDP port 1701 cannot be looked after", "error", err)
		}
	}
}

// lower takes the guard away, if it is there.
func (g guard) lower() error {
	var errs []error
	for _, dir := range []byte{xfrmOut, xfrmIn} {
		_, err := ask(netlinkXFRM, xfrmDeletePolicy, 0, g.id(dir))
		if err != nil && !errors.Is(err, syscall.ENOENT) {
			errs = append(errs, fmt.Errorf("guard of UDP port 1701: %w", err))
		}
	}
	return errors.Join(errs...)
}

// id returns a struct xfrm_userpolicy_id.
func (g guard) id(dir byte) []byte { return append(g.selector(dir), 0, 0, 0, 0, dir, 0, 0, 0) }

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
