package openvpn

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// isCipher reports whether openvpn 2.6 with OpenSSL 3 has a cipher for its
// data channel. OpenSSL's own names are in capitals; openvpn takes any case.
func isCipher(name string) bool {
	name = strings.ToUpper(name)
	switch name {
	case "CHACHA20-POLY1305", "SM4-CBC", "SM4-CFB", "SM4-OFB":
		return true
	}
	if isSmallBlock(name) {
		_, mode, _ := strings.Cut(strings.TrimPrefix(name, "DES-"), "-")
		return slices.Contains([]string{"CBC", "CFB", "OFB"}, mode) ||
			strings.HasPrefix(name, "DES-EDE3-") && slices.Contains([]string{"CFB1", "CFB8"}, mode)
	}
	family, rest, _ := strings.Cut(name, "-")
	size, mode, _ := strings.Cut(rest, "-")
	modes := []string{"CBC", "CFB", "CFB1", "CFB8", "OFB"}
	switch family {
	case "AES", "ARIA":
		modes = append(modes, "GCM")
	case "CAMELLIA":
	default:
		return false
	}
	return slices.Contains([]string{"128", "192", "256"}, size) && slices.Contains(modes, mode)
}

// isSmallBlock reports whether a cipher has blocks of 64 bits (SWEET32).
func isSmallBlock(name string) bool {
	name = strings.ToUpper(name)
	return strings.HasPrefix(name, "DES-EDE-") || strings.HasPrefix(name, "DES-EDE3-")
}

// isDigest reports whether openvpn has a digest for --auth.
func isDigest(name string) bool {
	switch strings.ToUpper(strings.TrimPrefix(strings.ToUpper(name), "RSA-")) {
	case "SHA1", "SHA224", "SHA256", "SHA384", "SHA512", "SHA512-224", "SHA512-256",
		"SHA3-224", "SHA3-256", "SHA3-384", "SHA3-512", "BLAKE2B512", "BLAKE2S256", "SM3", "RIPEMD160", "MD5":
		return true
	}
	return false
}

// checkCiphers checks a list for data-ciphers.
func checkCiphers(list string) error {
	if len(list) > 127 { // MAX_NCP_CIPHERS_LENGTH
		return errors.New("is longer than 127 bytes")
	}
	for name := range strings.SplitSeq(list, ":") {
		name = strings.TrimPrefix(name, "?")
		if name != "none" && !isCipher(name) {
			return fmt.Errorf("openvpn has no cipher %q", show(name))
		}
	}
	return nil
}

// usableCiphers returns a list without the ciphers that openvpn does not have.
func usableCiphers(list string) string {
	var kept []string
	for name := range strings.SplitSeq(list, ":") {
		if checkCiphers(name) == nil {
			kept = append(kept, name)
		}
	}
	return strings.Join(kept, ":")
}

// optionWarnings tells how the values of an option that was checked weaken
// the tunnel.
func optionWarnings(o Option) []string {
	first := ""
	if len(o.Args) > 0 {
		first = o.Args[0]
	}
	weak := ""
	switch o.Name {
	case "auth":
		switch strings.TrimPrefix(strings.ToUpper(first), "RSA-") {
		case "NONE":
			weak = "packets are not authenticated unless the cipher does it"
		case "MD5", "SHA1", "RIPEMD160":
			weak = first + " is old, SHA256 is better"
		}
	case "cipher", "data-ciphers", "data-ciphers-fallback":
		for name := range strings.SplitSeq(first, ":") {
			name = strings.TrimPrefix(name, "?")
			switch {
			case strings.EqualFold(name, "none"):
				weak = "packets may not be encrypted at all"
			case isSmallBlock(name):
				weak = name + " has blocks of 64 bits, which gives long connections away (SWEET32)"
			}
		}
	case "comp-lzo", "compress", "allow-compression", "comp-noadapt":
		if o.Name == "compress" && first == "" {
			break // only its framing
		}
		if !slices.Contains([]string{"no", "asym", "stub-v2", "migrate", "stub"}, first) {
			weak = "compressed traffic can give its content away (VORACLE)"
		}
	case "tls-version-min":
		if first == "1.0" || first == "1.1" {
			weak = "TLS below 1.2 is broken"
		}
	case "tls-version-max":
		if first != "1.3" {
			weak = "keeps both ends from using a better version of TLS"
		}
	case "tls-cert-profile":
		if first == "insecure" {
			weak = "takes certificates that can be forged"
		}
	case "tls-cipher":
		for _, bad := range []string{"NULL", "RC4", "DES", "EXP", "MD5", "ADH", "@SECLEVEL=0"} {
			if strings.Contains(strings.ToUpper(first), bad) {
				weak = "has broken ciphers (" + bad + ")"
			}
		}
	case "verify-client-cert":
		if first == "none" || first == "optional" {
			weak = "a password alone is enough"
		}
	case "reneg-sec", "reneg-bytes", "reneg-pkts":
		if first == "0" && o.Name == "reneg-sec" {
			weak = "this end never renews the keys"
		}
	case "verify-hash":
		weak = "deprecated: use peer_fingerprints"
	case "compat-mode", "no-replay", "disable-occ", "duplicate-cn", "auth-user-pass-optional", "username-as-common-name",
		"opt-verify", "keying-material-exporter":
		weak = newCatalogue()[o.Name].Weak
	}
	if weak == "" {
		return nil
	}
	return []string{o.Name + ": " + weak}
}
