package pages

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/examples/gateway/account"
	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/internal/order"
	"github.com/fieldgate/fieldgate/openvpn"
)

// openvpnPages adds the pages around an instance: ways to a new one, its files
// and options, and how it does.
func (p *Pages) openvpnPages() {
	p.handle("POST /openvpn/new", account.Admin, p.makeInstance)
	p.handle("POST /openvpn/import", account.Admin, p.importFile)
	p.handle("POST /openvpn/imported", account.Admin, p.importSave)
	p.handle("POST /openvpn/options", account.Admin, p.saveOptions)
	p.handle("POST /openvpn/file", account.Admin, p.takeFile)
	p.handle("POST /openvpn/make-files", account.Admin, p.makeFiles)
	p.handle("POST /openvpn/delete-files", account.Admin, p.deleteFiles)
	p.handle("POST /openvpn/client-file", account.Admin, p.clientFile)
	p.handle("POST /openvpn/client", account.Operator, p.clientVerb)
	p.show(page{path: "/openvpn/instance", title: "OpenVPN instance", role: account.Viewer, live: p.instance})
	p.show(page{path: "/openvpn/new", title: "New OpenVPN instance", role: account.Admin, content: p.recipe})
	p.show(page{path: "/openvpn/import", title: "Upload an OVPN file", role: account.Admin, content: p.importPage})
	p.show(page{path: "/openvpn/options", title: "Advanced configuration", role: account.Viewer, content: p.options})
}

// instancePath leads to a page about an instance.
func instancePath(path, name string) string {
	return path + "?" + url.Values{"name": {name}}.Encode()
}

// instanceLinks are the pages about an instance.
func instanceLinks(name string) []link {
	return []link{
		{instancePath("/openvpn/instance", name), "State, files, log"},
		{instancePath("/openvpn/options", name), "Switch to advanced configuration"},
	}
}

// openvpnData is what the OpenVPN page shows beyond settings.
type openvpnData struct {
	Version, Error, FolderError string
	Running                     bool // the service runs
	Rows                        []*instanceRow
	Base                        control.Revision
}

// instanceRow is a row of the table of the specification.
type instanceRow struct {
	Name             string
	Enabled          bool
	Tick             *tick // nil: it is not in what is saved
	Started          bool
	PID              int
	Port             uint16
	Protocol         string
	State            string
	Good             bool
	Step             string
	Since            time.Time
	Cause            openvpn.Cause
	Detail, Pending  string
	Again            string // when it is tried again
	Item             control.Item
	Path, Edit       string
	FromFolder, Gone bool // Gone: it runs, and is deleted in what is saved
	Clients          int
	In, Out          uint64
}

func (p *Pages) openvpn(*http.Request) (special, error) {
	doc, base := p.Control.Saved()
	data := openvpnData{Base: base}
	rows := make(map[string]*instanceRow)
	add := func(name string) *instanceRow {
		if rows[name] == nil {
			rows[name] = &instanceRow{Name: name}
			data.Rows = append(data.Rows, rows[name])
		}
		return rows[name]
	}
	for _, i := range doc.OpenVPN.Instances {
		row := add(i.Name)
		row.Tick = &tick{"switch-instances", i.Name, i.Enabled}
		row.Enabled, row.State, row.Port, row.Protocol = i.Enabled, "stopped", i.Port, protocolName(i.Protocol)
		row.Edit, row.Path = recordPath("/openvpn/instances", i.Name), instancePath("/openvpn/instance", i.Name)
		if row.Port == 0 {
			row.Port = 1194
			if len(i.Remotes) > 0 && i.Remotes[0].Port != 0 {
				row.Port = i.Remotes[0].Port
			}
		}
	}
	service := p.Live.OpenVPN()
	if service == nil {
		return data, nil
	}
	status := service.Status()
	data.Running, data.Version, data.Error, data.FolderError = true, status.Version, status.Error, status.FolderError
	for _, i := range status.Instances {
		row := add(i.Name)
		row.FromFolder, row.Gone = i.FromFolder, row.Edit == "" && !i.FromFolder
		if row.Edit == "" {
			row.Enabled, row.Path = i.Enabled, instancePath("/openvpn/instance", i.Name)
		}
		row.Started, row.PID, row.State, row.Good = i.Started, i.PID, string(i.State), i.State == openvpn.StateConnected
		row.Port, row.Protocol, row.Step, row.Since = i.Port, i.Protocol, i.Step, i.Since
		row.Cause, row.Detail, row.Pending, row.Clients = i.Cause, i.Detail, i.Pending, len(i.Clients)
		row.In, row.Out, row.Again = i.BytesIn, i.BytesOut, until(i.RetryAt)
	}
	for _, item := range p.Control.Items("openvpn") {
		if row := rows[item.Name]; row != nil {
			row.Item = item
		}
	}
	return data, nil
}

