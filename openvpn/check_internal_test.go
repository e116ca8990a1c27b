package openvpn

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func split(line string) Option {
	words := strings.Split(line, "|")
	return Option{words[0], words[1:]}
}

func TestCheckOption(t *testing.T) {
	for line, want := range map[string]string{
		"verb|3":                                 "",
		"verb|abc":                               `verb: level: "abc" is no whole number`,
		"verb|+3":                                `verb: level: "+3" is no whole number`,
		"verb|":                                  `verb: level: "" is no whole number`,
		"verb|12":                                "verb: level: 12 is out of range, allowed is 3 to 6",
		"verb":                                   "verb: has 0 values, allowed are 1",
		"verb|3|4":                               "verb: has 2 values, allowed are 1",
		"persist-tun|x":                          "persist-tun: has 1 values, allowed are none",
		"ping-restart|-5":                        "ping-restart: seconds: -5 is out of range, allowed is 0 to 2147483647",
		"keepalive|10|60":                        "",
		"keepalive|10|15":                        "keepalive: the timeout of 15 s must be at least twice the ping of 10 s",
		"reneg-sec|10|20":                        "reneg-sec: 10 and 20 stand in the wrong order",
		"connect-retry|10|5":                     "connect-retry: 10 and 5 stand in the wrong order",
		"route|10.0.0.0|255.0.0.0|vpn_gateway|5": "",
		"route|10.0.0.0|255.0.255.0":             `route: netmask: "255.0.255.0" is no netmask, nor one of default`,
		"route|0.0.0.0|0.0.0.0":                  "",
		"route-ipv6|2001:db8::/129":              `route-ipv6: network: "2001:db8::/129" is no IPv6 prefix`,
		"redirect-gateway|def1|!ipv4":            "",
		"redirect-gateway|def2":                  `redirect-gateway: flag: unknown word "def2", want local, autolocal, def1, bypass-dhcp, bypass-dns, block-local, ipv6, !ipv4`,
		"cipher|aes-256-gcm":                     "",
		"cipher|BF-CBC":                          `cipher: cipher: "BF-CBC" is no cipher, nor one of none`,
		"cipher|CAMELLIA-128-GCM":                `cipher: cipher: "CAMELLIA-128-GCM" is no cipher, nor one of none`,
		"data-ciphers|AES-256-GCM:?BF-CBC":       `data-ciphers: ciphers: openvpn has no cipher "BF-CBC"`,
		"data-ciphers|":                          `data-ciphers: ciphers: openvpn has no cipher ""`,
		"auth|RSA-SHA512":                        "",
		"auth|sha3":                              `auth: digest: "sha3" is no digest, nor one of none`,
		"compat-mode|2.4":                        `compat-mode: version: "2.4" is no version`,
		"push|route 10.0.0.0 255.0.0.0":          "",
		"push|up /bin/sh":                        `push: option: clients do not take "up" from a server`,
		"push|\"":                                `push: option: "\"" is no option`,
		"push|/x":                                "push: option: looks like a path",
		"echo|a\nb":                              "echo: text: has a control character",
		"echo|\xff":                              "echo: text: is no UTF-8 text",
		"echo|" + strings.Repeat("x", 201):       "echo: text: is 201 bytes long, allowed are 200",
		"echo|" + strings.Repeat(`"`, 150):       "echo: the line is longer than 255 bytes",
		"verify-hash|AB:CD":                      `verify-hash: hash: "AB:CD" is no fingerprint`,
		"verify-hash|" + strings.Repeat("AB:", 19) + "AB|SHA256": "verify-hash: hash: has 20 bytes, want 32",
		"dns|server|0|address|x":                                 `dns: address: "x" is no IP address`,
		"dns|server|0|color|red":                                 `dns: a server has no "color", want address, resolve-domains, dnssec, transport or sni`,
		"dns|server|0":                                           "dns: server needs a number, what is set, and its value",
		"dns|server|1000|sni|a":                                  "dns: 1000 is out of range, allowed is -128 to 127",
		"keying-material-exporter|X|20":                          "keying-material-exporter: label: must begin with EXPORTER",
		"http-proxy-option|VERSION|1|2":                          "http-proxy-option: VERSION has 2 values",
		"ca|ca.crt":                                              "ca is set by the field files",
		"iroute|10.0.0.0":                                        "iroute is set by the field clients.networks",
		"push-reset":                                             "push-reset is for single clients only, see clients.options",
		"up|/bin/sh":                                             "up cannot be set: runs a program",
		"daemon":                                                 "daemon cannot be set: the process stays where we can see it",
		"keysize|256":                                            "keysize cannot be set: openvpn 2.6 has it no more",
		"no-such-thing":                                          `openvpn 2.6 has no option "no-such-thing"`,
		strings.Repeat("x", 300):                                 `openvpn 2.6 has no option "` + strings.Repeat("x", 40) + `..."`,
	} {
		t.Run(line, func(t *testing.T) {
			err := checkOption(split(line), inMain)
			if want == "" {
				require.NoError(t, err)
				return
			}
			assert.EqualError(t, err, want)
		})
	}
	require.NoError(t, checkOption(split("push-reset"), inClient))
	require.EqualError(t, checkOption(split("keepalive|10|60"), inClient), "keepalive is for the whole instance, not for a single client")
}

