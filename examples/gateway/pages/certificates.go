package pages

import (
	"bytes"
	"errors"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/examples/gateway/account"
	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/openvpn/pki"
)

// certificatePages adds the page of the gateway's own authority.
func (p *Pages) certificatePages() {
	p.handle("POST /openvpn/certificates/authority", account.Admin, p.createAuthority)
	p.handle("POST /openvpn/certificates/issue", account.Admin, p.issue)
	p.handle("POST /openvpn/certificates/revoke", account.Admin, p.revoke)
	p.handle("POST /openvpn/certificates/renew", account.Admin, p.renew)
	p.handle("POST /openvpn/certificates/bundle", account.Admin, p.bundle)
	p.handle("GET /openvpn/certificates/ca.crt", account.Viewer, p.caFile)
	p.show(page{path: "/openvpn/certificates", title: "OpenVPN certificates", role: account.Viewer, content: func(*http.Request) (content, error) {
		return p.certificates(certificateForm{})
	}})
}

// authority opens the gateway's own authority. The error wraps fs.ErrNotExist
// when there is none yet.
func (p *Pages) authority() (*pki.Authority, error) {
	if p.AuthorityFolder == "" {
		return nil, fs.ErrNotExist
	}
	return pki.OpenAuthority(p.AuthorityFolder)
}

// certificateData is the page of the authority.
type certificateData struct {
	None, Possible bool // there is no authority; there can be one
	Subject        string
	NotAfter       time.Time
	Findings       []pki.Finding
	Issued         []issuedRow
	Servers        []string // instances that clients can call
	Form           certificateForm
}

// certificateForm is what was typed, with its faults.
type certificateForm struct {
	Name, Names, Use, Days       string
	NameError, NamesError, Error string
	DaysError                    string
}

// issuedRow is a certificate that was issued.
type issuedRow struct {
	pki.Issued
	Condition pki.State
	Good      bool
	Usable    bool // neither revoked nor expired
}

func issuedOf(a *pki.Authority) ([]issuedRow, error) {
	list, err := a.List()
	if err != nil {
		return nil, err
	}
	rows := make([]issuedRow, 0, len(list))
	now := time.Now()
	for _, issued := range slices.Backward(list) { // the newest first
		state := issued.State(now)
		rows = append(rows, issuedRow{
			Issued: issued, Condition: state, Good: state == pki.StateValid,
			Usable: state != pki.StateRevoked && state != pki.StateExpired,
		})
	}
	return rows, nil
}

func (p *Pages) certificates(typed certificateForm) (content, error) {
	data := certificateData{Possible: p.AuthorityFolder != "", Form: typed}
	a, err := p.authority()
	if errors.Is(err, fs.ErrNotExist) {
		data.None = true
		return data, nil
	}
	if err != nil {
		return nil, err
	}
	data.Subject, data.NotAfter = a.Certificate().Subject.CommonName, a.Certificate().NotAfter
	if data.Findings, err = a.Check(time.Now()); err != nil {
		return nil, err
	}
	if data.Issued, err = issuedOf(a); err != nil {
		return nil, err
	}
	doc, _ := p.Control.Saved()
	for _, i := range doc.OpenVPN.Instances {
		if i.Role == openvpn.RoleServer {
			data.Servers = append(data.Servers, i.Name)
		}
	}
	return data, nil
}

// certificatesAgain shows the page with what was typed and is wrong.
func (p *Pages) certificatesAgain(w http.ResponseWriter, r *http.Request, typed certificateForm, err error) error {
	var faults pki.ConfigError
	if errors.As(err, &faults) {
		for _, f := range faults {
			switch {
			case f.Path == "name":
				typed.NameError = f.Problem
			case strings.HasPrefix(f.Path, "names"):
				typed.NamesError = f.Problem
			case f.Path == "lifetime":
				typed.DaysError = f.Problem
			default:
				typed.Error = f.Path + ": " + f.Problem
			}
		}
	} else {
		typed.Error = err.Error()
	}
	data, err := p.certificates(typed)
	if err != nil {
		return err
	}
	return p.render(w, r, http.StatusUnprocessableEntity, "OpenVPN certificates", data)
}

