package twohosts

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Swanctl runs swanctl on the daemon of the host and returns what it printed.
func (h *Host) Swanctl(ctx context.Context, args ...string) (string, error) {
	return h.run(ctx, []string{
		"STRONGSWAN_CONF=" + h.Path("strongswan.conf"), "SWANCTL_DIR=" + h.Path("swanctl"),
	}, "swanctl", append(args, "--uri", "unix://"+h.Socket())...)
}

// Load replaces everything that swanctl has loaded by the text of a
// swanctl.conf. SAs stay.
func (h *Host) Load(ctx context.Context, text string) error {
	if err := h.WriteFile("swanctl.conf", text); err != nil {
		return err
	}
	_, err := h.Swanctl(ctx, "--load-all")
	return err
}

// Reset ends all SAs of the host, without telling the peer, and unloads
// everything.
func (h *Host) Reset(ctx context.Context) error {
	sas, err := h.SAs(ctx)
	if err != nil {
		return err
	}
	for _, sa := range sas {
		// Gone meanwhile is as good.
		_, _ = h.Swanctl(ctx, "--terminate", "--ike-id", sa.Values["uniqueid"], "--force", "--timeout", "5")
	}
	for _, folder := range []string{"x509", "x509ca", "private", "ecdsa", "rsa"} {
		if err := os.RemoveAll(filepath.Join(h.Path("swanctl"), folder)); err != nil {
			return fmt.Errorf("twohosts: %w", err)
		}
	}
	if err := h.Load(ctx, ""); err != nil {
		return err
	}
	_, err = h.Swanctl(ctx, "--load-creds", "--clear")
	return err
}

// WriteFile writes a file in the folder of swanctl, such as x509ca/ca.pem.
func (h *Host) WriteFile(name, text string) error {
	path := filepath.Join(h.Path("swanctl"), name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("twohosts: %w", err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return fmt.Errorf("twohosts: %w", err)
	}
	return nil
}

// SA is an IKE SA as the daemon of the host sees it: the words of
// swanctl --list-sas --pretty, such as state, version, encr-alg, remote-id.
type SA struct {
	Name     string
	Values   map[string]string
	Lists    map[string][]string // local-vips, remote-vips
	Children []Child
}

// Child is a child SA: name, state, mode, encr-alg, bytes-in, cpi-in, ...
type Child struct {
	Name   string
	Values map[string]string
	Lists  map[string][]string // local-ts, remote-ts
}

// SAs asks swanctl for the SAs of the host.
func (h *Host) SAs(ctx context.Context) ([]SA, error) {
	text, err := h.Swanctl(ctx, "--list-sas", "--noblock", "--pretty")
	if err != nil {
		return nil, err
	}
	return parseSAs(text)
}

// Installed returns the children that carry data, of all SAs of a connection,
// or of all connections when the name is empty.
func (h *Host) Installed(ctx context.Context, connection string) ([]Child, error) {
	sas, err := h.SAs(ctx)
	if err != nil {
		return nil, err
	}
	var all []Child
	for _, sa := range sas {
		for _, c := range sa.Children {
			if c.Values["state"] == "INSTALLED" && (connection == "" || sa.Name == connection) {
				all = append(all, c)
			}
		}
	}
	return all, nil
}

// Fill replaces words of a text, longest first; it is how tests write the
// configuration of the peer from a pattern.
func Fill(pattern string, words map[string]string) string {
	var pairs []string
	for _, word := range slices.SortedFunc(maps.Keys(words), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
	}) {
		pairs = append(pairs, word, words[word])
	}
	return strings.NewReplacer(pairs...).Replace(pattern)
}
