package pages

import (
	"errors"
	"net/http"

	"github.com/fieldgate/fieldgate/examples/gateway/account"
	"github.com/fieldgate/fieldgate/examples/gateway/doctor"
	"github.com/fieldgate/fieldgate/examples/gateway/simulate"
)

// doctorPages adds what looks for faults, and, to a simulated device, what
// makes some.
func (p *Pages) doctorPages() {
	if p.Doctor != nil {
		p.sections = append(p.sections, section{"/doctor", "Doctor", account.Viewer})
		p.show(page{path: "/doctor", title: "Doctor", role: account.Viewer, content: func(r *http.Request) (content, error) {
			return p.findings(r), nil
		}})
	}
	if p.Faults == nil {
		return
	}
	p.sections = append(p.sections, section{"/faults", "Faults", account.Viewer})
	p.handle("POST /faults", account.Operator, p.switchFault)
	p.show(page{path: "/faults", title: "Faults", role: account.Viewer, content: func(*http.Request) (content, error) {
		return switches(p.Faults.All()), nil
	}})
}

// finding is one with the page of its service.
type finding struct {
	doctor.Finding
	Link string
	Bad  bool // a fault
}

func (p *Pages) findings(r *http.Request) findings {
	var all findings
	for _, f := range p.Doctor(r.Context()) {
		one := finding{Finding: f, Bad: f.Severity == doctor.Fault}
		for _, path := range []string{"/" + f.Service, "/" + f.Service + "-settings", "/config/" + f.Service} {
			if p.pages[path] != nil {
				one.Link = path
				break
			}
		}
		all = append(all, one)
	}
	return all
}

// switchFault makes or mends a fault of the simulated device.
func (p *Pages) switchFault(w http.ResponseWriter, r *http.Request) error {
	if err := p.form(w, r); err != nil {
		return err
	}
	fault, on := r.PostForm.Get("fault"), r.PostForm.Get("on") == "yes"
	account.Note(r.Context(), "switch a simulated fault")
	err := p.Faults.Set(simulate.Switch(fault), on)
	if errors.Is(err, simulate.ErrUnknown) {
		return &refusal{http.StatusNotFound, "There is no such fault."}
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/faults", http.StatusSeeOther)
	return nil
}
