package openvpntest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/fieldgate/fieldgate/openvpn"
)

// client is one that calls a server.
type client struct {
	row     openvpn.ConnectedClient
	asks    openvpn.ClientAsks
	in      bool
	options []openvpn.Option
}

// Join lets a client call a server, and returns its number. If the server
// asks, the client waits to be admitted.
func (p *Process) Join(commonName, username, password string) uint64 {
	p.host.mu.Lock()
	defer p.host.mu.Unlock()
	p.cid++
	cid := p.cid
	address := netip.AddrPortFrom(netip.MustParseAddr("198.51.100.7"), uint16(40000+cid))
	c := &client{
		row: openvpn.ConnectedClient{
			CID: cid, CommonName: commonName, Username: username, Real: address.String(),
			Since: time.Now(), Cipher: "AES-256-GCM",
		},
		asks: openvpn.ClientAsks{
			CID: cid, KID: 1, CommonName: commonName, Username: username,
			Password: openvpn.NewSecret(password), Remote: address,
		},
	}
	p.clients[cid] = c
	if p.launch.AskClients {
		p.tell(c.asks)
	} else {
		p.admit(c, nil)
	}
	return cid
}

func (p *Process) admit(c *client, options []openvpn.Option) {
	c.in, c.options = true, options
	p.tell(openvpn.ClientCame{CID: c.row.CID, CommonName: c.row.CommonName})
}

// Leave ends the session of a client from its side.
func (p *Process) Leave(cid uint64) {
	p.host.mu.Lock()
	defer p.host.mu.Unlock()
	p.drop(cid)
}

func (p *Process) drop(cid uint64) {
	if c := p.clients[cid]; c != nil {
		delete(p.clients, cid)
		if p.launch.AskClients { // else openvpn does not tell
			p.tell(openvpn.ClientLeft{CID: cid, CommonName: c.row.CommonName})
		}
	}
}

// Admitted reports whether a client is in, and with which options.
func (p *Process) Admitted(cid uint64) (options []openvpn.Option, in bool) {
	p.host.mu.Lock()
	defer p.host.mu.Unlock()
	if c := p.clients[cid]; c != nil && c.in {
		return c.options, true
	}
	return nil, false
}

// Traffic counts bytes of a client.
func (p *Process) Traffic(cid, in, out uint64) {
	p.host.mu.Lock()
	defer p.host.mu.Unlock()
	c := p.clients[cid]
	if c == nil {
		return
	}
	c.row.BytesIn += in
	c.row.BytesOut += out
	p.tell(openvpn.ByteCount{Client: true, CID: cid, In: c.row.BytesIn, Out: c.row.BytesOut})
}

var errNoClient = errors.New("no such client")

// Admit implements [openvpn.Process].
func (h *handle) Admit(ctx context.Context, cid, kid uint64, options []openvpn.Option) error {
	return h.command(ctx, func(p *Process) error {
		c := p.clients[cid]
		if c == nil || c.asks.KID != kid {
			return fmt.Errorf("client %d: %w", cid, errNoClient)
		}
		p.admit(c, options)
		return nil
	})
}

// Deny implements [openvpn.Process].
func (h *handle) Deny(ctx context.Context, cid, kid uint64, _ string) error {
	return h.command(ctx, func(p *Process) error {
		c := p.clients[cid]
		if c == nil || c.asks.KID != kid {
			return fmt.Errorf("client %d: %w", cid, errNoClient)
		}
		delete(p.clients, cid)
		return nil
	})
}

// Clients implements [openvpn.Process].
func (h *handle) Clients(ctx context.Context) (list []openvpn.ConnectedClient, err error) {
	err = h.command(ctx, func(p *Process) error {
		for _, cid := range slices.Sorted(maps.Keys(p.clients)) {
			if c := p.clients[cid]; c.in {
				list = append(list, c.row)
			}
		}
		return nil
	})
	return list, err
}

// Kick implements [openvpn.Process].
func (h *handle) Kick(ctx context.Context, cid uint64) error {
	return h.command(ctx, func(p *Process) error {
		if p.clients[cid] == nil {
			return fmt.Errorf("client %d: %w", cid, errNoClient)
		}
		p.drop(cid)
		return nil
	})
}
