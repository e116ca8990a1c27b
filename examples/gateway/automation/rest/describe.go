package rest

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strconv"
	"strings"
)

// Info is what an OpenAPI document begins with.
type Info struct {
	Title       string `json:"title"`
	Description string `json:"description"`
	Version     string `json:"version"`
}

// SecurityScheme is a way to log in.
type SecurityScheme struct {
	Type        string `json:"type"`
	Scheme      string `json:"scheme,omitempty"`
	In          string `json:"in,omitempty"`
	Name        string `json:"name,omitempty"`
	Description string `json:"description"`
}

// The parts of an OpenAPI 3.1 document that are needed.

type document struct {
	OpenAPI    string                          `json:"openapi"`
	Info       Info                            `json:"info"`
	Paths      map[string]map[string]operation `json:"paths"` // by path and method
	Components components                      `json:"components"`
}

type components struct {
	Schemas         map[string]*Schema        `json:"schemas"`
	SecuritySchemes map[string]SecurityScheme `json:"securitySchemes"`
}

type operation struct {
	ID          string                `json:"operationId"`
	Summary     string                `json:"summary"`
	Description string                `json:"description"`
	Security    []map[string][]string `json:"security"`
	Parameters  []parameter           `json:"parameters,omitempty"`
	RequestBody *requestBody          `json:"requestBody,omitempty"`
	Responses   map[string]response   `json:"responses"`
}

type parameter struct {
	Name        string  `json:"name"`
	In          string  `json:"in"`
	Description string  `json:"description,omitempty"`
	Required    bool    `json:"required,omitempty"`
	Schema      *Schema `json:"schema"`
}

type requestBody struct {
	Required bool                 `json:"required,omitempty"`
	Content  map[string]mediaType `json:"content"`
}

type response struct {
	Description string               `json:"description"`
	Content     map[string]mediaType `json:"content"`
}

type mediaType struct {
	Schema *Schema `json:"schema"`
}

// Document returns the OpenAPI document of the operations so far.
func (a *API) Document() ([]byte, error) { return json.MarshalIndent(a.spec, "", "  ") }

// describe adds an operation to the document.
func (a *API) describe(op Operation, in *input, out reflect.Type, hint string) {
	o := operation{ID: op.ID, Summary: op.Summary, Description: op.Description, Responses: make(map[string]response)}
	for _, scheme := range []string{"token", "basic", "session"} {
		if _, exists := a.spec.Components.SecuritySchemes[scheme]; exists {
			o.Security = append(o.Security, map[string][]string{scheme: {}})
		}
	}
	for _, p := range in.params {
		o.Parameters = append(o.Parameters, parameter{p.name, p.in, p.schema.Description, p.required, p.schema})
	}
	switch {
	case in.raw:
		o.RequestBody = &requestBody{true, content(op.Sent)}
	case in.body != nil:
		o.RequestBody = &requestBody{in.needed, map[string]mediaType{jsonType: {in.schema}}}
	}
	o.Responses["200"] = response{http.StatusText(http.StatusOK), content(op.Answered)}
	if op.Answered == nil {
		o.Responses["200"] = response{http.StatusText(http.StatusOK), map[string]mediaType{jsonType: {a.all.schema(out, hint)}}}
	}
	for _, status := range op.Refusals {
		o.Responses[strconv.Itoa(status)] = response{http.StatusText(status), map[string]mediaType{"application/problem+json": {a.problem}}}
	}
	if a.spec.Paths[op.Path] == nil {
		a.spec.Paths[op.Path] = make(map[string]operation)
	}
	a.spec.Paths[op.Path][strings.ToLower(op.Method)] = o
}

func content(types map[string]*Schema) map[string]mediaType {
	all := make(map[string]mediaType)
	for media, s := range types {
		all[media] = mediaType{s}
	}
	return all
}
