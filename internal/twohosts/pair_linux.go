// Package twohosts gives tests two IPsec hosts on one machine: two network
// namespaces with a cable between them, a LAN behind each and a charon of
// strongSwan in each. Host A is the one under test, host B its peer, which is
// told what to do by swanctl and text files only.
//
//	LAN 10.10.12.0/24 -- A 192.0.2.1 -- 192.0.2.2 B -- LAN 10.10.10.0/24
//
// By default ESP is done in user space (kernel-libipsec), which needs root,
// network namespaces and /dev/net/tun, but no ESP in the kernel. What that
// cannot do (transport mode, compression, traffic that raises a tunnel) needs
// [Options].Kernel on a kernel that has ESP, such as that of internal/uml.
// Nothing of the host is touched: no file below /etc, no address, no route.
package twohosts

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"time"
)

// ErrUnavailable says that this machine, or this user, can have no two hosts.
// The error around it says why.
var ErrUnavailable = errors.New("no two IPsec hosts here")

// PeerName is a host name that leads to B, on both hosts; it is that
// of the specification's walk-through.
const PeerName = "ipsec.vpn.net"

// Options are how the hosts are made; the zero value is good.
type Options struct {
	// Kernel leaves ESP to the kernel. Default: user space.
	Kernel bool
	// Retransmit is how long charon waits for an answer, each time, and Tries
	// how often it asks again. Default 1 s and 2: a silent peer is known after
	// 3 s.
	Retransmit time.Duration
	Tries      int
}

// Pair are the two hosts.
type Pair struct {
	A, B   *Host
	folder string
}

// programs are what the hosts need; make peers installs them.
var programs = []string{"ip", "charon-systemd", "swanctl", "ping", "tcpdump", "sh", "mount"}

// New makes both hosts and starts both daemons. The caller closes the pair.
// Where that is not possible the error wraps [ErrUnavailable].
func New(o Options) (*Pair, error) {
	for _, name := range programs {
		if _, err := exec.LookPath(name); err != nil {
			return nil, fmt.Errorf("twohosts: %w (make peers installs it): %w", err, ErrUnavailable)
		}
	}
	if !o.Kernel {
		if _, err := os.Stat("/dev/net/tun"); err != nil {
			return nil, fmt.Errorf("twohosts: %w: %w", err, ErrUnavailable)
		}
	}
	if o.Retransmit == 0 {
		o.Retransmit, o.Tries = time.Second, 2
	}
	p := new(Pair)
	if err := p.build(o); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

func (p *Pair) build(o Options) (err error) {
	// The name is short: that of a unix socket may have 107 characters.
	if p.folder, err = os.MkdirTemp("", "fg"); err != nil {
		return fmt.Errorf("twohosts: %w", err)
	}
	if p.A, err = newHost("a", p.folder, "192.0.2.1", "10.10.12.1/24", o); err != nil {
		return err
	}
	if p.B, err = newHost("b", p.folder, "192.0.2.2", "10.10.10.1/24", o); err != nil {
		return err
	}
	if err := p.A.NS.Connect(wan, p.B.NS, wan); err != nil {
		return unavailable(err)
	}
	for _, h := range []*Host{p.A, p.B} {
		if err := h.AddWAN(netip.PrefixFrom(h.Address, 24)); err != nil {
			return err
		}
		if err := h.AddLAN(h.LAN); err != nil {
			return unavailable(err) // no bridges
		}
		if err := h.SetNames(map[string]netip.Addr{PeerName: p.B.Address}); err != nil {
			return err
		}
		if err := h.launch(); err != nil {
			return err
		}
	}
	return errors.Join(p.A.ready(), p.B.ready())
}

// unavailable marks what a machine lacks, and the kit can do nothing about.
func unavailable(err error) error { return fmt.Errorf("%w: %w", err, ErrUnavailable) }

// Folder is a scratch folder with a short name, removed by Close.
func (p *Pair) Folder() string { return p.folder }

// Blackhole cuts the cable: what either host sends to the other is lost, but
// neither sees its link go.
func (p *Pair) Blackhole() error {
	return errors.Join(p.A.lose(p.B.Address), p.B.lose(p.A.Address))
}

// Restore mends what Blackhole cut.
func (p *Pair) Restore() error {
	return errors.Join(p.A.find(p.B.Address), p.B.find(p.A.Address))
}

// Close ends both daemons and removes everything that New made.
func (p *Pair) Close() error {
	var errs []error
	for _, h := range []*Host{p.A, p.B} {
		if h != nil {
			errs = append(errs, h.close())
		}
	}
	return errors.Join(append(errs, os.RemoveAll(p.folder))...)
}
