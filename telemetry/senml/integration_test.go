package senml_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/senml"
)

// stockReader reads one pack a line as RFC 8428 tells, with nothing but the
// JSON reader of Python, and writes name, time, unit and value of each record.
const stockReader = `
import json, sys
for line in sys.stdin:
    name, time, unit = "", 0, None
    for r in json.loads(line):
        name, time, unit = r.get("bn", name), r.get("bt", time), r.get("bu", unit)
        value = [r[k] for k in ("v", "vs", "vb", "vd") if k in r]
        assert len(value) == 1, r
        print(json.dumps([name + r.get("n", ""), time + r.get("t", 0), r.get("u", unit), value[0]]))
`

func TestIntegrationStockReader(t *testing.T) {
	path, err := exec.LookPath("python3")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("python3 is missing: make peers")
		}
		t.Skip("needs python3")
	}
	datagrams, err := senml.Encoder{}.Encode(vector(t, "full"), telemetry.MaxDatagram)
	require.NoError(t, err)
	require.Greater(t, len(datagrams), 1)
	cmd := exec.Command(path, "-c", stockReader)
	cmd.Stdin = bytes.NewReader(append(bytes.Join(datagrams, []byte("\n")), '\n'))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, "%s", &stderr)

	got := make(map[string][]any)
	for line := range bytes.Lines(out) {
		var record []any
		d := json.NewDecoder(bytes.NewReader(line))
		d.UseNumber()
		require.NoError(t, d.Decode(&record))
		name := record[0].(string)
		assert.NotContains(t, got, name, "twice")
		assert.Equal(t, json.Number("1794993408"), record[1], name)
		got[name] = record[2:]
	}
	for name, want := range map[string][]any{
		"boot":                 {"count", json.Number("4294967295")},
		"late":                 {nil, true},
		"host":                 {nil, "größe-ü"},
		"load15":               {nil, json.Number("0.31")},
		"cpu:user":             {"s", json.Number("42173.45")},
		"mem:total":            {"B", json.Number("62509056")},
		"disk:/:inodes":        {"/", json.Number("1.0")},
		"disk:/overlay:used":   {"B", json.Number("1376256")},
		"net:eth0:rx_bytes":    {"B", json.Number("18446744073709551615")},
		"net:eth1:tx_bytes":    {"B", json.Number("98765432")},
		"net:wwan0:rx_dropped": {"count", json.Number("211")},
		"modem:signal":         {"dBW", json.Number("-117")},
		"modem:tech":           {nil, "lte"},
		"openvpn:down":         {"count", json.Number("1")},
	} {
		assert.Equal(t, want, got["GK0123456789:"+name], name)
	}
	assert.NotContains(t, got, "GK0123456789:load5", "unknown")
	assert.Len(t, got, len(resolved(t, datagrams)))
}
