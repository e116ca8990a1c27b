package api

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// The parts of an OpenAPI 3.1 document that this interface needs.

type openAPIDocument struct {
	OpenAPI    string              `json:"openapi"`
	Info       openAPIInfo         `json:"info"`
	Paths      map[string]pathItem `json:"paths"`
	Components components          `json:"components"`
}

type openAPIInfo struct {
	Title       string `json:"title"`
	Description string `json:"description"`
	Version     string `json:"version"`
}

type components struct {
	Schemas         map[string]*schema        `json:"schemas"`
	Responses       map[string]response       `json:"responses"`
	SecuritySchemes map[string]securityScheme `json:"securitySchemes,omitempty"`
}

type securityScheme struct {
	Type string `json:"type"`
	In   string `json:"in"`
	Name string `json:"name"`
}

// pathItem is the operations of a path by their methods, in small letters.
type pathItem map[string]operation

type operation struct {
	ID          string                `json:"operationId"`
	Summary     string                `json:"summary"`
	Security    []map[string][]string `json:"security,omitempty"`
	RequestBody *requestBody          `json:"requestBody,omitempty"`
	Responses   map[string]response   `json:"responses"`
}

type requestBody struct {
	Required bool                 `json:"required"`
	Content  map[string]mediaType `json:"content"`
}

type response struct {
	Ref         string               `json:"$ref,omitempty"`
	Description string               `json:"description,omitempty"`
	Headers     map[string]header    `json:"headers,omitempty"`
	Content     map[string]mediaType `json:"content,omitempty"`
}

type header struct {
	Description string  `json:"description"`
	Schema      *schema `json:"schema"`
}

type mediaType struct {
	Schema *schema `json:"schema,omitempty"`
}

// schema is a JSON Schema (2020-12).
type schema struct {
	Ref         string             `json:"$ref,omitempty"`
	Type        string             `json:"type,omitempty"`
	Description string             `json:"description,omitempty"`
	MinLength   int                `json:"minLength,omitempty"`
	Properties  map[string]*schema `json:"properties,omitempty"`
	Required    []string           `json:"required,omitempty"`
	Items       *schema            `json:"items,omitempty"`
	Media       string             `json:"contentMediaType,omitempty"`
}

const (
	openAPIVersion = "3.1.0"
	keyScheme      = "apiKey"
	errorSchema    = "Error"
	octetStream    = "application/octet-stream"
)

// describe returns the OpenAPI document of the endpoints that are on.
func describe(on endpointSet, open bool, v Versions) []byte {
	d := openAPIDocument{
		OpenAPI: openAPIVersion,
		Info: openAPIInfo{
			Title: "Device API",
			Description: "The endpoints that are switched on. Every scalar is a JSON string, and a missing fact an empty one. " +
				"HEAD is answered where GET is, and OPTIONS everywhere.",
			Version: cmp.Or(v.API, apiVersion) + "." + cmp.Or(v.Patch, apiPatch),
		},
		Paths: make(map[string]pathItem),
		Components: components{
			Schemas:   map[string]*schema{errorSchema: schemaOf(reflect.TypeOf(errorBody{}))},
			Responses: make(map[string]response),
		},
	}
	if !open {
		d.Components.SecuritySchemes = map[string]securityScheme{keyScheme: {Type: "apiKey", In: "header", Name: keyHeader}}
	}
	for i, e := range endpoints {
		if on.has(i) {
			d.add(&e, open)
		}
	}
	b, _ := json.Marshal(d) // strings, lists and maps of them cannot fail
	return append(b, '\n')
}

// add describes one endpoint.
func (d *openAPIDocument) add(e *endpoint, open bool) {
	id := strings.NewReplacer("/", "_", ".", "_").Replace(strings.TrimPrefix(e.path, "/api/"))
	item := make(pathItem)
	for _, method := range strings.Split(e.methods(), ", ") {
		if method != http.MethodGet && method != http.MethodPost {
			continue // HEAD and OPTIONS go without saying
		}
		method = strings.ToLower(method)
		o := operation{ID: method + "_" + id, Summary: e.about, Responses: d.responses(e, method, open)}
		if !open {
			o.Security = []map[string][]string{{keyScheme: {}}}
		}
		if method == "post" {
			o.RequestBody = e.requestBody()
		}
		item[method] = o
	}
	d.Paths[e.path] = item
}

