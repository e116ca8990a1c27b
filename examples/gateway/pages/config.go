package pages

import (
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/fieldgate/fieldgate/examples/gateway/account"
	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/examples/gateway/form"
	"github.com/fieldgate/fieldgate/examples/gateway/guide"
	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/l2tp"
	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/ser2net"
)

// settings is a section of the configuration with a page of its own.
type settings struct {
	path  string // of the page: /ipsec
	key   string // in the document: ipsec
	title string
	lists []list
	// more returns what the page has beyond its settings; nil: nothing.
	more func(*http.Request) (special, error)
}

// list is a list of records of a section.
type list struct {
	key   string // in the section: connections
	title string
	one   string // what one of them is called: connection
	// columns are the fields that the table of the records shows, by path.
	columns []string
	// fresh is what a new record begins with; nil: empty.
	fresh any
	// offers are fields that name other records: lists in the document, by the
	// path of the field. A name that begins with "=" stands for itself.
	offers map[string][]string
	// links are further pages about a record.
	links func(name string) []link
	// adds are the ways to a new record; nil: its form.
	adds []link
	// own: the page has a table of its own.
	own bool
	// renamed is called when a record gets another name, before it is stored.
	renamed func(old, name string) error
}

// link leads to another page.
type link struct{ Path, Text string }

// allSettings are the sections, in the order of the menu.
func (p *Pages) allSettings() []settings {
	return []settings{
		{path: "/telemetry", key: "telemetry", title: "Telemetry agent", more: p.telemetry},
		{path: "/ipsec", key: "ipsec", title: "IPsec", more: p.ipsec, lists: []list{
			{key: "connections", title: "Connections", one: "connection", fresh: ipsec.DefaultConnection(),
				columns: []string{"enabled", "gateway", "type", "authentication", "phase1", "phase2"},
				offers: map[string][]string{
					"phase1": {"ipsec.phase1_proposals"}, "phase2": {"ipsec.phase2_proposals"}, "certificate_set": {"ipsec.certificate_sets"},
				}},
			{key: "phase1_proposals", title: "Phase 1 proposals", one: "phase 1 proposal", columns: []string{"encryption", "hash", "dh"}},
			{key: "phase2_proposals", title: "Phase 2 proposals", one: "phase 2 proposal", columns: []string{"encryption", "hash", "dh"}},
			{key: "certificate_sets", title: "Certificate sets", one: "certificate set"},
		}},
		{path: "/l2tp", key: "l2tp", title: "L2TP", lists: []list{{key: "clients", title: "Clients", one: "client", fresh: l2tp.DefaultClient()}}},
		{path: "/openvpn", key: "openvpn", title: "OpenVPN", more: p.openvpn, lists: []list{
			{key: "instances", title: "Instances", one: "instance", own: true, links: instanceLinks, renamed: p.moveFiles},
		}},
		{path: "/ser2net", key: "ser2net", title: "ser2net", more: p.ser2net, lists: []list{
			{key: "ports", title: "Ports", one: "port", columns: []string{"enabled", "device", "listen", "protocol"}, fresh: ser2net.DefaultPort()},
			{key: "rotators", title: "Rotators", one: "rotator", offers: map[string][]string{"ports": {"ser2net.ports"}}},
		}},
		{path: "/snmp", key: "snmp", title: "SNMP", more: p.snmp, lists: []list{
			{key: "communities", title: "Communities", one: "community", columns: []string{"version", "sources", "read", "write"}, offers: snmpViews()},
			{key: "users", title: "Users", one: "user", columns: []string{"auth", "priv", "read", "write"}, offers: snmpViews()},
			{key: "views", title: "Views", one: "view", columns: []string{"include", "exclude"}},
			{key: "groups", title: "Groups", one: "group"},
			{key: "access", title: "Access", one: "access rule", offers: map[string][]string{"group": {"snmp.groups"}}},
		}},
		{path: "/api-settings", key: "api", title: "API", more: p.api, lists: []list{
			{key: "keys", title: "Keys", one: "key", columns: []string{"endpoints", "sources", "expires"}, adds: []link{}},
		}},
		{path: "/api-settings/endpoints", key: "api.endpoints", title: "API endpoints"},
		{path: "/config/device", key: "device", title: "Device"},
		{path: "/config/web", key: "web", title: "Web server"},
		{path: "/config/modem", key: "modem", title: "Modem"},
		{path: "/config/points", key: "points", title: "Devices and tags"},
		{path: "/config/upgrade", key: "upgrade", title: "Firmware upgrade"},
		{path: "/config/syslog", key: "syslog", title: "Log"},
	}
}