func (p *Pages) createAuthority(w http.ResponseWriter, r *http.Request) error {
	if err := p.form(w, r); err != nil {
		return err
	}
	if p.AuthorityFolder == "" {
		return &refusal{http.StatusConflict, "There is no place to keep an authority."}
	}
	typed := certificateForm{Name: r.PostForm.Get("name")}
	if _, err := pki.CreateAuthority(p.AuthorityFolder, pki.AuthorityConfig{Name: typed.Name}); err != nil {
		return p.certificatesAgain(w, r, typed, err)
	}
	p.Log.Info("certificate authority made", "about", "openvpn", "user", account.From(r.Context()).Name)
	return toCertificates(w, r)
}

func toCertificates(w http.ResponseWriter, r *http.Request) error {
	http.Redirect(w, r, "/openvpn/certificates", http.StatusSeeOther)
	return nil
}

// openAuthority opens the authority for a form.
func (p *Pages) openAuthority(w http.ResponseWriter, r *http.Request) (*pki.Authority, error) {
	if err := p.form(w, r); err != nil {
		return nil, err
	}
	a, err := p.authority()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &refusal{http.StatusConflict, "There is no certificate authority yet."}
	}
	return a, err
}

func (p *Pages) issue(w http.ResponseWriter, r *http.Request) error {
	a, err := p.openAuthority(w, r)
	if err != nil {
		return err
	}
	typed := certificateForm{Name: r.PostForm.Get("name"), Names: r.PostForm.Get("names"), Use: r.PostForm.Get("use"), Days: r.PostForm.Get("days")}
	request := pki.Request{Name: typed.Name, Names: strings.Fields(strings.ReplaceAll(typed.Names, ",", " "))}
	if typed.Days != "" {
		if err := request.Lifetime.UnmarshalText([]byte(typed.Days + "d")); err != nil {
			typed.DaysError = "want a whole number of days"
			return p.certificatesAgain(w, r, typed, pki.ConfigError{})
		}
	}
	issue := a.IssueClient
	if typed.Use == string(pki.UseServer) {
		issue = a.IssueServer
	}
	if _, err := issue(request); err != nil {
		return p.certificatesAgain(w, r, typed, err)
	}
	p.Log.Info("certificate issued", "about", "openvpn", "name", typed.Name, "use", typed.Use, "user", account.From(r.Context()).Name)
	return toCertificates(w, r)
}

func (p *Pages) revoke(w http.ResponseWriter, r *http.Request) error {
	return p.change(w, r, "certificate revoked", func(a *pki.Authority, serial pki.Serial) error { return a.Revoke(serial) })
}

func (p *Pages) renew(w http.ResponseWriter, r *http.Request) error {
	return p.change(w, r, "certificate renewed", func(a *pki.Authority, serial pki.Serial) error {
		_, err := a.Renew(serial)
		return err
	})
}

// change does something to a certificate. Who looks after the authority gives
// the new revocation list to the servers.
func (p *Pages) change(w http.ResponseWriter, r *http.Request, what string, do func(*pki.Authority, pki.Serial) error) error {
	a, err := p.openAuthority(w, r)
	if err != nil {
		return err
	}
	serial, err := pki.ParseSerial(r.PostForm.Get("serial"))
	if err != nil {
		return &refusal{http.StatusBadRequest, "That is no serial number of a certificate."}
	}
	switch err := do(a, serial); {
	case errors.Is(err, pki.ErrNotFound):
		return &refusal{http.StatusNotFound, "There is no such certificate."}
	case err != nil:
		return &refusal{http.StatusConflict, "It did not work: " + err.Error()}
	}
	p.Log.Info(what, "about", "openvpn", "serial", serial, "user", account.From(r.Context()).Name)
	return toCertificates(w, r)
}

