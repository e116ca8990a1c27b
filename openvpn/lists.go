package openvpn

// Every option of openvpn 2.6 stands in the catalogue, here, or in
// [withheld]: see TestEveryOptionStandsOnce.

// supervised returns why an option is the supervisor's, for all that are.
func supervised() map[string]string {
	const (
		socket  = "the management socket is ours"
		process = "the process stays where we can see it"
		log     = "the log is ours"
		rights  = "the rights and folders of the process are ours"
	)
	return map[string]string{
		"cd": rights, "chroot": rights, "group": rights, "tmp-dir": rights, "user": rights,
		"script-security": "no scripts are run",
		"daemon":          process, "remap-usr1": process, "writepid": process,
		"errors-to-stderr": log, "log": log, "log-append": log, "machine-readable-output": log, "mute": log,
		"status": log, "status-version": log, "suppress-timestamps": log, "syslog": log,
		"management": socket, "management-client": socket, "management-client-auth": socket,
		"management-client-group": socket, "management-client-user": socket,
		"management-external-cert": socket, "management-external-key": socket,
		"management-forget-disconnect": socket, "management-hold": socket, "management-log-cache": socket,
		"management-query-passwords": socket, "management-query-proxy": socket, "management-query-remote": socket,
		"management-signal": socket, "management-up-down": socket,
	}
}

// withheldOption is one that no instance has.
type withheldOption struct {
	reason string
	// harmless: leaving it out changes nothing that matters, a file that has
	// it is as good without.
	harmless bool
}

// withheld returns the options that no instance has, with the reason.
func withheld() map[string]withheldOption {
	var (
		script  = withheldOption{reason: "runs a program"}
		module  = withheldOption{reason: "loads a module"}
		token   = withheldOption{reason: "needs a module for hardware tokens"}
		writes  = withheldOption{reason: "writes a file"}
		ends    = withheldOption{reason: "is a command, not a setting: openvpn would do it and end"}
		windows = withheldOption{reason: "has no effect but on Windows", harmless: true}
		noGood  = withheldOption{reason: "openvpn 2.6 ignores it", harmless: true}
		gone    = withheldOption{reason: "openvpn 2.6 has it no more", harmless: true}
		scripts = withheldOption{reason: "only scripts use it, and none are run", harmless: true}
		pushed  = withheldOption{reason: "both ends agree on it by themselves", harmless: true}
	)
	return map[string]withheldOption{
		"auth-user-pass-verify": script, "client-connect": script, "client-crresponse": script, "client-disconnect": script,
		"down": script, "ipchange": script, "iproute": script, "learn-address": script, "route-pre-down": script,
		"route-up": script, "tls-crypt-v2-verify": script, "tls-verify": script, "up": script,
		"down-pre": scripts, "setenv-safe": scripts, "up-delay": scripts, "up-restart": scripts,
		"setenv": {reason: "sets the environment of programs"},

		"engine": module, "pkcs11-providers": module, "plugin": module, "providers": module, "show-pkcs11-ids": module,
		"pkcs11-cert-private": token, "pkcs11-id": token, "pkcs11-id-management": token, "pkcs11-pin-cache": token,
		"pkcs11-private-mode": token, "pkcs11-protected-authentication": token,

		"memstats": writes, "replay-persist": writes, "tls-export-cert": writes, "genkey": writes,
		"capath":   {reason: "reads a folder; give the authorities as ca"},
		"config":   {reason: "reads another file; import that one too, or paste it in"},
		"dev-node": {reason: "opens a file"},

		"mktun": ends, "rmtun": ends, "help": ends, "version": ends, "test-crypto": ends,
		"show-ciphers": ends, "show-curves": ends, "show-digests": ends, "show-engines": ends,
		"show-gateway": ends, "show-groups": ends, "show-tls": ends,
		"show-adapters": ends, "show-net": ends, "show-net-up": ends, "show-valid-subnets": ends,

		"setcon":  {reason: "changes the rights of the process"},
		"gremlin": {reason: "damages packets on purpose"},

		"auth-token":            {reason: "a server gives tokens by itself", harmless: true},
		"auth-token-user":       {reason: "a server gives tokens by itself", harmless: true},
		"cryptoapicert":         {reason: "takes a certificate from the store of Windows; give cert and key"},
		"http-proxy-override":   {reason: "only front ends on phones use it", harmless: true},
		"ignore-unknown-option": {reason: "what is unknown is told and left out", harmless: true},
		"static-challenge":      {reason: "nobody is there to answer a question at each login"},

		"allow-nonadmin": windows, "block-outside-dns": windows, "dhcp-internal": windows, "dhcp-pre-release": windows,
		"dhcp-release": windows, "dhcp-renew": windows, "ip-win32": windows, "msg-channel": windows, "pause-exit": windows,
		"rdns-internal": windows, "register-dns": windows, "route-method": windows, "service": windows, "tap-sleep": windows,
		"win-sys": windows, "windows-driver": windows,
		"use-prediction-resistance": {reason: "belongs to another TLS library", harmless: true},

		"http-proxy-retry": noGood, "http-proxy-timeout": noGood, "max-routes": noGood, "prng": noGood,
		"socks-proxy-retry": noGood, "tun-ipv6": noGood,
		"compat-names": gone, "mtu-dynamic": gone, "no-name-remapping": gone,
		"key-derivation": pushed, "peer-id": pushed, "protocol-flags": pushed, "push-continuation": pushed,
	}
}