// configPages adds a page for each section and for each record.
func (p *Pages) configPages() {
	for _, s := range p.allSettings() {
		p.show(page{path: s.path, title: s.title, role: account.Viewer, content: func(r *http.Request) (content, error) {
			return p.settings(r, s)
		}, live: func(r *http.Request) (living, error) { return p.lively(r, s) }})
		p.handle("POST "+s.path, account.Admin, func(w http.ResponseWriter, r *http.Request) error { return p.saveSettings(w, r, s) })
		for _, l := range s.lists {
			if l.switched() {
				p.handle("POST "+s.path+"/"+l.key, account.Admin, func(w http.ResponseWriter, r *http.Request) error { return p.switchRecords(w, r, s, l) })
			}
			at := s.path + "/" + l.key + "/{name}"
			p.handle("GET "+at, account.Viewer, func(w http.ResponseWriter, r *http.Request) error {
				return p.editRecord(w, r, s, l, recordName(r))
			})
			p.handle("POST "+at, account.Admin, func(w http.ResponseWriter, r *http.Request) error {
				return p.saveRecord(w, r, s, l, recordName(r))
			})
		}
	}
}

// settingsData is the page of a section.
type settingsData struct {
	Path  string
	Items []control.Item
	Lists []listData
	Form  formData
	More  special     // what the page shows beyond that; nil: nothing
	Own   *switchData // of the table that More has; nil: it has none
	// Warnings are what works but is weak or surprising in what is saved.
	Warnings []string
}

// listData is a table of records.
type listData struct {
	Title, Path string
	Columns     []string
	Rows        []rowData
	Adds        []link
	Switch      *switchData // nil: its records cannot be switched
}

type rowData struct {
	Name, Path string
	Cells      []cell
	Links      []link
}

// cell is one of a table: a text, or else a box that switches the record.
type cell struct {
	Text string
	Tick *tick
}

// formData is a form of settings or of one record.
type formData struct {
	Action   string // where it is sent
	Base     control.Revision
	Basic    []form.Field
	Extra    []form.Field // additional fields that are not set
	Others   []string     // faults that no field is to blame for
	Conflict *control.Conflict
	Delete   bool // the record can be deleted
}

// lively is what lives on the page of a section.
func (p *Pages) lively(r *http.Request, s settings) (data settingsData, err error) {
	data = settingsData{Path: s.path, Items: p.Control.Items(s.key)}
	if s.more != nil {
		data.More, err = s.more(r)
	}
	return data, err
}

