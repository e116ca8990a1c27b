package docs_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/l2tp"
	"github.com/fieldgate/fieldgate/ser2net"
)

var update = flag.Bool("update", false, "write docs/options.md from the typed configuration")

// option is a part of the JSON schema of the configuration.
type option struct {
	Description string
	Type        []string
	Enum        []any
	WriteOnly   bool
	Properties  map[string]*option
	Items       *option
}

// parts are the top keys of the configuration in the order of the menu, with
// the page where each is set.
var parts = []struct{ key, page string }{
	{"telemetry", "Telemetry agent"}, {"ipsec", "IPsec"}, {"l2tp", "L2TP"}, {"openvpn", "OpenVPN"}, {"ser2net", "ser2net"},
	{"snmp", "SNMP"}, {"api", "API"}, {"device", "Configuration, Device"}, {"web", "Configuration, Web server"},
	{"modem", "Configuration, Modem"}, {"points", "Configuration, Devices and tags"}, {"upgrade", "Configuration, Firmware upgrade"},
	{"syslog", "Configuration, Log"},
}

// TestOptions demands that docs/options.md is what the configuration is: its
// text is that of the schema, which is that of the Go types, and its defaults
// are read from the values that the gateway begins with.
func TestOptions(t *testing.T) {
	text, err := document.Schema()
	require.NoError(t, err)
	var root option
	require.NoError(t, json.Unmarshal(text, &root))
	begin := defaults(t)

	var out strings.Builder
	out.WriteString("# Options of the gateway\n\nMade by `go test ./internal/docs -run TestOptions -update` from the typed configuration. " +
		"The pages show the same texts. An option that is left out, or empty, stands at its default; durations are written as `90`, in seconds, or `90s`, `5m`, `2h`, `1d`.\n\n" +
		"`[]` behind a name is a list; its options are those of each record.\n")
	keys := slices.Sorted(maps.Keys(root.Properties))
	for _, part := range parts {
		i := slices.Index(keys, part.key)
		require.GreaterOrEqual(t, i, 0, part.key)
		keys = slices.Delete(keys, i, i+1)
		fmt.Fprintf(&out, "\n## %s\n\nPage: %s.\n\n| option | takes | default | what it does |\n|---|---|---|---|\n", part.key, part.page)
		rows(&out, part.key, root.Properties[part.key], begin[part.key], begin)
	}
	assert.Empty(t, keys, "parts of the configuration that no page has")

	file := filepath.Join(top, "docs", "options.md")
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(out.String()), 0o600))
	}
	have, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, out.String(), string(have), "run: go test ./internal/docs -run TestOptions -update")
}

// defaults are the values of a gateway without a configuration, and of new
// records, by their paths.
func defaults(t *testing.T) map[string]any {
	t.Helper()
	all := plain(t, document.Default())
	all["ipsec.connections[]"] = plain(t, ipsec.DefaultConnection())
	all["l2tp.clients[]"] = plain(t, l2tp.DefaultClient())
	all["ser2net.ports[]"] = plain(t, ser2net.DefaultPort())
	return all
}

// plain is a value as its YAML has it.
func plain(t *testing.T, v any) map[string]any {
	t.Helper()
	text, err := yaml.Marshal(v)
	require.NoError(t, err)
	var all map[string]any
	require.NoError(t, yaml.Unmarshal(text, &all))
	return all
}

func rows(out *strings.Builder, path string, o *option, value any, begin map[string]any) {
	record, _ := value.(map[string]any)
	for _, key := range slices.Sorted(maps.Keys(o.Properties)) {
		sub, at := o.Properties[key], path+"."+key
		inner := sub
		own := record[key]
		if sub.Items != nil && len(sub.Items.Properties) > 0 {
			at += "[]"
			inner = sub.Items
			own = begin[at]
		}
		fmt.Fprintf(out, "| `%s` | %s | %s | %s |\n", at, takes(sub), shown(own, inner), cell(sub.Description))
		rows(out, at, inner, own, begin)
	}
}

// takes says what may stand there.
func takes(o *option) string {
	switch {
	case o.WriteOnly:
		return "secret"
	case len(o.Enum) > 0:
		var words []string
		for _, word := range o.Enum {
			if text, is := word.(string); is && text != "" {
				words = append(words, "`"+text+"`")
			}
		}
		return strings.Join(words, ", ")
	case len(o.Properties) > 0:
		return "group"
	case o.Items != nil && len(o.Items.Properties) > 0:
		return "list of records"
	case o.Items != nil:
		return "list"
	case slices.Contains(o.Type, "boolean") && !slices.Contains(o.Type, "string"):
		return "`true`, `false`"
	case slices.Contains(o.Type, "integer"):
		return "whole number"
	case slices.Contains(o.Type, "number") && !slices.Contains(o.Type, "string"):
		return "number"
	}
	return "text"
}

// shown is a default; what is empty has its default in the words beside it.
func shown(v any, o *option) string {
	switch v := v.(type) {
	case nil, map[string]any:
		return ""
	case []any:
		if len(v) == 0 {
			return ""
		}
		var words []string
		for _, each := range v {
			words = append(words, fmt.Sprint(each))
		}
		return "`" + strings.Join(words, ", ") + "`"
	case string:
		if v == "" || o.WriteOnly {
			return ""
		}
	}
	return "`" + cell(fmt.Sprint(v)) + "`"
}

// cell is a text within a table.
func cell(text string) string { return strings.ReplaceAll(text, "|", "\\|") }
