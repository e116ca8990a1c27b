package main

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/fieldgate/fieldgate/examples/gateway/control"
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
// Nobody else hands it on.
type keeper struct {
	folder  string
	servers func() ([]openvpn.Instance, control.Revision)
	files   openvpn.Store
	changed func(ctx context.Context) error // tells the running servers
	failed  func(err error)

	authority *pki.Authority
	cared     time.Time
	told      []byte           // the list that all servers have
	toldTo    control.Revision // what these servers are those of
	untold    bool             // files have changed of which the running servers do not know
	trouble   string           // the last, which is told once
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
	now := time.Now()
	caring := now.Sub(k.cared).Abs() >= authorityCare // also when the clock was set
	if caring {
		k.cared = now
		_, care = k.authority.Maintain(now)
	}
	list, err := k.authority.CRL()
	servers, revision := k.servers()
	// Files may be put there by hand, so that all are looked at from time to time.
	if err != nil || !caring && revision == k.toldTo && bytes.Equal(list, k.told) {
		return errors.Join(care, err)
	}
	if err := k.spread(ctx, servers, list); err != nil {
		return errors.Join(care, err)
	}
	k.told, k.toldTo = list, revision
	return care
}

// spread gives the list to the servers whose clients the authority certifies.
func (k *keeper) spread(ctx context.Context, servers []openvpn.Instance, list []byte) error {
	var errs []error
	for _, i := range servers {
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
		k.untold = true
		errs = append(errs, k.files.Put(i.Name, name, list))
	}
	if k.untold {
		err := k.changed(ctx)
		k.untold = err != nil
		errs = append(errs, err)
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
		servers: func() ([]openvpn.Instance, control.Revision) {
			doc, revision := g.control.Applied()
			return doc.OpenVPN.Instances, revision
		},
		changed: func(ctx context.Context) error { return g.units.refresh(ctx, "openvpn") },
		failed: func(err error) {
			g.log.Error("the certificate authority is not looked after as it should be", "error", err)
		},
	}
	k.run(ctx)
}
