package main

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"path/filepath"
	"sync"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/examples/gateway/automation"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/examples/gateway/pages"
	"github.com/fieldgate/fieldgate/examples/gateway/simulate"
	"github.com/fieldgate/fieldgate/internal/servercert"
	"github.com/fieldgate/fieldgate/snmp"
)

// newWeb makes the server of the pages and of the API.
func (g *gateway) newWeb(doc document.Document, b backends) (service, error) {
	files, err := b.files()
	if err != nil && withOpenVPN {
		g.log.Error("files of OpenVPN instances cannot be kept", "error", err) // all else works
	}
	p, err := pages.New(pages.Options{
		Control:         g.control,
		Live:            live{g, b.system},
		Log:             g.log.With("service", "web"),
		Store:           files,
		TakeFiles:       func(ctx context.Context) error { return g.units.refresh(ctx, "openvpn") },
		AuthorityFolder: g.authorityFolder(),
		OwnLog:          g.ownLog,
		Source:          b.source,
		MIB:             sync.OnceValue(func() []snmp.Mount { return g.mounts(context.Background(), b.system) }),
		API:             &g.apiMount,
		Accounts:        g.accounts,
		Doctor:          g.findings,
		Faults:          g.faults(),
		Version:         version(),
		Simulated:       g.simulated,
	})
	if err != nil {
		return nil, err
	}
	a := automation.New(automation.Options{Control: g.control, Live: live{g, b.system}, Doctor: g.findings, Log: g.log.With("service", "web"), Version: version()})
	mux := http.NewServeMux()
	mux.Handle("/", p)
	for _, path := range []string{"/services/", "/metrics", "/healthz"} {
		mux.Handle(path, a)
	}
	w := web{
		addr: doc.Web.Listen, listen: g.listenWeb, most: doc.MaxConnections(), log: g.log,
		handler: api.Route(&g.apiMount, thisHostOnly(doc.Web, g.behindLogin(mux))), beside: p.Run,
	}
	if doc.Web.Encrypted() {
		w.encrypt = func() (*tls.Config, error) { return g.webCertificates(doc.Web).Open() }
	}
	return w.service(), nil
}

// webCertificates are those of the configuration, or one that is made here.
func (g *gateway) webCertificates(c document.Web) *servercert.Certificates {
	return servercert.New("web", servercert.Files{
		CertFile: c.CertFile, KeyFile: c.KeyFile,
		OwnFile: filepath.Join(g.state.path, "web-tls.pem"), OwnNames: certificateNames(c.Listen),
		Unstored: true, // a device with a full disk has to be reached
	}, g.log)
}

// listenWeb takes the socket that systemd has opened, if any, else it opens
// its own.
func (g *gateway) listenWeb(ctx context.Context, network, addr string) (net.Listener, error) {
	if g.activated != nil {
		return net.FileListener(g.activated)
	}
	return new(net.ListenConfig).Listen(ctx, network, addr)
}

// behindLogin keeps out who is no user. Without users nobody is let in.
func (g *gateway) behindLogin(next http.Handler) http.Handler {
	if g.accounts == nil {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "Nobody can log in: the users cannot be read. The log of the gateway says why; gateway -new-password admin makes one.", http.StatusServiceUnavailable)
		})
	}
	return g.accounts.Wrap(next)
}

// thisHostOnly refuses requests for other names where the pages are served to
// this host only: a page of another site could have its own name lead here.
func thisHostOnly(c document.Web, next http.Handler) http.Handler {
	if !c.Local() {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !document.LocalHost(r.Host) {
			http.Error(w, "This page is served on this host only; ask for it as localhost.", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// faults are those that can be switched on a simulated device.
func (g *gateway) faults() *simulate.Faults {
	if g.device == nil {
		return nil
	}
	return g.device.Faults()
}
