package apitest

import (
	"context"
	"fmt"
	"io"
	"net/http"
)

// Client asks a running interface the way other programs do. The zero value
// of a field is what its comment says.
type Client struct {
	URL  string       // of the server, such as "http://127.0.0.1:8080"
	Key  string       // sent as apiKey header; empty = no header
	HTTP *http.Client // nil = http.DefaultClient
}

// Reply is what came back.
type Reply struct {
	Status int
	Header http.Header
	Body   string
	// Broken tells that the connection ended before the body did.
	Broken bool
	// Closed tells that the server takes no further request on the
	// connection.
	Closed bool
}

// Do sends one request to target, a path with an optional query that begins
// with "/". The body may be nil; contentType names its encoding. An error
// means that no reply came; redirects are not followed.
func (c *Client) Do(ctx context.Context, method, target, contentType string, body io.Reader) (Reply, error) {
	r, err := http.NewRequestWithContext(ctx, method, c.URL+target, body)
	if err != nil {
		return Reply{}, fmt.Errorf("apitest: %w", err)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	return c.Send(r)
}

// Get sends a GET.
func (c *Client) Get(ctx context.Context, target string) (Reply, error) {
	return c.Do(ctx, http.MethodGet, target, "", nil)
}

// Send sends r as it is, with the client's key.
func (c *Client) Send(r *http.Request) (Reply, error) {
	if c.Key != "" {
		r.Header.Set("apiKey", c.Key)
	}
	client := http.DefaultClient
	if c.HTTP != nil {
		client = c.HTTP
	}
	direct := *client
	direct.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := direct.Do(r)
	if err != nil {
		return Reply{}, fmt.Errorf("apitest: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	b, err := io.ReadAll(response.Body)
	return Reply{response.StatusCode, response.Header, string(b), err != nil, response.Close}, nil
}
