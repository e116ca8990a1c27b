// Package guide says in words what the fields of the configuration are: their
// labels, their help, and when they matter. The help is the documentation of
// the Go types, so that there is one text for programmers and operators.
package guide

import (
	_ "embed"
	"slices"
	"strings"

	"github.com/fieldgate/fieldgate/examples/gateway/form"
)

// helpText has a line for each path without indexes: the path, a tab, the
// text. It is made from the Go sources by TestHelpIsCurrent -update.
//
//go:embed help.txt
var helpText string

// Help returns the text about a path of the document, without indexes.
func Help(path string) string {
	rest, first := strings.CutPrefix(helpText, path+"\t")
	if !first {
		_, rest, _ = strings.Cut(helpText, "\n"+path+"\t")
	}
	text, _, _ := strings.Cut(rest, "\n")
	return text
}

// Section is the [form.Guide] of the records at a path of the document, such
// as ipsec.connections.
type Section string

var _ form.Guide = Section("")

func (s Section) path(field string) string { return string(s) + "." + field }

// Label implements [form.Guide].
func (s Section) Label(field string) string {
	if label, known := labels[s.path(field)]; known {
		return label
	}
	key := field[strings.LastIndexByte(field, '.')+1:]
	if label, known := labels[key]; known {
		return label
	}
	words := strings.Split(key, "_")
	for i, word := range words {
		if upper, known := abbreviations[word]; known {
			words[i] = upper
		}
	}
	text := strings.Join(words, " ")
	return strings.ToUpper(text[:1]) + text[1:]
}

// Help implements [form.Guide].
func (s Section) Help(field string) string { return Help(s.path(field)) }

// Show implements [form.Guide].
func (s Section) Show(field string) *form.Show {
	path := s.path(field)
	for _, c := range conditions {
		if slices.Contains(c.paths, path) {
			return &c.show
		}
	}
	return nil
}

// Extra implements [form.Guide].
func (s Section) Extra(field string) bool {
	list, known := basics[string(s)]
	if !known {
		return false
	}
	top, _, _ := strings.Cut(field, ".")
	return !slices.Contains(list, top)
}

// Fixed implements [form.Guide].
func (s Section) Fixed(field string) string { return Fixed(s.path(field)) }

// Hide implements [form.Guide]: what pages of their own are for.
func (s Section) Hide(field string) bool { return slices.Contains(hidden[string(s)], field) }

var abbreviations = map[string]string{
	"ip": "IP", "id": "ID", "tls": "TLS", "dns": "DNS", "ike": "IKE", "dpd": "DPD", "dh": "DH", "ca": "CA", "psk": "PSK", "url": "URL",
	"mib": "MiB", "udp": "UDP", "tcp": "TCP", "ppp": "PPP", "mtu": "MTU", "mru": "MRU", "lcp": "LCP", "ipv6": "IPv6", "rfc2217": "RFC 2217",
	"mobike": "MOBIKE", "api": "API", "http": "HTTP", "gsm": "GSM", "snmp": "SNMP", "oid": "OID", "crl": "CRL", "xonxoff": "XON/XOFF",
}

// labels are those that the keys alone do not give, by path or by key. Those of
// IPsec are the specification's.
var labels = map[string]string{
	"ipsec.connections.type":            "Type",
	"ipsec.connections.local_subnets":   "Local subnet",
	"ipsec.connections.remote_subnets":  "Remote subnet",
	"ipsec.connections.pre_shared_key":  "Pre-shared key",
	"ipsec.connections.phase1":          "Phase 1 proposal (IKE)",
	"ipsec.connections.phase2":          "Phase 2 proposal (ESP)",
	"ipsec.connections.compression":     "Use compression",
	"ipsec.phase1_proposals.encryption": "Encryption algorithm",
	"ipsec.phase1_proposals.hash":       "Hash algorithm",
	"ipsec.phase1_proposals.dh":         "DH exponentiation",
	"ipsec.phase2_proposals.encryption": "Encryption algorithm",
	"ipsec.phase2_proposals.hash":       "Hash algorithm",
	"ipsec.phase2_proposals.dh":         "DH exponentiation (PFS)",
	"telemetry.enabled":                 "Enable agent",
	"telemetry.destinations.host":       "Server address",
	"telemetry.destinations.port":       "Port (UDP)",
	"telemetry.period":                  "Period (s)",
	"psk_file":                          "PSK file",
	"enabled":                           "Enabled",
	"recipe.network6":                   "Network (IPv6)",
	"recipe.local":                      "Own address in the tunnel",
	"recipe.peer":                       "Address of the other end in the tunnel",
	"recipe.local6":                     "Own IPv6 address in the tunnel",
	"recipe.peer6":                      "IPv6 address of the other end in the tunnel",
	"recipe.peer_networks":              "Networks behind the other end",
	"recipe.pkcs12":                     "The key comes as PKCS#12 file",
}

