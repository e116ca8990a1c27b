package pages

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/examples/gateway/account"
	"github.com/fieldgate/fieldgate/examples/gateway/form"
	"github.com/fieldgate/fieldgate/examples/gateway/guide"
)

// apiData is what the page of the API shows beyond settings.
type apiData struct {
	Running   bool
	Status    api.Status
	Endpoints formData
	Try       tryData
	Key       keyData
}

// endpoint is one that can be tried.
type endpoint struct {
	Path   string
	Fields []string
}

// endpoints are those without files: a page has better ways for those.
func endpoints() []endpoint {
	return []endpoint{
		{"/api/version", nil}, {"/api/actions", nil}, {"/api/syncVersion", nil}, {"/api/syslog", nil}, {"/api/systemInfo", nil},
		{"/api/gsmInfo", nil}, {"/api/devices", nil}, {"/api/device/info", []string{"device_alias"}}, {"/api/device/tags", []string{"device_alias"}},
		{"/api/device/tag/value", []string{"device_alias", "signal_alias"}}, {"/api/tags", nil}, {"/api/openapi.json", nil},
	}
}

// tryData is a request to the API and its answer.
type tryData struct {
	Possible       bool
	Endpoints      []endpoint
	Path           string
	Device, Signal string
	Status         int
	Answer, Curl   string
	Cut            bool
}

// keyData is the form of a new key.
type keyData struct {
	Name, Endpoints, Sources, Days string
	Error                          string
	Key                            string // just made, shown this once
}

func (p *Pages) apiPages() {
	p.handle("POST /api-settings/new-key", account.Admin, p.newKey)
	p.handle("POST /api-settings/try", account.Operator, p.try)
}

func (p *Pages) api(*http.Request) (special, error) {
	var data apiData
	data.Status, data.Running = p.Live.APIStatus()
	data.Try = tryData{Possible: p.API != nil, Endpoints: endpoints()}
	doc, base := p.Control.Saved()
	group, err := doc.Group("api.endpoints")
	if err != nil {
		return nil, err
	}
	data.Endpoints = newFormData("/api-settings/endpoints", base, form.New(group, guide.Section("api.endpoints")))
	return data, nil
}

// apiAgain shows the page of the API with what was done on it.
func (p *Pages) apiAgain(w http.ResponseWriter, r *http.Request, status int, change func(*apiData)) error {
	for _, s := range p.allSettings() {
		if s.key != "api" {
			continue
		}
		page, err := p.settings(r, s)
		if err != nil {
			return err
		}
		more := page.More.(apiData)
		change(&more)
		page.More = more
		return p.render(w, r, status, s.title, page)
	}
	return nil
}

// newKey makes a key, stores its hash and shows it, once.
func (p *Pages) newKey(w http.ResponseWriter, r *http.Request) error {
	if err := p.form(w, r); err != nil {
		return err
	}
	typed := keyData{
		Name: r.PostForm.Get("name"), Endpoints: r.PostForm.Get("endpoints"), Sources: r.PostForm.Get("sources"), Days: r.PostForm.Get("days"),
	}
	again := func(problem string) error {
		typed.Error = problem
		return p.apiAgain(w, r, http.StatusUnprocessableEntity, func(data *apiData) { data.Key = typed })
	}
	key := api.Key{Name: typed.Name, Endpoints: strings.Fields(typed.Endpoints)}
	for _, text := range strings.Fields(typed.Sources) {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return again(fmt.Sprintf("%q is no network such as 192.168.1.0/24.", text))
		}
		key.Sources = append(key.Sources, prefix)
	}
	if typed.Days != "" {
		var days int
		if _, err := fmt.Sscanf(typed.Days, "%d", &days); err != nil || days < 1 {
			return again("The days are a whole number from 1.")
		}
		key.Expires = time.Now().AddDate(0, 0, days).Truncate(time.Second)
	}
	text := api.NewKey()
	hash, err := api.HashKey(text)
	if err != nil {
		return err
	}
	key.Hash = hash
	doc, base := p.Control.Saved()
	doc.API.Keys = append(slices.Clone(doc.API.Keys), key)
	at := fmt.Sprintf("api.keys[%d]", len(doc.API.Keys)-1)
	for _, fault := range doc.Faults() {
		return again(strings.TrimPrefix(strings.TrimPrefix(fault.Path, at), ".") + ": " + fault.Problem)
	}
	user := account.From(r.Context()).Name
	if _, err := p.Control.Save(r.Context(), user, "key "+key.Name, base, doc); err != nil {
		return again(err.Error())
	}
	p.Log.Info("API key made", "key", key.Name, "user", user)
	return p.apiAgain(w, r, http.StatusOK, func(data *apiData) { data.Key = keyData{Name: key.Name, Key: text} })
}

// maxAnswer is how much of an answer is shown, in bytes.
const maxAnswer = 64 << 10

// try asks the API what a client would ask, with a key that the user types.
func (p *Pages) try(w http.ResponseWriter, r *http.Request) error {
	if err := p.form(w, r); err != nil {
		return err
	}
	path := r.PostForm.Get("endpoint")
	all := endpoints()
	i := slices.IndexFunc(all, func(e endpoint) bool { return e.Path == path })
	if i < 0 || p.API == nil {
		return &refusal{http.StatusBadRequest, "There is no such endpoint to try."}
	}
	result := tryData{Possible: true, Endpoints: all, Path: path, Device: r.PostForm.Get("device_alias"), Signal: r.PostForm.Get("signal_alias")}
	method, kind := http.MethodGet, ""
	var body bytes.Buffer
	result.Curl = `curl -H "apiKey: $KEY"`
	if len(all[i].Fields) > 0 {
		method = http.MethodPost
		fields := multipart.NewWriter(&body)
		for _, name := range all[i].Fields {
			_ = fields.WriteField(name, r.PostForm.Get(name)) // into memory
			result.Curl += " -F " + quoted(name+"="+r.PostForm.Get(name))
		}
		kind = fields.FormDataContentType()
		_ = fields.Close()
	}
	result.Curl += " http://" + r.Host + path
	request, err := http.NewRequestWithContext(r.Context(), method, path, &body)
	if err != nil {
		return err
	}
	request.RemoteAddr, request.Host, request.RequestURI = r.RemoteAddr, r.Host, path
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	if key := r.PostForm.Get("key"); key != "" {
		request.Header.Set("apiKey", key)
	}
	answer := &capture{header: make(http.Header), status: http.StatusOK}
	p.API.ServeHTTP(answer, request)
	result.Status, result.Answer, result.Cut = answer.status, answer.body.String(), answer.cut
	return p.apiAgain(w, r, http.StatusOK, func(data *apiData) { data.Try = result })
}

// quoted writes a word for a shell.
func quoted(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }

// capture keeps the begin of an answer.
type capture struct {
	header http.Header
	status int
	body   bytes.Buffer
	cut    bool
}

// Header implements [http.ResponseWriter].
func (c *capture) Header() http.Header { return c.header }

// WriteHeader implements [http.ResponseWriter].
func (c *capture) WriteHeader(status int) { c.status = status }

// Write implements [http.ResponseWriter].
func (c *capture) Write(b []byte) (int, error) {
	room := maxAnswer - c.body.Len()
	c.cut = c.cut || len(b) > room
	c.body.Write(b[:min(len(b), room)])
	return len(b), nil
}