func (p *Pages) settings(r *http.Request, s settings) (settingsData, error) {
	doc, base := p.Control.Saved()
	data, err := p.lively(r, s)
	if err != nil {
		return data, err
	}
	data.Warnings = p.warnings(doc, base, s.key)
	for _, l := range s.lists {
		if l.own {
			data.Own = newSwitch(doc, s, l, base)
			continue
		}
		rows, err := doc.List(s.key + "." + l.key)
		if err != nil {
			return data, err
		}
		table := listData{Title: l.title, Path: s.path + "/" + l.key, Adds: l.adds}
		if l.adds == nil {
			table.Adds = []link{{table.Path + "/" + newRecord, "Add a " + l.one}}
		}
		table.Switch = newSwitch(doc, s, l, base)
		about := guide.Section(s.key + "." + l.key)
		for _, column := range l.columns {
			table.Columns = append(table.Columns, about.Label(column))
		}
		for i := range rows.Len() {
			row := rowData{Name: rows.Name(i), Path: recordPath(table.Path, rows.Name(i))}
			values := make(map[string]string)
			for _, field := range form.New(rows.Record(i), only{about, l.columns}).Fields() {
				values[field.Path] = strings.ReplaceAll(field.Value, "\n", ", ")
				switch {
				case field.Kind == form.Check:
					values[field.Path] = map[bool]string{true: "yes", false: "no"}[field.Checked]
				case field.Kind == form.Choice && field.Value == "":
					values[field.Path] = "(default)"
				}
			}
			if l.links != nil {
				row.Links = l.links(row.Name)
			}
			for _, column := range l.columns {
				c := cell{Text: values[column]}
				if column == enabledKey {
					c.Tick = &tick{table.Switch.ID, row.Name, c.Text == "yes"}
				}
				row.Cells = append(row.Cells, c)
			}
			table.Rows = append(table.Rows, row)
		}
		data.Lists = append(data.Lists, table)
	}
	group, err := doc.Group(s.key)
	if err != nil {
		return data, err
	}
	data.Form = newFormData(s.path, base, form.New(group, guide.Section(s.key)))
	return data, nil
}

// only is a guide to some fields.
type only struct {
	guide.Section
	fields []string
}

// Hide implements [form.Guide].
func (o only) Hide(path string) bool { return !slices.Contains(o.fields, path) }

// Help, Show and Extra implement [form.Guide]: a table has none of them.
func (only) Help(string) string     { return "" }
func (only) Show(string) *form.Show { return nil }
func (only) Extra(string) bool      { return false }

// warned are the warnings about the sections of a revision: they take long to
// find in a large configuration.
type warned struct {
	mu       sync.Mutex
	revision control.Revision
	texts    map[string][]string // by section
}

func (p *Pages) warnings(doc document.Document, revision control.Revision, section string) []string {
	p.warned.mu.Lock()
	defer p.warned.mu.Unlock()
	if p.warned.texts == nil || p.warned.revision != revision {
		p.warned.revision, p.warned.texts = revision, make(map[string][]string)
	}
	if texts, known := p.warned.texts[section]; known {
		return texts
	}
	var all []openvpn.Warning // the same type in every service
	switch section {
	case "ipsec":
		all = doc.IPsec.Warnings()
	case "l2tp":
		all = doc.L2TP.Warnings()
	case "openvpn":
		all = doc.OpenVPN.Warnings()
	case "ser2net":
		all = doc.Ser2net.Warnings()
	case "snmp":
		all = doc.SNMP.Warnings()
	case "api":
		all = doc.API.Warnings()
	}
	texts := make([]string, len(all))
	for i, w := range all {
		texts[i] = w.String()
	}
	p.warned.texts[section] = texts
	return texts
}

func newFormData(action string, base control.Revision, f *form.Form) formData {
	data := formData{Action: action, Base: base}
	for _, field := range f.Fields() {
		if field.Extra && !field.Set() {
			data.Extra = append(data.Extra, field)
		} else {
			data.Basic = append(data.Basic, field)
		}
	}
	return data
}

func (p *Pages) saveSettings(w http.ResponseWriter, r *http.Request, s settings) error {
	if err := p.form(w, r); err != nil {
		return err
	}
	doc, _ := p.Control.Saved()
	group, err := doc.Group(s.key)
	if err != nil {
		return err
	}
	f := form.New(group, guide.Section(s.key))
	f.Decode(r.PostForm)
	return p.save(w, r, edit{doc: doc, form: f, at: s.key, what: s.title, path: s.path, again: func(data formData) error {
		page, err := p.settings(r, s)
		if err != nil {
			return err
		}
		data.Action = s.path
		page.Form = data
		return p.render(w, r, http.StatusUnprocessableEntity, s.title, page)
	}})
}