// requestBody describes the form of a POST, nil where none is needed.
func (e *endpoint) requestBody() *requestBody {
	if e.input() == "" {
		return nil
	}
	form := &schema{Type: "object", Properties: make(map[string]*schema)}
	body := &requestBody{Required: true, Content: map[string]mediaType{"multipart/form-data": {form}}}
	if e.file {
		form.Required = []string{fileField}
		form.Properties[fileField] = &schema{Type: "string", Media: octetStream}
		return body
	}
	form.Required = e.fields
	for _, field := range e.fields {
		form.Properties[field] = &schema{Type: "string", MinLength: 1}
	}
	body.Content["application/x-www-form-urlencoded"] = mediaType{form}
	return body
}

// refusals describes each status of an error. Which of them an endpoint has
// is up to responses.
var refusals = map[int]string{
	http.StatusBadRequest:            "The form cannot be read, or a field is missing, empty, unknown or there twice.",
	http.StatusUnauthorized:          "The key is missing or wrong.",
	http.StatusForbidden:             "The key does not open this endpoint.",
	http.StatusNotFound:              "There is no such device or tag.",
	http.StatusConflict:              "A sync or an upgrade is under way already.",
	http.StatusRequestEntityTooLarge: "The body is too large.",
	http.StatusUnsupportedMediaType:  "The body is no form.",
	http.StatusUnprocessableEntity:   "The file is refused.",
	http.StatusTooManyRequests:       "There were too many requests or wrong keys from this address.",
	http.StatusInternalServerError:   "The request failed.",
	http.StatusServiceUnavailable:    "The answer is not to be had now, or there are too many connections.",
}

// responses describes the answers of an endpoint.
func (d *openAPIDocument) responses(e *endpoint, method string, open bool) map[string]response {
	statuses := []int{http.StatusTooManyRequests, http.StatusServiceUnavailable}
	if !open {
		statuses = append(statuses, http.StatusUnauthorized, http.StatusForbidden)
	}
	if method == "post" {
		statuses = append(statuses, http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	if len(e.fields) > 0 {
		statuses = append(statuses, http.StatusNotFound)
	}
	if e.file {
		statuses = append(statuses, http.StatusConflict, http.StatusUnprocessableEntity)
	}
	if e.missing != nil {
		statuses = append(statuses, http.StatusInternalServerError)
	}
	all := map[string]response{"200": e.success()}
	for _, status := range statuses {
		code := strconv.Itoa(status)
		name := strings.ReplaceAll(http.StatusText(status), " ", "")
		d.Components.Responses[name] = refusal(status)
		all[code] = response{Ref: "#/components/responses/" + name}
		if _, isSync := e.body.(syncBody); isSync && status == http.StatusUnprocessableEntity {
			all[code] = response{
				Description: "The configuration is refused; the output tells the place of each fault.",
				Content:     map[string]mediaType{jsonType: {schemaOf(reflect.TypeOf(syncErrorBody{}))}},
			}
		}
	}
	return all
}

func refusal(status int) response {
	r := response{
		Description: refusals[status],
		Content:     map[string]mediaType{jsonType: {&schema{Ref: "#/components/schemas/" + errorSchema}}},
	}
	if status == http.StatusTooManyRequests {
		r.Headers = map[string]header{"Retry-After": {"Seconds to wait.", &schema{Type: "string"}}}
	}
	return r
}

func (e *endpoint) success() response {
	if e.body == nil {
		return response{Description: e.about, Content: map[string]mediaType{"text/plain": {&schema{Type: "string"}}}}
	}
	return response{Description: e.about, Content: map[string]mediaType{jsonType: {schemaOf(reflect.TypeOf(e.body))}}}
}

// schemaOf describes the JSON of a body: of strings, and of structs, lists and
// maps down to strings. Each field of a struct is always there.
func schemaOf(t reflect.Type) *schema {
	switch t.Kind() {
	case reflect.Struct:
		s := &schema{Type: "object", Properties: make(map[string]*schema)}
		for _, field := range reflect.VisibleFields(t) {
			if field.Anonymous {
				continue // its fields are visible too
			}
			s.Properties[field.Tag.Get("json")] = schemaOf(field.Type)
		}
		s.Required = slices.Sorted(maps.Keys(s.Properties))
		return s
	case reflect.Slice:
		return &schema{Type: "array", Items: schemaOf(t.Elem())}
	case reflect.Map:
		return &schema{Type: "object"}
	default:
		return &schema{Type: "string"}
	}
}