// bundle sends a certificate with its key, as PKCS#12 file for other devices.
func (p *Pages) bundle(w http.ResponseWriter, r *http.Request) error {
	a, err := p.openAuthority(w, r)
	if err != nil {
		return err
	}
	id, err := identity(a, r.PostForm.Get("serial"))
	if err != nil {
		return err
	}
	password := r.PostForm.Get("password")
	if password == "" {
		return &refusal{http.StatusBadRequest, "The file needs a password: it holds a private key."}
	}
	file, err := pki.EncodePKCS12(id, password)
	if err != nil {
		return &refusal{http.StatusConflict, "It did not work: " + err.Error()}
	}
	return attach(w, "application/x-pkcs12", id.Chain[0].Subject.CommonName+".p12", file)
}

func identity(a *pki.Authority, text string) (pki.Identity, error) {
	serial, err := pki.ParseSerial(text)
	if err != nil {
		return pki.Identity{}, &refusal{http.StatusBadRequest, "That is no serial number of a certificate."}
	}
	id, err := a.Identity(serial)
	switch {
	case errors.Is(err, pki.ErrNotFound):
		return id, &refusal{http.StatusNotFound, "There is no such certificate."}
	case err != nil:
		return id, &refusal{http.StatusConflict, "It did not work: " + err.Error()}
	}
	return id, nil
}

func (p *Pages) caFile(w http.ResponseWriter, _ *http.Request) error {
	a, err := p.authority()
	if errors.Is(err, fs.ErrNotExist) {
		return &refusal{http.StatusNotFound, "There is no certificate authority yet."}
	}
	if err != nil {
		return err
	}
	return attach(w, "application/x-pem-file", "ca.crt", a.CAPEM())
}

// attach sends a file to be stored.
func attach(w http.ResponseWriter, kind, name string, content []byte) error {
	safe := strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("._-", c) {
			return c
		}
		return '_'
	}, name)
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Disposition", `attachment; filename="`+safe+`"`)
	_, _ = w.Write(content)
	return nil
}

// clientFile sends the OVPN file with which a client reaches a server.
func (p *Pages) clientFile(w http.ResponseWriter, r *http.Request) error {
	a, err := p.openAuthority(w, r)
	if err != nil {
		return err
	}
	server, ok := p.instanceOf(r.PostForm.Get("name"))
	if !ok || p.Store == nil {
		return noInstance()
	}
	file := openvpn.ClientFile{Host: strings.TrimSpace(r.PostForm.Get("host")), CA: a.CAPEM()}
	if file.Host == "" {
		return &refusal{http.StatusUnprocessableEntity, "Say under which name or address the client reaches this gateway."}
	}
	if ca, err := p.Store.Get(server.Name, server.Files[openvpn.FileCA]); err != nil || !bytes.Equal(bytes.TrimSpace(ca), bytes.TrimSpace(file.CA)) {
		return &refusal{http.StatusConflict, "The server does not trust the authority of this gateway, so it would not let the client in: make its files here first."}
	}
	var id pki.Identity
	switch serial := r.PostForm.Get("serial"); {
	case serial != "":
		id, err = identity(a, serial)
	default:
		id, err = a.IssueClient(pki.Request{Name: r.PostForm.Get("client")})
		if err != nil {
			err = &refusal{http.StatusUnprocessableEntity, "The certificate of the client is not made: " + err.Error()}
		}
	}
	if err != nil {
		return err
	}
	file.Cert, file.Key = id.CertificatePEM(), id.KeyPEM()
	for _, kind := range []openvpn.FileKind{openvpn.FileTLSAuth, openvpn.FileTLSCrypt} {
		if name := server.Files[kind]; name != "" {
			if file.ControlKey, err = p.Store.Get(server.Name, name); err != nil {
				return &refusal{http.StatusConflict, "The file " + name + " of the server is missing: make or upload it first."}
			}
		}
	}
	text, err := openvpn.Export(server, file)
	if err != nil {
		return &refusal{http.StatusUnprocessableEntity, "The file cannot be made: " + err.Error()}
	}
	client := id.Chain[0].Subject.CommonName
	p.Log.Info("client file handed out", "about", "openvpn", "item", server.Name, "client", client, "user", account.From(r.Context()).Name)
	return attach(w, "application/x-openvpn-profile", server.Name+"-"+client+".ovpn", text)
}