func TestCheckOptionsTogether(t *testing.T) {
	faults := checkOptions(Instance{Role: RoleClient, Protocol: ProtocolTCP, Options: []Option{
		split("client-to-client"), split("fragment|1300"), split("persist-tun"), split("persist-tun"), split("route|10.0.0.0"), split("route|10.1.0.0"),
		split("ping|10"), split("keepalive|10|60"), split("http-proxy-option|AGENT|x"),
	}})
	assert.Equal(t, []optionFault{
		{0, "client-to-client is for servers"}, {1, "fragment needs UDP"}, {3, "persist-tun stands twice"},
		{7, "keepalive needs ping, ping-restart and ping-exit to be left out: it sets them"}, {8, "http-proxy-option needs an HTTP proxy"},
	}, faults)
	faults = checkOptions(Instance{Role: RoleServer, Options: []Option{
		split("auth-retry|none"), split("verify-client-cert|none"), split("username-as-common-name"), split("vlan-pvid|5"), split("ifconfig-pool|10.0.0.1|10.0.0.9"),
	}, Server: "10.0.0.0/24"})
	assert.Equal(t, []optionFault{
		{0, "auth-retry is for clients"}, {1, "verify-client-cert needs users"}, {2, "username-as-common-name needs users"},
		{3, "vlan-pvid needs device_type tap and vlan-tagging"}, {4, "ifconfig-pool needs server_no_pool"},
	}, faults)
}

func TestOptionWarnings(t *testing.T) {
	for _, line := range []string{
		"auth|none", "auth|SHA1", "cipher|none", "data-ciphers|AES-256-GCM:?DES-EDE3-CBC", "comp-lzo", "compress|lz4", "allow-compression|yes",
		"tls-version-min|1.0", "tls-version-max|1.2", "tls-cert-profile|insecure", "tls-cipher|DEFAULT:@SECLEVEL=0", "verify-client-cert|optional",
		"reneg-sec|0", "compat-mode|2.4.0", "no-replay", "disable-occ", "duplicate-cn", "auth-user-pass-optional", "username-as-common-name",
	} {
		assert.Len(t, optionWarnings(split(line)), 1, line)
	}
	for _, line := range []string{
		"auth|SHA256", "cipher|AES-256-GCM", "comp-lzo|no", "compress|stub-v2", "allow-compression|no", "tls-version-min|1.2", "tls-version-max|1.3",
		"tls-cert-profile|preferred", "verify-client-cert|require", "reneg-sec|3600", "persist-tun",
	} {
		assert.Empty(t, optionWarnings(split(line)), line)
	}
}
