package twohosts

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseSAs(t *testing.T) {
	sas, err := parseSAs(`list-sa event {
  site {
    uniqueid = 1
    remote-id = C=CH, O=Example, CN=a = b
    remote-vips = [
      10.9.0.1
    ]
    child-sas {
      site-3 {
        name = site
        state = INSTALLED
        local-ts = [
          10.10.10.0/24
          10.20.10.0/24
        ]
      }
    }
  }
}
list-sas reply {
}
`)
	require.NoError(t, err)
	require.Len(t, sas, 1)
	assert.Equal(t, "site", sas[0].Name)
	assert.Equal(t, "C=CH, O=Example, CN=a = b", sas[0].Values["remote-id"])
	assert.Equal(t, []string{"10.9.0.1"}, sas[0].Lists["remote-vips"])
	require.Len(t, sas[0].Children, 1)
	assert.Equal(t, "INSTALLED", sas[0].Children[0].Values["state"])
	assert.Equal(t, []string{"10.10.10.0/24", "10.20.10.0/24"}, sas[0].Children[0].Lists["local-ts"])
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{"connecting to 'unix:///x' failed", "list-sa event {", "a {\nb = [\n}\n}", "}"} {
		_, err := parseSAs(text)
		assert.Error(t, err, "%q", text)
	}
}
