package openvpn

import "strings"

// trouble is why something does not work, in openvpn's words and in ours.
type trouble struct {
	cause  Cause
	detail string
}

// symptoms are what openvpn 2.6 writes when something is wrong. The first
// that fits counts; advice is put before openvpn's own line.
var symptoms = []struct {
	text   string // part of the line
	cause  Cause
	advice string
}{
	{"CRL has expired", CauseCRLExpired, "the revocation list has ended, which refuses every certificate: issue a new one"},
	{"CRL is not yet valid", CauseCRLExpired, "the revocation list is from the future: look at the clock of the system"},
	{"certificate revoked", CauseTLS, "the certificate is revoked: issue a new one"},
	{"alert certificate expired", CauseTLS, "the other end says that the certificate, or its revocation list, has ended"},
	{"certificate has expired", CauseTLS, "a certificate has ended: renew it"},
	{"certificate is not yet valid", CauseTLS, "a certificate is from the future: look at the clock of the system"},
	{"VERIFY ERROR", CauseTLS, "the certificate of the other end is not from the CA that is here: bring the right ca"},
	{"VERIFY KU ERROR", CauseTLS, "the certificate of the other end is for something else (remote-cert-tls)"},
	{"VERIFY EKU ERROR", CauseTLS, "the certificate of the other end is for something else (remote-cert-tls)"},
	{"VERIFY X509NAME ERROR", CauseTLS, "the certificate of the other end has another name (verify-x509-name)"},
	{"peer certificate fingerprint", CauseTLS, "the certificate of the other end is not the expected one: compare peer_fingerprints"},
	{"tls-crypt unwrap error", CauseTLS, "both ends need the same tls-crypt key"},
	{"cannot locate HMAC in incoming packet", CauseTLS, "both ends need the same tls-auth key and opposite key directions"},
	{"packet HMAC authentication failed", CauseTLS, "both ends need the same tls-auth key and opposite key directions"},
	{"AUTH_FAILED", CauseAuth, "the other end refused the user name or the password"},
	{"TLS key negotiation failed to occur", CauseNoAnswer, "the other end did not answer: is it running, is its port open, are the tls-crypt keys the same?"},
	{"TLS handshake failed", CauseTLS, "the TLS handshake failed"},
	{"TLS_ERROR", CauseTLS, "the TLS handshake failed"},
	{"Private Key Password verification failed", CauseKeyPassword, "the password of the private key is wrong: correct key_password"},
	{"Cannot load CA certificate", CauseConfig, "the file ca is no certificate"},
	{"Cannot load certificate file", CauseConfig, "the file cert is no certificate"},
	{"Cannot load private key file", CauseConfig, "the file key is no private key, or does not belong to cert"},
	{"Error reading PKCS#12 file", CauseConfig, "the file pkcs12 cannot be read: export it in the modern form"},
	{"private key password", CauseKeyPassword, "the private key needs another password: correct key_password"},
	{"Socket bind failed", CauseBind, "the port or the local address cannot be had: end the program that has it, or choose another"},
	{"Cannot ioctl TUNSETIFF", CauseDevice, "the device cannot be made: is another program using it, may this one (CAP_NET_ADMIN)?"},
	{"Cannot open TUN/TAP dev", CauseDevice, "there is no /dev/net/tun: load the kernel module tun"},
	{"Cannot allocate TUN/TAP dev", CauseDevice, "the device cannot be made"},
	{"Cannot resolve host address", CauseName, "the name of the other end is unknown: look at the name and at the DNS servers"},
	{"Could not determine IPv4/IPv6 protocol", CauseName, "the name of the other end is unknown: look at the name and at the DNS servers"},
	{"Network is unreachable", CauseRoute, "there is no route to the other end: look at the uplink"},
	{"No route to host", CauseRoute, "there is no route to the other end: look at the uplink"},
	{"Connection refused", CauseNoAnswer, "nobody listens at the other end: is it running, are port and protocol right?"},
	{"Connection timed out", CauseNoAnswer, "the other end did not answer: is it running, is its port open?"},
	{"route add command failed", CauseRoute, "the routes of the tunnel cannot be set"},
	{"MANAGEMENT: Socket bind failed", CauseUnmanaged, "the management socket cannot be made"},
	{"Options error", CauseConfig, "openvpn does not take the configuration"},
	{"Cannot open", CauseConfig, "a file cannot be opened"},
}

// diagnose tells what a line of openvpn's log says is wrong, if anything.
func diagnose(line string) (trouble, bool) {
	for _, s := range symptoms {
		if strings.Contains(line, s.text) {
			return trouble{s.cause, s.advice + " (" + clean(line) + ")"}, true
		}
	}
	return trouble{}, false
}

// lastWords tells why a process died, from what it said last. Nothing is what
// a killed one says.
func lastWords(lines []string) trouble {
	for n := len(lines) - 1; n >= 0; n-- {
		if t, ok := diagnose(lines[n]); ok {
			return t
		}
	}
	for n := len(lines) - 1; n >= 0; n-- {
		line := clean(lines[n])
		if line != "" && !strings.HasPrefix(line, "Exiting due to fatal error") && !strings.HasPrefix(line, "Use --help") {
			return trouble{CauseKilled, "openvpn ended, its last words: " + line}
		}
	}
	return trouble{CauseKilled, "openvpn ended without a word"}
}

const maxLine = 300 // bytes of a line that are kept

// clean makes a line fit to be shown: one line, bounded.
func clean(line string) string {
	line = strings.TrimSpace(strings.ToValidUTF8(line, "?"))
	if len(line) > maxLine {
		line = strings.ToValidUTF8(line[:maxLine], "") + "..."
	}
	return strings.Map(func(r rune) rune {
		if isControl(r) {
			return ' '
		}
		return r
	}, line)
}