// conditions are those of the specification.
var conditions = []struct {
	show  form.Show
	paths []string // without indexes
}{
	{form.Show{Path: "role", Values: []string{"server"}}, []string{
		"openvpn.instances.server", "openvpn.instances.server_ipv6", "openvpn.instances.server_no_pool", "openvpn.instances.remember_addresses",
		"openvpn.instances.listed_clients_only", "openvpn.instances.users", "openvpn.instances.clients",
		"openvpn.instances.server_bridge.gateway", "openvpn.instances.server_bridge.netmask", "openvpn.instances.server_bridge.start",
		"openvpn.instances.server_bridge.end", "openvpn.instances.server_bridge.no_gateway",
	}},
	{form.Show{Path: "role", Values: []string{"", "client", "peer"}}, []string{
		"openvpn.instances.remotes", "openvpn.instances.nobind", "openvpn.instances.username", "openvpn.instances.password", "openvpn.instances.login",
	}},
	{form.Show{Path: "role", Values: []string{"peer"}}, []string{
		"openvpn.instances.tls_role", "openvpn.instances.ifconfig.local", "openvpn.instances.ifconfig.remote",
		"openvpn.instances.ifconfig_ipv6.local", "openvpn.instances.ifconfig_ipv6.remote",
	}},
	{form.Show{Path: "type", Values: []string{"", "tunnel"}}, []string{"ipsec.connections.local_subnets", "ipsec.connections.remote_subnets"}},
	{form.Show{Path: "authentication", Values: []string{"", "psk"}}, []string{"ipsec.connections.pre_shared_key"}},
	{form.Show{Path: "authentication", Values: []string{"rsa"}}, []string{"ipsec.connections.certificate_set"}},
	{form.Show{Path: "key_exchange", Values: []string{"ikev1"}}, []string{"ipsec.connections.exchange_mode", "ipsec.connections.dpd_timeout"}},
	{form.Show{Path: "dpd_action", Values: []string{"clear", "hold", "restart"}}, []string{"ipsec.connections.dpd_delay"}},
}

// basics are the fields that stand in the form at once; the others are
// additional fields.
var basics = map[string][]string{
	"ipsec.connections": {
		"name", "enabled", "gateway", "type", "local_subnets", "remote_subnets", "authentication", "pre_shared_key", "certificate_set",
		"phase1", "phase2", "key_exchange", "exchange_mode", "compression", "dpd_action", "dpd_delay", "dpd_timeout", "key_lifetime", "ike_lifetime",
	},
	"ser2net.ports": {"name", "enabled", "listen", "protocol", "device", "mode", "rfc2217", "max_clients"},
	"openvpn.instances": {
		"name", "enabled", "role", "port", "protocol", "device_type", "remotes", "server", "server_bridge", "ifconfig", "username", "password",
	},
	"snmp.communities": {"community", "version", "sources", "read", "write"},
	"snmp.users":       {"name", "auth", "auth_password", "priv", "priv_password", "read", "write"},
}

// hidden are fields of lists that have pages, or tables, of their own.
var hidden = map[string][]string{
	"ipsec":             {"connections", "phase1_proposals", "phase2_proposals", "certificate_sets"},
	"l2tp":              {"clients"},
	"openvpn":           {"instances"},
	"openvpn.instances": {"files", "options", "clients.options"},
	"ser2net":           {"ports", "rotators"},
	"snmp":              {"communities", "users", "views", "groups", "access"},
	"api":               {"keys", "endpoints"},
}
