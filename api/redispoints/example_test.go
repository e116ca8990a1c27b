package redispoints_test

import (
	"context"
	"fmt"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/redispoints"
)

func Example() {
	config := redispoints.DefaultConfig() // Redis on this device
	config.Devices = []redispoints.Device{{
		Alias: "INV1", Protocol: "modbus rtu",
		Tags: []redispoints.Tag{{Alias: "P", Name: "Active power"}},
	}}
	points, err := redispoints.New(config, redispoints.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	providers := api.Providers{Points: points}

	ctx := context.Background()
	v, err := providers.Points.Value(ctx, "INV1", "P") // before Start, so nothing is known
	fmt.Println(v.Name, v.Value, v.Flags, err)
	// Output: Active power nan NT <nil>
}
