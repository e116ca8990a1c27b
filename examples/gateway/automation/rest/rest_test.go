package rest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/gateway/automation/rest"
)

type place struct {
	Section string `path:"section" maxLength:"4"`
}

type change struct {
	Base  uint64 `json:"base" minimum:"1"`
	Wait  uint32 `json:"wait,omitempty" maximum:"60"`
	What  string `json:"what,omitempty" maxLength:"5"`
	Check bool   `json:"check,omitempty"`
}

type changeInput struct {
	place
	Verb string `query:"verb" enum:"start,stop"`
	From uint64 `query:"from" required:"true"`
	Body change
}

type changeOutput struct {
	Body struct {
		At    time.Time `json:"at,omitzero"`
		Items []string  `json:"items" nullable:"false"`
		Other []change  `json:"other"`
		Got   string    `json:"got"`
	}
}

type problem struct {
	Status int      `json:"status"`
	Detail string   `json:"detail"`
	Faults []string `json:"faults"`
}

type bytesOutput struct{ Body []byte }

var errMayNot = errors.New("may not")

// newAPI is an API with one operation of each kind.
func newAPI() (*rest.API, http.Handler) {
	mux := http.NewServeMux()
	a := rest.New(mux, rest.Info{Title: "test"}, map[string]rest.SecurityScheme{"token": {Type: "http", Scheme: "bearer"}}, problem{}, fail)
	op := func(method, path string) rest.Operation {
		return rest.Operation{
			ID: strings.ToLower(method) + strings.ReplaceAll(path, "/", "-"), Method: method, Path: path, MaxBody: 100, Refusals: []int{http.StatusUnprocessableEntity},
			Allow: func(context.Context) error { return nil },
		}
	}
	rest.Add(a, op("PUT", "/change/{section}"), func(_ context.Context, in *changeInput) (*changeOutput, error) {
		out := new(changeOutput)
		out.Body.Items, out.Body.Got = []string{"<&>"}, fmt.Sprintf("%s %s %d %+v", in.Section, in.Verb, in.From, in.Body)
		return out, nil
	})
	text := map[string]*rest.Schema{"text/plain": rest.Object("")}
	perhaps := op("POST", "/perhaps")
	perhaps.Answered = text
	rest.Add(a, perhaps, func(_ context.Context, in *struct{ Body *change }) (*bytesOutput, error) {
		return &bytesOutput{fmt.Append(nil, in.Body != nil)}, nil
	})
	raw := op("POST", "/raw")
	raw.Sent, raw.Answered = text, text
	rest.Add(a, raw, func(_ context.Context, in *struct{ RawBody []byte }) (*bytesOutput, error) {
		return &bytesOutput{in.RawBody}, nil
	})
	closed := op("GET", "/closed")
	closed.Answered = text
	closed.Allow = func(context.Context) error { return errMayNot }
	rest.Add(a, closed, func(context.Context, *struct{}) (*bytesOutput, error) { panic("not reached") })
	return a, mux
}

func fail(w http.ResponseWriter, err error) {
	p := problem{Status: http.StatusInternalServerError, Detail: err.Error()}
	var refusal *rest.Refusal
	switch {
	case errors.As(err, &refusal):
		p.Status = refusal.Status
		for _, f := range refusal.Faults {
			p.Faults = append(p.Faults, f.Path+": "+f.Message)
		}
	case errors.Is(err, errMayNot):
		p.Status = http.StatusForbidden
	}
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p)
}

func ask(h http.Handler, method, target, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, target, strings.NewReader(body)))
	return w
}

func TestServed(t *testing.T) {
	_, api := newAPI()
	w := ask(api, "PUT", "/change/a%2Fb?from=18446744073709551615&verb=stop", `{"base":1,"wait":60,"what":"äöüßé","check":true}`)
	assert.Equal(t, http.StatusOK, w.Code)
	assert.Equal(t, "application/json", w.Header().Get("Content-Type"))
	assert.Equal(t, `{"items":["<&>"],"other":null,"got":"a/b stop 18446744073709551615 {Base:1 Wait:60 What:äöüßé Check:true}"}`+"\n", w.Body.String())
	assert.Equal(t, "false", ask(api, "POST", "/perhaps", "").Body.String())
	assert.Equal(t, "true", ask(api, "POST", "/perhaps", `{"base":2}`).Body.String())
	w = ask(api, "POST", "/raw", "a: b")
	assert.Equal(t, "a: b", w.Body.String())
	assert.Equal(t, "text/plain", w.Header().Get("Content-Type"))
	assert.Equal(t, http.StatusForbidden, ask(api, "GET", "/closed?unknown=1", "").Code)
}

