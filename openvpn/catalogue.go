package openvpn

import (
	"slices"

	"github.com/fieldgate/fieldgate/internal/order"
)

// OptionInfo describes an option of openvpn 2.6 for forms: what may stand in
// [Instance.Options], in [Client.Options], or in a field of its own.
type OptionInfo struct {
	Name string
	// Tab is the page of the reference device that shows it.
	Tab Tab
	// Basic options stand on the basic page too.
	Basic bool
	// Params are what follows the name, in this order.
	Params []Param
	// Repeats: the option may stand more than once.
	Repeats bool
	// Side is who may have it; empty for all.
	Side Side
	// Main: may stand in [Instance.Options]. PerClient: in [Client.Options].
	// An option with neither is set by Field.
	Main, PerClient bool
	// Field is the field of [Instance] that sets it, in the names of the
	// stored form.
	Field string
	// Help is a sentence about what it does.
	Help string
	// Weak says how it can weaken the tunnel; empty when it cannot.
	Weak string
}

// Tab is a page of the reference device's form.
type Tab string

// The pages.
const (
	TabService      Tab = "Service"
	TabNetworking   Tab = "Networking"
	TabVPN          Tab = "VPN"
	TabCryptography Tab = "Cryptography"
)

// Side is which instances may have an option.
type Side string

// The sides.
const (
	SideAll    Side = ""
	SideServer Side = "server"
	SideClient Side = "client" // and peers
)

// Param is a parameter of an option.
type Param struct {
	Name string
	Kind Kind
	// Words are values that are allowed whatever the kind, the only ones of
	// KindWord.
	Words []string
	// Min and Max bound a number, or the prefix length of KindPrefix6.
	Min, Max int64
	// Optional parameters may be left out, together with all after them.
	Optional bool
	// Many: the last parameter may stand up to this many times.
	Many int
}

// Kind is what a value of a parameter is.
type Kind string

// The kinds.
const (
	KindWord        Kind = "word"
	KindNumber      Kind = "number"
	KindText        Kind = "text" // up to 200 bytes without control characters
	KindName        Kind = "name" // letters, digits and . _ - : + =
	KindHost        Kind = "host"
	KindPort        Kind = "port"
	KindIPv4        Kind = "IPv4 address"
	KindNetmask     Kind = "netmask"
	KindIPv6        Kind = "IPv6 address"
	KindPrefix6     Kind = "IPv6 prefix"
	KindAddress     Kind = "IP address"
	KindHex         Kind = "hexadecimal number"
	KindVersion     Kind = "version"
	KindDigest      Kind = "digest"
	KindCipher      Kind = "cipher"
	KindCiphers     Kind = "ciphers" // joined by colons
	KindNames       Kind = "names"   // joined by colons
	KindFingerprint Kind = "fingerprint"
	KindPushed      Kind = "option for clients" // a whole option in one value

	kindIgnored Kind = "ignored" // an import leaves it out, whatever it is
)

// Catalogue describes every option that an instance can have, in the order of
// the pages and by name within them.
func Catalogue() []OptionInfo {
	all := options()
	pages := []Tab{TabService, TabNetworking, TabVPN, TabCryptography}
	order.Stable(all, func(a, b OptionInfo) int {
		if d := slices.Index(pages, a.Tab) - slices.Index(pages, b.Tab); d != 0 {
			return d
		}
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return all
}

func options() []OptionInfo {
	return slices.Concat(serviceOptions(), networkingOptions(), vpnOptions(), cryptographyOptions(), fieldOptions())
}

// catalogue finds options by name.
type catalogue map[string]OptionInfo

func newCatalogue() catalogue {
	c := make(catalogue)
	for _, o := range options() {
		c[o.Name] = o
	}
	return c
}

func num(name string, low, high int64) Param {
	return Param{Name: name, Kind: KindNumber, Min: low, Max: high}
}

func oneOf(name string, words ...string) Param {
	return Param{Name: name, Kind: KindWord, Words: words}
}

func value(name string, kind Kind, words ...string) Param {
	return Param{Name: name, Kind: kind, Words: words}
}

func prefix6(name string, low, high int64) Param {
	return Param{Name: name, Kind: KindPrefix6, Min: low, Max: high}
}

func (p Param) opt() Param { p.Optional = true; return p }

func (p Param) or(words ...string) Param { p.Words = words; return p }

func (p Param) many(n int) Param { p.Many = n; return p }

func params(p ...Param) []Param { return p }

// maxInt is the largest number that openvpn reads on every platform.
const maxInt = 1<<31 - 1
