package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/internal/order"
)

const (
	jsonType = "application/json"

	// bodyTimeout is how long a body may take to arrive.
	bodyTimeout = 5 * time.Second

	invalid = "validation failed"
)

// Refusal is why a request is not served: it is not as it is described.
type Refusal struct {
	Status int
	Detail string
	Faults []Fault
}

// Error implements error.
func (r *Refusal) Error() string { return r.Detail }

// input is what an operation takes.
type input struct {
	all    *schemas
	t      reflect.Type
	params []param
	body   []int // the index of Body or RawBody; nil: there is none
	raw    bool
	schema *Schema // of Body
	needed bool    // a body must be there
	limit  int64   // of the body in bytes
}

type param struct {
	in, name string
	index    []int
	schema   *Schema
	required bool
}

func newInput(all *schemas, t reflect.Type, limit int64) *input {
	in := &input{all: all, t: t, limit: limit}
	for _, f := range reflect.VisibleFields(t) {
		if f.Anonymous {
			continue // its fields are visible too
		}
		switch f.Name {
		case "Body":
			in.body, in.needed = f.Index, f.Type.Kind() != reflect.Pointer
			in.schema = all.schema(f.Type, t.Name()+f.Name)
			continue
		case "RawBody":
			in.body, in.needed, in.raw = f.Index, true, true
			continue
		}
		p := param{in: "path", name: f.Tag.Get("path"), index: f.Index, schema: all.field(f, ""), required: true}
		if p.name == "" {
			p.in, p.name, p.required = "query", f.Tag.Get("query"), f.Tag.Get("required") == "true"
		}
		in.params = append(in.params, p)
	}
	return in
}

// read reads a request into a new input, as a pointer to it.
func (in *input) read(w http.ResponseWriter, r *http.Request) (any, error) {
	v := reflect.New(in.t)
	query := r.URL.Query()
	faults := in.unknown(query)
	for _, p := range in.params {
		value := query.Get(p.name)
		if p.in == "path" {
			value = r.PathValue(p.name)
		}
		faults = append(faults, in.param(p, value, v.Elem().FieldByIndex(p.index))...)
	}
	status := http.StatusUnprocessableEntity
	if in.body != nil {
		body, err := in.readBody(w, r)
		if err != nil {
			return nil, err
		}
		wrong, code := in.decode(r, body, v.Elem().FieldByIndex(in.body))
		if len(wrong) > 0 {
			status = code
		}
		faults = append(faults, wrong...)
	}
	if len(faults) > 0 {
		return nil, &Refusal{status, invalid, faults}
	}
	return v.Interface(), nil
}

// unknown lists the parameters in a query that there are not.
func (in *input) unknown(query url.Values) []Fault {
	var faults []Fault
	for name := range query {
		if !slices.ContainsFunc(in.params, func(p param) bool { return p.in == "query" && p.name == name }) {
			faults = append(faults, Fault{"query." + shown(name), "unknown query parameter"})
		}
	}
	order.Sort(faults, func(a, b Fault) int { return strings.Compare(a.Path, b.Path) })
	return faults
}

// param sets a field to a parameter.
func (in *input) param(p param, value string, field reflect.Value) []Fault {
	path := p.in + "." + p.name
	if value == "" {
		if p.required {
			return []Fault{{path, "required " + p.in + " parameter is missing"}}
		}
		return nil
	}
	if field.Kind() == reflect.String {
		field.SetString(value)
		return in.all.check(p.schema, path, value)
	}
	faults := in.all.check(p.schema, path, json.Number(value))
	if len(faults) == 0 && json.Unmarshal([]byte(value), field.Addr().Interface()) != nil {
		faults = []Fault{{path, "expected integer"}}
	}
	return faults
}

// readBody reads the body within its limits.
func (in *input) readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	// Where no body comes, the server waits for the end of the connection
	// already, and would take this for it while the operation is under way.
	if r.ContentLength != 0 {
		// Writers that cannot do this are those of tests.
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTimeout))
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, in.limit+1))
	var network net.Error
	switch {
	case int64(len(body)) > in.limit:
		return nil, &Refusal{Status: http.StatusRequestEntityTooLarge, Detail: fmt.Sprintf("request body is too large, the limit is %d bytes", in.limit)}
	case errors.As(err, &network) && network.Timeout():
		return nil, &Refusal{Status: http.StatusRequestTimeout, Detail: "request body read timeout"}
	case err != nil:
		return nil, &Refusal{Status: http.StatusBadRequest, Detail: "cannot read request body"}
	case len(body) == 0 && in.needed:
		return nil, &Refusal{Status: http.StatusBadRequest, Detail: "request body is required"}
	}
	return body, nil
}

// decode checks a body and decodes it into its field. The status is that for
// its faults.
func (in *input) decode(r *http.Request, body []byte, field reflect.Value) ([]Fault, int) {
	if in.raw {
		field.SetBytes(body)
		return nil, 0
	}
	if len(body) == 0 {
		return nil, 0
	}
	if sent := r.Header.Get("Content-Type"); !isJSON(sent) {
		return []Fault{{"body", "unknown content type, expected " + jsonType}}, http.StatusUnsupportedMediaType
	}
	var value any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	err := d.Decode(&value)
	if err == nil {
		if _, after := d.Token(); !errors.Is(after, io.EOF) {
			err = errors.New("more follows after the end of the JSON")
		}
	}
	if err != nil {
		return []Fault{{"body", err.Error()}}, http.StatusBadRequest
	}
	faults := in.all.check(in.schema, "body", value)
	if len(faults) == 0 {
		if err := json.Unmarshal(body, field.Addr().Interface()); err != nil {
			faults = []Fault{{"body", "it does not fit: " + err.Error()}}
		}
	}
	return faults, http.StatusUnprocessableEntity
}

// isJSON reports whether a media type is one of JSON; none counts as such.
func isJSON(contentType string) bool {
	if contentType == "" {
		return true
	}
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && (media == jsonType || strings.HasSuffix(media, "+json"))
}
