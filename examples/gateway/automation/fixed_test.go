package automation_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
)

// An admin of the API cannot make the gateway run a program.
func TestFixedInTheFile(t *testing.T) {
	r := newRig(t)
	for name, c := range map[string]struct{ method, path, body, fault string }{
		"section":    {http.MethodPut, "/services/config/upgrade", `{"base":1,"config":{"apply_command":["/bin/sh","{file}"]}}`, "upgrade.apply_command"},
		"check":      {http.MethodPut, "/services/config/upgrade", `{"base":1,"check":true,"config":{"test_command":["/bin/sh","{file}"]}}`, "upgrade.test_command"},
		"whole":      {http.MethodPut, "/services/config", `{"base":1,"config":{"openvpn":{"folder":{"trust_whole":true}}}}`, "openvpn.folder.trust_whole"},
		"record":     {http.MethodPut, "/services/config/ser2net/ports/meter", `{"base":1,"config":{"name":"meter","device":"/dev/ttyS0","listen":":1","traces":[{"file":"/etc/x"}]}}`, "ser2net.ports[0].traces"},
		"new record": {http.MethodPut, "/services/config/ser2net/ports/two", `{"base":1,"config":{"name":"two","device":"/dev/ttyS1","listen":":2","traces":[{"file":"/etc/x"}]}}`, "ser2net.ports[1].traces"},
		"import":     {http.MethodPost, "/services/import?base=1", "upgrade: {folder: /etc/init.d}\n", "upgrade.folder"},
	} {
		t.Run(name, func(t *testing.T) {
			answer := r.in(t).check(http.StatusUnprocessableEntity, c.method, c.path, c.body)
			assert.Equal(t, c.fault, at(answer, "errors", 0, "path"))
			assert.Contains(t, at(answer, "errors", 0, "message"), "in gateway.yaml on the device only")
			assert.Len(t, answer["errors"], 1)
		})
	}
	_, revision := r.control.Saved()
	assert.EqualValues(t, 1, revision)
}
