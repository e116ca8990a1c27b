package main

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/openvpn/pki"
)

const (
	// authorityLook is how soon a change of the revocation list reaches the
	// servers.
	authorityLook = 5 * time.Second
	// authorityCare is how often the authority is looked after.
	authorityCare = time.Minute
)

// authorityFolder is where the gateway's own certificate authority is, once
// somebody has made it on the page.
func (g *gateway) authorityFolder() string { return filepath.Join(g.own, "authority") }

// keeper looks after the authority until its context ends: the revocation
// list is made anew before it ends, since openvpn then refuses every client,
// and each new list goes to the servers that have the authority's clients.
type keeper struct {
	folder  string
	servers func() []openvpn.Instance
	files   openvpn.Store
	changed func(ctx context.Context) error // tells the running servers
	failed  func(err error)

	authority *pki.Authority
	cared     time.Time
	told      []byte // the list that all servers have
	trouble   string // the last, which is told once
}

func (k *keeper) run(ctx context.Context) {
	ticker := time.NewTicker(authorityLook)
	defer ticker.Stop()
	for {
		k.note(k.look(ctx))
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (k *keeper) note(err error) {
	if err == nil || errors.Is(err, fs.ErrNotExist) && k.authority == nil {
		k.trouble = ""
		return
	}
	if err.Error() != k.trouble {
		k.trouble = err.Error()
		k.failed(err)
	}
}

func (k *keeper) look(ctx context.Context) (err error) {
	if k.authority == nil {
		if k.authority, err = pki.OpenAuthority(k.folder); err != nil {
			return err
		}
	}
	var care error
	if now := time.Now(); now.Sub(k.cared).Abs() >= authorityCare { // also when the clock was set
		k.cared = now
		_, care = k.authority.Maintain(now)
	}
	list, err := k.authority.CRL()
	if err != nil || bytes.Equal(list, k.told) {
		return errors.Join(care, err)
	}
	if err := k.spread(ctx, list); err != nil {
		return errors.Join(care, err)
	}
	k.told = list
	return care
}

// spread gives the list to the servers whose clients the authority certifies.
func (k *keeper) spread(ctx context.Context, list []byte) error {
	var errs []error
	changed := false
	for _, i := range k.servers() {
		ca, name := i.Files[openvpn.FileCA], i.Files[openvpn.FileCRL]
		if ca == "" || name == "" {
			continue
		}
		if has, err := k.files.Get(i.Name, ca); err != nil || !bytes.Equal(bytes.TrimSpace(has), bytes.TrimSpace(k.authority.CAPEM())) {
			continue // of another authority
		}
		if has, err := k.files.Get(i.Name, name); err == nil && bytes.Equal(has, list) {
			continue
		}
		changed = true
		errs = append(errs, k.files.Put(i.Name, name, list))
	}
	if changed {
		errs = append(errs, k.changed(ctx))
	}
	return errors.Join(errs...)
}

// keepAuthority runs until ctx ends.
func (g *gateway) keepAuthority(ctx context.Context) {
	doc, _ := g.control.Applied()
	files, err := g.backends(doc).files()
	if err != nil {
		return // the units have told it
	}
	k := keeper{
		folder: g.authorityFolder(),
		files:  files,
		servers: func() []openvpn.Instance {
			doc, _ := g.control.Applied()
			return doc.OpenVPN.Instances
		},
		changed: func(ctx context.Context) error { return g.units.refresh(ctx, "openvpn") },
		failed: func(err error) {
			g.log.Error("the certificate authority is not looked after as it should be", "error", err)
		},
	}
	k.run(ctx)
}
