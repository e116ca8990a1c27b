package api_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/apitest"
)

// The handler alone, in a server that has other pages too.
func ExampleHandler() {
	key := api.NewKey() // shown to the operator once
	hash, err := api.HashKey(key)
	if err != nil {
		panic(err)
	}
	config := api.DefaultConfig()
	config.Enabled = true
	config.Keys = []api.Key{{Name: "first", Hash: hash}}
	config.Endpoints.Version = true

	handler, err := api.NewHandler(config, api.Options{Versions: api.Versions{Sync: "lite1"}})
	if err != nil {
		panic(err)
	}
	pages := http.NewServeMux()
	pages.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "status page") })
	server := httptest.NewServer(api.Route(handler, pages)) // any http.Server
	defer server.Close()

	show := func(path, key string) {
		request, _ := http.NewRequest(http.MethodGet, server.URL+path, nil)
		request.Header.Set("apiKey", key)
		response, err := server.Client().Do(request)
		if err != nil {
			panic(err)
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		fmt.Print(response.StatusCode, " ", string(body))
	}
	show("/", "")
	show("/api/version", key)
	show("/api/version", "")
	show("/api/syslog", key)
	// Output:
	// 200 status page
	// 200 {"api_version":"2","api_patch":"1","sync_version":"lite1"}
	// 401 {"error":"Unauthorized access."}
	// 403 {"error":"This endpoint is switched off."}
}

// A service with a server of its own.
func ExampleService() {
	config := api.DefaultConfig()
	config.Enabled = true
	config.Listen = "127.0.0.1:0"
	config.Authentication = api.AuthenticationNone // as on the oldest devices
	config.Endpoints.SystemInfo = true

	var system apitest.System // or a provider on the facts of the host
	system.Set(api.SystemInfo{Hostname: "plant-7", Kernel: "6.6.58"})

	service, err := api.New(config, api.Options{Providers: api.Providers{System: &system}})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	if err := service.Start(ctx); err != nil {
		panic(err)
	}
	response, err := http.Get("http://" + service.Addr().String() + "/api/systemInfo")
	if err != nil {
		panic(err)
	}
	fmt.Println(response.Status)
	response.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	fmt.Println(service.Stop(ctx))
	// Output:
	// 200 OK
	// <nil>
}
