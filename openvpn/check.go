package openvpn

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/fieldgate/fieldgate/openvpn/internal/ovpn"
)

// place is where an option stands.
type place int

const (
	inMain   place = iota // [Instance.Options]
	inClient              // [Client.Options]
)

// checkOption returns what is wrong with an option, nil when nothing is.
// openvpn itself takes "verb abc" for 0: values are judged here.
func checkOption(o Option, at place) error { return newCatalogue().check(o, at) }

func (c catalogue) check(o Option, at place) error {
	info, ok := c[o.Name]
	switch {
	case !ok:
		return errors.New(whyNot(o.Name))
	case info.Field != "":
		return fmt.Errorf("%s is set by the field %s", o.Name, info.Field)
	case at == inMain && !info.Main:
		return fmt.Errorf("%s is for single clients only, see clients.options", o.Name)
	case at == inClient && !info.PerClient:
		return fmt.Errorf("%s is for the whole instance, not for a single client", o.Name)
	}
	if err := info.checkArgs(o.Args); err != nil {
		return fmt.Errorf("%s: %w", o.Name, err)
	}
	if _, err := ovpn.Join(append([]string{o.Name}, o.Args...)...); err != nil {
		return fmt.Errorf("%s: %w", o.Name, err)
	}
	return nil
}

// whyNot says why an option that is not in the catalogue cannot be set.
func whyNot(name string) string {
	if reason, ok := supervised()[name]; ok {
		return fmt.Sprintf("%s cannot be set: %s", name, reason)
	}
	if w, ok := withheld()[name]; ok {
		return fmt.Sprintf("%s cannot be set: %s", name, w.reason)
	}
	if reason, ok := bygone()[name]; ok {
		return fmt.Sprintf("%s cannot be set: %s", name, reason)
	}
	return fmt.Sprintf("openvpn 2.6 has no option %q", show(name))
}

// show cuts a text of an upload for a message.
func show(text string) string {
	const longest = 40
	if len(text) > longest {
		text = text[:longest] + "..."
	}
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return '?' // colours of a terminal, letters from right to left
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
}

// checkArgs checks the parameters of an option.
func (o OptionInfo) checkArgs(args []string) error {
	least, most := 0, 0
	for _, p := range o.Params {
		if !p.Optional {
			least++
		}
		most += max(1, p.Many)
	}
	if len(args) < least || len(args) > most {
		return fmt.Errorf("has %d values, allowed are %s", len(args), span(least, most))
	}
	for i, arg := range args {
		p := o.Params[min(i, len(o.Params)-1)]
		if err := p.check(arg); err != nil {
			return fmt.Errorf("%s: %w", p.Name, err)
		}
	}
	return o.checkTogether(args)
}

func span(least, most int) string {
	switch {
	case most == 0:
		return "none"
	case least == most:
		return fmt.Sprint(most)
	}
	return fmt.Sprintf("%d to %d", least, most)
}

// checkTogether checks what only some combinations of values may be.
func (o OptionInfo) checkTogether(args []string) error {
	switch o.Name {
	case "keepalive":
		ping, timeout := number(args[0]), number(args[1])
		if timeout < 2*ping {
			return fmt.Errorf("the timeout of %d s must be at least twice the ping of %d s", timeout, ping)
		}
	case "reneg-sec", "connect-retry":
		a, b := number(args[0]), number(args[len(args)-1])
		if o.Name == "reneg-sec" && b > a || o.Name == "connect-retry" && b < a {
			return fmt.Errorf("%d and %d stand in the wrong order", a, b)
		}
	case "keying-material-exporter":
		if !strings.HasPrefix(args[0], "EXPORTER") {
			return errors.New("label: must begin with EXPORTER")
		}
	case "tls-version-min":
		if len(args) == 2 && args[1] != "or-highest" {
			return errors.New("the second value can only be or-highest")
		}
	case "http-proxy-option":
		if (args[0] == "CUSTOM-HEADER") != (len(args) == 3) && !(args[0] == "CUSTOM-HEADER" && len(args) == 2) {
			return fmt.Errorf("%s has %d values", args[0], len(args)-1)
		}
	case "verify-hash":
		digest := strings.Count(args[0], ":") + 1
		if want := map[bool]int{true: 32, false: 20}[len(args) == 2 && args[1] == "SHA256"]; digest != want {
			return fmt.Errorf("hash: has %d bytes, want %d", digest, want)
		}
	case "dns":
		return checkDNS(args)
	}
	return nil
}

