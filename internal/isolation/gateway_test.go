package isolation_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// gatewayBans are packages that the gateway does not link, not even
// indirectly, so that it fits a device with 16 MB of flash and 64 MB of memory.
var gatewayBans = map[string]string{
	"html/template": "parsed templates stay in memory; examples/gateway/markup writes the pages",
	"text/template": "it calls methods by name, so the linker keeps every exported method of every type",
}

func TestGatewayIsLight(t *testing.T) {
	gateway, exists := listPackages(t)[module+"/examples/gateway"]
	require.True(t, exists)
	for path, why := range gatewayBans {
		assert.NotContains(t, gateway.Deps, path, why)
	}
}