// protocolName is UDP or TCP, as the table of the reference device has it.
func protocolName(protocol openvpn.Protocol) string {
	if slices.Contains([]openvpn.Protocol{openvpn.ProtocolTCP, openvpn.ProtocolTCP4, openvpn.ProtocolTCP6}, protocol) {
		return "TCP"
	}
	return "UDP"
}

// until says in how long something will be; empty when it will not.
func until(t time.Time) string {
	if left := time.Until(t); !t.IsZero() && left > 0 {
		return left.Round(time.Second).String()
	}
	return ""
}

// instanceOf returns an instance of the saved configuration.
func (p *Pages) instanceOf(name string) (openvpn.Instance, bool) {
	doc, _ := p.Control.Saved()
	for _, i := range doc.OpenVPN.Instances {
		if i.Name == name {
			return i, true
		}
	}
	return openvpn.Instance{}, false
}

// noInstance is the answer when there is none of a name.
func noInstance() error { return &refusal{http.StatusNotFound, "There is no instance of that name."} }

// instanceData is one instance: how it does, its files, clients and log.
type instanceData struct {
	Name       string
	Configured bool // it is in the saved configuration
	Links      []link
	Status     *openvpn.InstanceStatus
	Item       control.Item
	RetryIn    string
	Bans       []ban
	Log        []openvpn.LogLine
	Files      []fileRow
	HasStore   bool
	Makes      bool // some files can be made here
	Server     bool
	Authority  bool
	Issued     []issuedRow
	Here       string // path of the page
}

type ban struct {
	Client string
	Until  time.Time
}

func (p *Pages) instance(r *http.Request) (living, error) {
	name := r.URL.Query().Get("name")
	data := instanceData{Name: name, HasStore: p.Store != nil, Here: instancePath("/openvpn/instance", name)}
	i, saved := p.instanceOf(name)
	if saved {
		data.Configured, data.Server = true, i.Role == openvpn.RoleServer
		data.Links = []link{{recordPath("/openvpn/instances", name), "Edit"}, instanceLinks(name)[1]}
		if err := p.filesOf(i, &data); err != nil {
			return nil, err
		}
	}
	if service := p.Live.OpenVPN(); service != nil {
		for _, status := range service.Status().Instances {
			if status.Name == name {
				data.Status, data.RetryIn = &status, until(status.RetryAt)
			}
		}
		if data.Status != nil {
			data.Log, _ = service.Log(name) // one that has gone meanwhile has none
			bans, _ := service.Bans(name)
			for client, end := range bans {
				data.Bans = append(data.Bans, ban{client, end})
			}
			order.Sort(data.Bans, func(a, b ban) int { return strings.Compare(a.Client, b.Client) })
		}
	}
	if !saved && data.Status == nil {
		return nil, noInstance()
	}
	for _, item := range p.Control.Items("openvpn") {
		if item.Name == name {
			data.Item = item
		}
	}
	return data, nil
}

// clientVerb ends the session of a client, keeps it away, or lets it come
// again.
func (p *Pages) clientVerb(w http.ResponseWriter, r *http.Request) error {
	if err := p.form(w, r); err != nil {
		return err
	}
	name, client := r.PostForm.Get("name"), r.PostForm.Get("client")
	service := p.Live.OpenVPN()
	if service == nil {
		return &refusal{http.StatusConflict, "OpenVPN does not run."}
	}
	p.Log.Info("asked by a user", "verb", r.PostForm.Get("verb"), "about", "openvpn", "item", name, "client", client, "user", account.From(r.Context()).Name)
	var err error
	var message string
	switch r.PostForm.Get("verb") {
	case "kick":
		_, err = service.Kick(r.Context(), name, client)
		message = client + " is disconnected. It may come again."
	case "ban":
		err = service.Ban(r.Context(), name, client, time.Hour)
		message = client + " is kept away for an hour."
	case "unban":
		err = service.Unban(name, client)
		message = client + " may come again."
	default:
		return &refusal{http.StatusBadRequest, "There is nothing like that to do."}
	}
	return p.done(w, r, instancePath("/openvpn/instance", name), message, err)
}