// bygone returns options that openvpn 2.6 does not know, but that files have:
// of older and of newer releases, of other programs, and of the settings that
// other front ends keep in them.
func bygone() map[string]string {
	const (
		old   = "openvpn 2.6 has it no more"
		newer = "openvpn 2.6 does not have it yet"
		other = "belongs to another program"
	)
	return map[string]string{
		"inetd": old, "key-method": old, "keysize": old, "ncp-disable": old, "no-iv": old, "tls-remote": old,
		"management-log-file": old, "tun-max-mtu": old, "pkcs11-sign-mode": old,
		"allow-deprecated-insecure-static-crypto": newer, "dns-updown": newer, "override-username": newer,
		"route-table": newer, "tls-crypt-v2-max-age": newer, "dhcp-hostname": old,
		"block-outside-dns-ipv6": other, "client-ip": other, "vpn-type": other, "tls-version": other,
	}
}

// unlisted are the options that stand in no catalogue, to be asked often.
type unlisted struct {
	supervised map[string]string
	withheld   map[string]withheldOption
	bygone     map[string]string
}

func newUnlisted() unlisted { return unlisted{supervised(), withheld(), bygone()} }

// guards tells which instances are less safe without an option: it keeps
// somebody out, or proves who the other end is.
var guards = map[string]Side{
	"crl-verify": SideAll, "ns-cert-type": SideAll, "peer-fingerprint": SideAll, "remote-cert-eku": SideAll,
	"remote-cert-ku": SideAll, "remote-cert-tls": SideAll, "tls-cert-profile": SideAll, "tls-remote": SideAll,
	"tls-verify": SideAll, "tls-version-min": SideAll, "verify-hash": SideAll, "verify-x509-name": SideAll,

	"auth-user-pass-verify": SideServer, "ccd-exclusive": SideServer, "client-config-dir": SideServer,
	"client-connect": SideServer, "ifconfig-push-constraint": SideServer, "learn-address": SideServer,
	"management-client-auth": SideServer, "plugin": SideServer, "tls-auth": SideServer, "tls-crypt": SideServer,
	"tls-crypt-v2": SideServer, "tls-crypt-v2-verify": SideServer, "verify-client-cert": SideServer,

	"pull-filter": SideClient, "route-nopull": SideClient,
}

// guarded reports whether an instance is less safe without an option.
func (i Instance) guarded(name string) bool {
	side, is := guards[name]
	return is && (side == SideAll || (side == SideServer) == (i.role() == RoleServer))
}
