package process

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What takes a process out of our hands is left out of a trusted text, and
// nothing else is.
func TestSupervised(t *testing.T) {
	block := "<ca>\ndaemon\n</ca>\n"
	long := "<ca>\n" + strings.Repeat("x", 600) + "\n</ca>\n"
	for name, c := range map[string]struct{ text, want string }{
		"nothing":           {"client\nup /x\n# daemon\n", "client\nup /x\n# daemon\n"},
		"daemon":            {"client\ndaemon ovpn-x\nverb 3\n", "client\n\nverb 3\n"},
		"dashes":            {"--daemon\r\nverb 3", "\nverb 3"},
		"quoted":            {"  \"daemon\"  # why\nverb 3\n", "\nverb 3\n"},
		"byte order mark":   {"\ufeffdaemon\n", "\n"},
		"setenv opt":        {"setenv opt daemon\n", "\n"},
		"setenv":            {"setenv daemon opt\n", "setenv daemon opt\n"},
		"management":        {"management 127.0.0.1 7505\nmanagement-client\n", "\n\n"},
		"in a block":        {block + "daemon\n", block + "\n"},
		"not understood":    {"<ca>\ndaemon\n", "<ca>\ndaemon\n"},
		"others stay there": {"dev tun\n" + long, "dev tun\n" + long},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := supervised([]byte(c.text))
			require.NoError(t, err)
			assert.Equal(t, c.want, string(got))
		})
	}
	_, err := supervised([]byte(long + "daemon\n"))
	assert.ErrorContains(t, err, "the option daemon keeps openvpn from being supervised")
}
