package ipsec

import (
	"encoding/hex"
	"net/netip"
	"slices"
	"strings"
)

// identity checks one of the two identities of a connection. own: it is ours,
// not the peer's. The forms are those of the IKE daemon (strongSwan, manual
// of swanctl.conf, "Identity parsing").
func (k *checker) identity(path, id string, own bool) {
	switch {
	case len(id) > maxText:
		k.errs.Addf(path, "it is longer than %d bytes", maxText)
	case strings.ContainsFunc(id, func(r rune) bool { return r < ' ' || r > '~' }):
		k.errs.Addf(path, "it has other characters than printable ASCII, which the IKE daemon does not take; @#HEX gives any bytes as a key id")
	case id != strings.TrimSpace(id):
		k.errs.Addf(path, "it begins or ends with a blank")
	case isAnyIdentity(id) && own:
		k.errs.Addf(path, "%q stands for any identity: leave it empty for our address", id)
	case isAnyIdentity(id):
		k.errs.Addf(path, "%q stands for any identity: leave it empty", id)
	case strings.Contains(id, "*") && own:
		k.errs.Addf(path, "%q has a wildcard, our own identity is one", id)
	case !isWellFormed(id):
		k.errs.Addf(path, "%q names a kind of identity, but what comes behind is none of that kind", id)
	}
}

// isAnyIdentity tells whether the daemon takes a text for any identity. A
// pre-shared key of such an owner would serve for every peer.
func isAnyIdentity(id string) bool {
	return slices.Contains([]string{"%any", "%any4", "%any6", "*", "0.0.0.0", "::", "0::0", "fqdn:*", "@*"}, id)
}

// isWellFormed tells whether there is an identity behind a prefix that says
// its kind. The daemon takes what is malformed for an empty one.
func isWellFormed(id string) bool {
	if text, ok := strings.CutPrefix(id, "@#"); ok {
		sum, err := hex.DecodeString(text)
		return err == nil && len(sum) > 0
	}
	if strings.HasPrefix(id, "@") {
		return strings.Trim(id, "@") != ""
	}
	kind, text, typed := strings.Cut(id, ":")
	if !typed {
		return true
	}
	switch strings.ToLower(kind) {
	case "ipv4", "ipv6":
		addr, err := netip.ParseAddr(text)
		return err == nil && addr.Zone() == "" && addr.Is4() == strings.EqualFold(kind, "ipv4")
	case "asn1dn":
		return strings.HasPrefix(text, "#") && len(text) > 1 || strings.Contains(text, "=")
	case "fqdn", "dns", "email", "rfc822", "userfqdn", "keyid", "asn1gn", "xmppaddr":
		return strings.Trim(text, "#") != ""
	}
	return true // an IPv6 address, or a colon of its own
}

// isOpen tells whether more than one peer may have an identity.
func isOpen(id string) bool { return id == "" || strings.Contains(id, "*") }
