package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"reflect"
)

// Operation is one operation, apart from its input and output.
type Operation struct {
	ID, Method, Path, Summary, Description string

	// Allow says why who asks may not do it; then nothing of the request is
	// read. nil: who asks may.
	Allow func(ctx context.Context) error
	// MaxBody is the limit of the body in bytes.
	MaxBody int64
	// Refusals are the statuses of its problems.
	Refusals []int
	// Sent and Answered are the media types of a RawBody and of a Body of
	// bytes, with a description of what is in there.
	Sent, Answered map[string]*Schema
}

// API is a set of operations. Make it with [New].
type API struct {
	mux     *http.ServeMux
	fail    func(w http.ResponseWriter, err error)
	problem *Schema
	all     schemas
	spec    document
}

// New returns an API without operations, which are added to mux. fail answers
// what goes wrong: with a [Refusal], an error of [Operation.Allow] or one of
// the function that serves an operation. problem is what it answers, as
// application/problem+json.
func New(mux *http.ServeMux, info Info, schemes map[string]SecurityScheme, problem any, fail func(w http.ResponseWriter, err error)) *API {
	a := &API{mux: mux, fail: fail, all: schemas{make(map[string]*Schema), make(map[string]reflect.Type)}}
	a.problem = a.all.schema(reflect.TypeOf(problem), "")
	a.spec = document{OpenAPI: "3.1.0", Info: info, Paths: make(map[string]map[string]operation), Components: components{a.all.named, schemes}}
	return a
}

// Add adds an operation.
func Add[I, O any](a *API, op Operation, serve func(ctx context.Context, in *I) (*O, error)) {
	a.add(op, reflect.TypeFor[I](), reflect.TypeFor[O](), func(ctx context.Context, in any) (any, error) {
		out, err := serve(ctx, in.(*I))
		if err != nil {
			return nil, err
		}
		return out, nil
	})
}

// add does all that is the same with every type: the compiler makes Add anew
// for each.
func (a *API) add(op Operation, i, o reflect.Type, serve func(ctx context.Context, in any) (any, error)) {
	in := newInput(&a.all, i, op.MaxBody)
	body, _ := o.FieldByName("Body")
	a.describe(op, in, body.Type, o.Name()+body.Name)
	answered := jsonType
	for media := range op.Answered {
		answered = media
	}
	a.mux.HandleFunc(op.Method+" "+op.Path, func(w http.ResponseWriter, r *http.Request) {
		if err := op.Allow(r.Context()); err != nil {
			a.fail(w, err)
			return
		}
		sent, err := in.read(w, r)
		if err != nil {
			a.fail(w, err)
			return
		}
		out, err := serve(r.Context(), sent)
		if err != nil {
			a.fail(w, err)
			return
		}
		answer, err := encode(reflect.ValueOf(out).Elem().FieldByIndex(body.Index).Interface())
		if err != nil {
			a.fail(w, err)
			return
		}
		w.Header().Set("Content-Type", answered)
		_, _ = w.Write(answer) // who has gone needs no answer
	})
}

// encode returns a body as it is answered.
func encode(body any) ([]byte, error) {
	if raw, is := body.([]byte); is {
		return raw, nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(body)
	return b.Bytes(), err
}