// Every fault is told at once, each with its place.
func TestEveryFault(t *testing.T) {
	_, api := newAPI()
	w := ask(api, "PUT", "/change/toolong?verb=explode", `{"base":0,"wait":61,"what":"longer","check":1,"secret":"hunter"}`)
	assert.Equal(t, http.StatusUnprocessableEntity, w.Code)
	var p problem
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &p))
	assert.Equal(t, []string{
		"path.section: expected length <= 4",
		`query.verb: expected value to be one of "start, stop"`,
		"query.from: required query parameter is missing",
		"body.base: expected number >= 1",
		"body.check: expected boolean",
		"body.secret: unexpected property",
		"body.wait: expected number <= 60",
		"body.what: expected length <= 5",
	}, p.Faults)
	assert.NotContains(t, w.Body.String(), "hunter")
}

func TestFaults(t *testing.T) {
	_, api := newAPI()
	const right = "/change/a?from=1"
	for name, c := range map[string]struct {
		path, body string
		status     int
		says       string
	}{
		"unknown in the query":  {right + "&form=1&also=2", `{"base":1}`, 422, `["query.also: unknown query parameter","query.form: unknown query parameter"]`},
		"no number in query":    {"/change/a?from=x", `{"base":1}`, 422, "query.from: expected integer"},
		"negative in the query": {"/change/a?from=-1", `{"base":1}`, 422, "query.from: expected number"},
		"missing":               {right, `{}`, 422, "body.base: expected required property base to be present"},
		"fraction":              {right, `{"base":1.5}`, 422, "body.base: expected integer"},
		"exponent":              {right, `{"base":1e30}`, 422, "body.base: expected integer"},
		"too large for uint64":  {right, `{"base":18446744073709551616}`, 422, "body.base: expected integer"},
		"text for number":       {right, `{"base":"1"}`, 422, "body.base: expected integer"},
		"number for text":       {right, `{"base":1,"what":1}`, 422, "body.what: expected string"},
		"null":                  {right, `null`, 422, "body: expected object"},
		"list":                  {right, `[]`, 422, "body: expected object"},
		"no JSON":               {right, `{`, 400, "body: "},
		"two values":            {right, `{"base":1} {}`, 400, "more follows"},
		"empty":                 {right, ``, 400, "request body is required"},
		"too large":             {right, strings.Repeat(" ", 101), 413, "the limit is 100 bytes"},
		"long key":              {right, `{"base":1,"` + strings.Repeat("x", 80) + `":1}`, 422, "body." + strings.Repeat("x", 64) + "…"},
	} {
		t.Run(name, func(t *testing.T) {
			w := ask(api, "PUT", c.path, c.body)
			assert.Equal(t, c.status, w.Code)
			assert.Contains(t, w.Body.String(), c.says)
		})
	}
	for media, status := range map[string]int{
		"application/json; charset=utf-8": 200, "application/merge-patch+json": 200, "": 200, "text/plain": 415, "json/": 415,
	} {
		q := httptest.NewRequest("PUT", right, strings.NewReader(`{"base":1}`))
		q.Header.Set("Content-Type", media)
		w := httptest.NewRecorder()
		api.ServeHTTP(w, q)
		assert.Equal(t, status, w.Code, media)
	}
}

// brokenBody breaks off.
type brokenBody struct{ err error }

func (b brokenBody) Read([]byte) (int, error) { return 0, b.err }

func TestBodyThatBreaksOff(t *testing.T) {
	_, api := newAPI()
	for err, status := range map[error]int{io.ErrUnexpectedEOF: 400, os.ErrDeadlineExceeded: 408} {
		w := httptest.NewRecorder()
		api.ServeHTTP(w, httptest.NewRequest("POST", "/raw", brokenBody{err}))
		assert.Equal(t, status, w.Code)
	}
}

func TestDocument(t *testing.T) {
	a, _ := newAPI()
	text, err := a.Document()
	require.NoError(t, err)
	want, err := os.ReadFile("testdata/openapi.json")
	require.NoError(t, err)
	assert.Equal(t, string(want), string(text)+"\n")
}

// What is taken fits; nothing that is sent makes the API stumble.
func FuzzBody(f *testing.F) {
	for _, seed := range []string{`{"base":1}`, `{"base":1,"what":"x","wait":60,"check":false}`, `{"base":18446744073709551615}`, `{"base":-0}`, `{"Base":1,"base":2}`, `[{}]`, `"\ud800"`, "\x00"} {
		f.Add(seed)
	}
	_, api := newAPI()
	f.Fuzz(func(t *testing.T, body string) {
		w := ask(api, "PUT", "/change/a?from=1", body)
		if w.Code != http.StatusOK {
			assert.Contains(t, []int{400, 413, 422}, w.Code)
			return
		}
		var sent struct{ Base uint64 }
		require.NoError(t, json.Unmarshal([]byte(body), &sent))
		assert.Positive(t, sent.Base)
	})
}
