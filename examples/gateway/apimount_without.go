//go:build no_api

package main

import (
	"net/http"

	"github.com/fieldgate/fieldgate/examples/gateway/document"
)

const withAPI = false

// apiMount is the place where there is no API.
type apiMount struct{}

func (*apiMount) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	refusal(http.StatusNotFound, "The API is not served here: "+leftOut("api").Error()+".").ServeHTTP(w, r)
}

func (g *gateway) apiUnit(document.Document, backends) unit { return without("api") }
