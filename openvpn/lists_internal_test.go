package openvpn

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// knownOption is a row of testdata/options.tsv: what the parser of openvpn
// 2.6.14 knows.
type knownOption struct {
	name           string
	classes, tags  []string
	where          []string
	inline, debian bool
	parameters     string
}

func knownOptions(t testing.TB) []knownOption {
	t.Helper()
	text, err := os.ReadFile("testdata/options.tsv")
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")[1:]
	require.Len(t, lines, 311)
	var known []knownOption
	for _, line := range lines {
		f := strings.Split(line, "\t")
		require.GreaterOrEqual(t, len(f), 7, line)
		known = append(known, knownOption{
			f[0], strings.Split(f[1], ","), strings.Split(f[2], ","), strings.Split(f[3], ","), f[4] == "yes", f[5] == "yes", f[6],
		})
	}
	return known
}

// The lists of the issue: offered, offered with a warning, own form only,
// owned by the supervisor, refused.
func placesOf(name string) []string {
	var places []string
	for _, o := range Catalogue() {
		switch {
		case o.Name != name:
		case o.Field != "":
			places = append(places, "own form")
		case o.Weak != "":
			places = append(places, "offered with a warning")
		default:
			places = append(places, "offered")
		}
	}
	if _, ok := supervised()[name]; ok {
		places = append(places, "supervisor")
	}
	if _, ok := withheld()[name]; ok {
		places = append(places, "refused")
	}
	if _, ok := bygone()[name]; ok {
		places = append(places, "unknown to 2.6")
	}
	return places
}

func TestEveryOptionStandsOnce(t *testing.T) {
	counts := make(map[string]int)
	names := make(map[string]bool)
	for _, known := range knownOptions(t) {
		names[known.name] = true
		places := placesOf(known.name)
		if !assert.Len(t, places, 1, known.name) {
			continue
		}
		place := places[0]
		counts[place]++
		has := func(list []string, words ...string) bool {
			return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(list, w) })
		}
		plain := slices.Equal(known.classes, []string{"plain"})
		switch {
		case has(known.classes, "exec"), has(known.tags, "loadlib", "script", "path-root"):
			assert.Contains(t, []string{"refused", "supervisor"}, place, known.name)
		case !plain:
			assert.Contains(t, []string{"refused", "supervisor", "own form"}, place, known.name)
		case has(known.tags, "weaken"):
			assert.NotEqual(t, "offered", place, known.name)
		case place == "offered with a warning":
			assert.Contains(t, []string{"comp-noadapt"}, known.name, "warns without a reason in the table")
		}
		if place == "offered" || place == "offered with a warning" {
			assert.True(t, known.debian, "%s is not in the usual builds", known.name)
		}
		assert.NotEqual(t, "unknown to 2.6", place, known.name)
	}
	t.Log(counts)
	for name := range guards {
		assert.True(t, names[name] || bygone()[name] != "", "%s is no option of openvpn", name)
	}
	for _, o := range Catalogue() {
		assert.True(t, names[o.Name], "%s is no option of openvpn", o.Name)
	}
	for name := range supervised() {
		assert.True(t, names[name], "%s is no option of openvpn", name)
	}
	for name := range withheld() {
		assert.True(t, names[name], "%s is no option of openvpn", name)
	}
}

func TestCatalogueIsWhole(t *testing.T) {
	known := make(map[string]knownOption)
	for _, k := range knownOptions(t) {
		known[k.name] = k
	}
	for _, o := range Catalogue() {
		k := known[o.Name]
		assert.NotEmpty(t, o.Help, o.Name)
		assert.Contains(t, []Tab{TabService, TabNetworking, TabVPN, TabCryptography}, o.Tab, o.Name)
		if o.Field != "" {
			assert.False(t, o.Main || o.PerClient, o.Name)
			assert.Empty(t, o.Params, o.Name)
			continue
		}
		assert.True(t, o.Main || o.PerClient, o.Name)
		assert.Equal(t, o.Main, !slices.Equal(k.where, []string{"ccd"}), "%s in the main file", o.Name)
		assert.Equal(t, o.PerClient, slices.Contains(k.where, "ccd"), "%s for a client", o.Name)
		if !strings.HasPrefix(k.parameters, "-") && k.parameters != "any" {
			assert.Equal(t, k.parameters == "[HOST]", len(o.Params) == 0, "%s takes %s", o.Name, k.parameters)
		}
		optional := false
		for i, p := range o.Params {
			assert.NotEmpty(t, p.Name, o.Name)
			assert.False(t, optional && !p.Optional, "%s: a parameter follows an optional one", o.Name)
			optional = p.Optional
			switch p.Kind {
			case KindWord:
				assert.NotEmpty(t, p.Words, o.Name)
			case KindNumber, KindPrefix6:
				assert.Less(t, p.Min, p.Max, o.Name)
			}
			if p.Many > 0 {
				assert.Equal(t, len(o.Params)-1, i, "%s: only the last repeats", o.Name)
			}
		}
	}
}

// What a server may push is what openvpn takes from one, less what gives a
// client's system away.
func TestPushedOptionsAreTakenByClients(t *testing.T) {
	not := []string{
		"bind-dev", "errors-to-stderr", "lladdr", "show-net-up", "providers", // reach into the client's system
		"key-derivation", "peer-id", "protocol-flags", "push-continuation", // servers do that by themselves
		"compat-mode", "disable-dco", "max-routes", "prng", // mean nothing there
	}
	for _, known := range knownOptions(t) {
		pushable := slices.ContainsFunc(known.where, func(w string) bool { return strings.HasPrefix(w, "push") || w == "any" })
		want := pushable && !slices.Contains(not, known.name)
		assert.Equal(t, want, checkPushed(known.name+" x") == nil, known.name)
	}
}