// checkDNS checks the forms of option dns.
func checkDNS(args []string) error {
	if args[0] == "search-domains" {
		for _, domain := range args[1:] {
			if err := value("domain", KindHost).check(domain); err != nil {
				return err
			}
		}
		return nil
	}
	if len(args) < 4 {
		return errors.New("server needs a number, what is set, and its value")
	}
	if err := num("server", -128, 127).check(args[1]); err != nil {
		return err
	}
	rest := args[3:]
	var p Param
	switch args[2] {
	case "address":
		p = value("address", KindText)
		for _, a := range rest {
			if !isDNSAddress(a) {
				return fmt.Errorf("address: %q is no IP address", show(a))
			}
		}
	case "resolve-domains", "sni":
		p = value(args[2], KindHost)
	case "dnssec":
		p = oneOf("dnssec", "yes", "no", "optional")
	case "transport":
		p = oneOf("transport", "plain", "DoH", "DoT")
	default:
		return fmt.Errorf("a server has no %q, want address, resolve-domains, dnssec, transport or sni", show(args[2]))
	}
	if args[2] != "address" && args[2] != "resolve-domains" && len(rest) > 1 {
		return fmt.Errorf("%s has one value", args[2])
	}
	for _, arg := range rest {
		if err := p.check(arg); err != nil {
			return err
		}
	}
	return nil
}

// optionFault is an option that does not go with the rest of its instance.
type optionFault struct {
	Index int
	Text  string
}

// checkOptions returns which options do not go with the role, the device or
// the protocol, or with each other. openvpn would end at them.
func checkOptions(i Instance) []optionFault { return newCatalogue().together(i) }

func (c catalogue) together(i Instance) []optionFault {
	var faults []optionFault
	count := make(map[string]int)
	for n, o := range i.Options {
		info := c[o.Name]
		count[o.Name]++
		text := i.misfit(info, o.Args)
		if count[o.Name] > 1 && !info.Repeats {
			text = o.Name + " stands twice"
		}
		if text != "" {
			faults = append(faults, optionFault{n, text})
		}
	}
	return faults
}

// misfit says why an option does not go with the rest of the instance.
func (i Instance) misfit(o OptionInfo, args []string) string {
	server, tcp := i.role() == RoleServer, i.protocol().isTCP()
	if !server && len(i.Remotes) > 0 {
		tcp = i.anyTCP()
	}
	switch {
	case o.Side == SideServer && !server:
		return o.Name + " is for servers"
	case o.Side == SideClient && server:
		return o.Name + " is for clients"
	case i.Files[FileSecret] != "" && needsTLS(o):
		return o.Name + " needs TLS, which a tunnel with a static key does not have"
	}
	needs := func(ok bool, what string) string {
		if ok {
			return ""
		}
		return o.Name + " needs " + what
	}
	switch o.Name {
	case "fragment", "explicit-exit-notify", "mtu-test", "fast-io", "connect-freq":
		return needs(!tcp, "UDP")
	case "tcp-nodelay", "tcp-queue-limit":
		return needs(tcp, "TCP")
	case "vlan-tagging":
		return needs(i.deviceType() == DeviceTap, "device_type tap")
	case "vlan-accept", "vlan-pvid":
		return needs(i.deviceType() == DeviceTap && i.has("vlan-tagging"), "device_type tap and vlan-tagging")
	case "http-proxy-option":
		return needs(i.Proxy != nil && i.Proxy.Kind != ProxySOCKS, "an HTTP proxy")
	case "ifconfig-pool":
		return needs(i.Server == "" && i.ServerBridge == nil || i.ServerNoPool, "server_no_pool")
	case "verify-hash":
		return needs(len(i.PeerFingerprints) == 0, "peer_fingerprints to be empty")
	case "keepalive":
		return needs(!i.has("ping") && !i.has("ping-restart") && !i.has("ping-exit"), "ping, ping-restart and ping-exit to be left out: it sets them")
	case "ping-exit":
		return needs(!i.has("ping-restart"), "ping-restart to be left out")
	case "username-as-common-name", "auth-user-pass-optional":
		return needs(len(i.Users) > 0, "users")
	case "verify-client-cert":
		return needs(len(i.Users) > 0 || len(args) == 0 || args[0] == "require", "users")
	case "auth-retry", "allow-pull-fqdn", "pull-filter", "route-nopull", "push-peer-info":
		return needs(i.role() == RoleClient, "role client")
	}
	return ""
}

// needsTLS reports whether an option is about the handshake.
func needsTLS(o OptionInfo) bool {
	switch o.Name {
	case "auth", "cipher", "mute-replay-warnings", "no-replay", "replay-window":
		return false
	case "tls-exit":
		return true
	}
	return o.Tab == TabCryptography
}

// anyTCP reports whether a remote is called over TCP.
func (i Instance) anyTCP() bool {
	return slices.ContainsFunc(i.Remotes, func(r Remote) bool {
		return r.Protocol.isTCP() || r.Protocol == "" && i.protocol().isTCP()
	})
}
