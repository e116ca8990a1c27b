package apitest_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/apitest"
)

// A program that asks devices, tested against an interface whose plant lives
// in memory.
func Example() {
	points := apitest.NewPoints()
	config := api.DefaultConfig()
	config.Enabled, config.Authentication = true, api.AuthenticationNone
	config.Endpoints.DeviceTagValue = true
	handler, err := api.NewHandler(config, api.Options{Providers: api.Providers{Points: points}})
	if err != nil {
		fmt.Println(err)
		return
	}
	device := httptest.NewServer(handler)
	defer device.Close()

	points.SetValue("INV1", "P", api.TagValue{Value: api.Float(5.959)})
	value, err := points.Value(context.Background(), "INV1", "P")
	fmt.Println(value.Name, value.Value, err)

	client := apitest.Client{URL: device.URL}
	reply, err := client.Get(context.Background(), "/api/tags")
	fmt.Println(reply.Status, reply.Body, err)
	// Output:
	// Active power 5.959 <nil>
	// 403 {"error":"This endpoint is switched off."}
	//  <nil>
}
