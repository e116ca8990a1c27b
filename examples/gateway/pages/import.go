package pages

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/fieldgate/fieldgate/examples/gateway/account"
	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/openvpn"
)

// What was uploaded and is not saved yet is kept so long and so often.
const (
	maxPending  = 8
	pendingTime = 15 * time.Minute
)

// pending keeps what was uploaded until somebody has looked at it. Keys in it
// never go back to the browser.
type pending struct {
	mu      sync.Mutex
	entries []waiting
}

type waiting struct {
	token, user string
	at          time.Time
	what        any
}

// keep takes something of a user in and returns its token.
func (p *pending) keep(user string, what any) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	token := rand.Text()
	p.entries = append(p.entries, waiting{token, user, time.Now(), what})
	if len(p.entries) > maxPending {
		p.entries = p.entries[1:]
	}
	return token
}

// look returns what a user's token stands for; nil: nothing any more.
func (p *pending) look(user, token string) any {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.entries {
		if e.token == token && e.user == user && time.Since(e.at) < pendingTime {
			return e.what
		}
	}
	return nil
}

// drop forgets a token.
func (p *pending) drop(token string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, e := range p.entries {
		if e.token == token {
			p.entries = append(p.entries[:i:i], p.entries[i+1:]...)
			return
		}
	}
}

// importData is an OVPN file on its way to an instance.
type importData struct {
	Name      string
	Error     string // of the file
	NameFault string
	Token     string
	Base      control.Revision
	Report    []openvpn.ReportLine
	Kept      int
	Instance  openvpn.Instance
	Inline    int      // files that were in it
	Needed    []string // files that are still to be uploaded
}

func (p *Pages) importPage(*http.Request) (content, error) { return importData{}, nil }

// importFile shows what becomes of an OVPN file. Nothing is stored yet.
func (p *Pages) importFile(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxFile)
	text, err := uploaded(r, "file")
	if err != nil {
		return err
	}
	data := importData{Name: r.PostFormValue("name")}
	imported, err := openvpn.Import(data.Name, text)
	if err != nil {
		data.Error = err.Error()
		return p.showImport(w, r, http.StatusUnprocessableEntity, data)
	}
	data.Token = p.pending.keep(account.From(r.Context()).Name, imported)
	return p.showImported(w, r, http.StatusOK, data, imported)
}

func (p *Pages) showImport(w http.ResponseWriter, r *http.Request, status int, data importData) error {
	return p.render(w, r, status, "Upload an OVPN file", data)
}

func (p *Pages) showImported(w http.ResponseWriter, r *http.Request, status int, data importData, imported openvpn.Imported) error {
	data.Base, data.Instance, data.Inline = p.base(), imported.Instance, len(imported.Files)
	data.Report, data.Kept = imported.Report.Lines, len(imported.Report.Of(openvpn.VerdictKept))
	for _, needed := range openvpn.NeededFiles(imported.Instance) {
		if _, inline := imported.Files[needed.Name]; !inline {
			data.Needed = append(data.Needed, fmt.Sprintf("%s (%s)", needed.Name, needed.Kind))
		}
	}
	return p.showImport(w, r, status, data)
}

// importSave stores the instance that was shown, with its files.
func (p *Pages) importSave(w http.ResponseWriter, r *http.Request) error {
	if err := p.form(w, r); err != nil {
		return err
	}
	user, token := account.From(r.Context()).Name, r.PostForm.Get("token")
	imported, ok := p.pending.look(user, token).(openvpn.Imported)
	if !ok {
		return &refusal{http.StatusGone, "The file was uploaded too long ago. Upload it again."}
	}
	if p.Store == nil && len(imported.Files) > 0 {
		return &refusal{http.StatusConflict, "There is no place to keep the keys of the file."}
	}
	instance := imported.Instance
	instance.Name, instance.Enabled = r.PostForm.Get("name"), true
	data := importData{Name: instance.Name, Token: token}
	doc, _ := p.Control.Saved()
	rows, err := doc.List("openvpn.instances")
	if err != nil {
		return err
	}
	rows.Add(instance)
	doc.OpenVPN.Enabled = true
	for _, fault := range doc.Faults() {
		data.NameFault += fmt.Sprintf("%s: %s\n", fault.Path, fault.Problem)
	}
	if data.NameFault == "" && p.stillRuns(instance.Name) {
		data.NameFault = stillRuns
	}
	if data.NameFault != "" {
		return p.showImported(w, r, http.StatusUnprocessableEntity, data, imported)
	}
	for name, content := range imported.Files {
		if fault := p.Store.Put(instance.Name, name, content); fault != nil {
			err = errors.Join(err, fault)
		}
	}
	if err != nil {
		return err
	}
	if _, err := p.Control.Save(r.Context(), user, "instance "+instance.Name+" from an OVPN file", p.base(), doc); err != nil {
		return err
	}
	p.pending.drop(token)
	if r.PostForm.Get("action") == "apply" {
		return p.apply(w, r, 0)
	}
	http.Redirect(w, r, instancePath("/openvpn/instance", instance.Name), http.StatusSeeOther)
	return nil
}

const stillRuns = "an instance of that name still runs: apply its deletion first, or take another name"

// stillRuns reports whether an instance is in force, so that its files must
// stay as they are.
func (p *Pages) stillRuns(name string) bool {
	running, _ := p.Control.Applied()
	return slices.ContainsFunc(running.OpenVPN.Instances, func(i openvpn.Instance) bool { return i.Name == name })
}
