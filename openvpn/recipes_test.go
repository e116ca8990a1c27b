package openvpn_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/pki"
	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/openvpn/openvpntest"
)

// answers are enough for every recipe.
func answers(recipe openvpn.Recipe) openvpn.Answers {
	a := openvpn.Answers{Name: recipe.Name}
	if slices.Contains(recipe.Required, "remote") {
		a.Remote = "vpn.example.org"
	}
	if slices.Contains(recipe.Asks, "fingerprint") {
		a.Fingerprint = strings.Repeat("AB:", 31) + "AB"
	}
	return a
}

func TestRecipes(t *testing.T) {
	names := make(map[string]bool)
	for _, r := range openvpn.Recipes() {
		names[r.Name] = true
	}
	for _, r := range openvpn.Recipes() {
		t.Run(r.Name, func(t *testing.T) {
			i, err := openvpn.FromRecipe(r.Name, answers(r))
			require.NoError(t, err)
			assert.False(t, i.Enabled)
			assert.True(t, names[r.Match], "the other end has a recipe")
			assert.NotEmpty(t, openvpn.NeededFiles(i))
			for _, q := range r.Required {
				assert.Contains(t, r.Asks, q)
			}
			for _, w := range i.Warnings() {
				allowed := r.Legacy || strings.Contains(w.Path, "crl-verify") || strings.Contains(w.Path, "bridge_device")
				assert.True(t, allowed, "a recipe is not weak: %s", w)
			}
			_, err = openvpn.Render(i)
			require.NoError(t, err)

			_, err = openvpn.FromRecipe(r.Name, openvpn.Answers{})
			for _, q := range r.Required {
				assert.ErrorContains(t, err, q+": required by recipe "+r.Name)
			}
		})
	}
	_, err := openvpn.FromRecipe("bogus", openvpn.Answers{})
	assert.ErrorContains(t, err, "no recipe")
}

func TestIssueFiles(t *testing.T) {
	ca, err := pki.CreateAuthority(t.TempDir()+"/ca", pki.AuthorityConfig{})
	require.NoError(t, err)
	store := openvpntest.NewStore()
	i, err := openvpn.FromRecipe("server_pki", openvpn.Answers{Name: "hub"})
	require.NoError(t, err)
	require.NoError(t, openvpn.IssueFiles(i, "hub.example.org", ca, store))
	names, err := store.List("hub")
	require.NoError(t, err)
	assert.Equal(t, []string{"ca.crt", "crl.pem", "server.crt", "server.key", "tls-crypt.key"}, names)
	assert.Empty(t, openvpn.CheckFiles(i, store, now()))
	first, err := store.Get("hub", "server.crt")
	require.NoError(t, err)
	require.NoError(t, openvpn.IssueFiles(i, "hub.example.org", ca, store))
	again, err := store.Get("hub", "server.crt")
	require.NoError(t, err)
	assert.Equal(t, first, again, "what is there stays")

	later := now().AddDate(0, 0, 810) // of 825 days
	warnings := openvpn.CheckFiles(i, store, later)
	require.NotEmpty(t, warnings)
	assert.Contains(t, warnings[0].String(), "files[cert]: hub.example.org: it ends on")
}

func TestMakeFiles(t *testing.T) {
	store := openvpntest.NewStore()
	i, err := openvpn.FromRecipe("site_to_site", openvpn.Answers{Name: "west", Fingerprint: strings.Repeat("AB:", 31) + "AB"})
	require.NoError(t, err)
	assert.Len(t, openvpn.CheckFiles(i, store, now()), 3, "all are missing")
	print1, err := openvpn.MakeFiles(i, store)
	require.NoError(t, err)
	assert.Len(t, print1, 95)
	print2, err := openvpn.MakeFiles(i, store)
	require.NoError(t, err)
	assert.Equal(t, print1, print2, "what is there stays")
	assert.Empty(t, openvpn.CheckFiles(i, store, now()))
}
