package ipsec

import "strings"

// Encryption is a cipher.
type Encryption string

// The ciphers. Those of AEAD protect against changes too: in phase 2 no hash
// goes with them.
const (
	Encryption3DES             Encryption = "3des" // weak
	EncryptionAES128           Encryption = "aes128"
	EncryptionAES192           Encryption = "aes192"
	EncryptionAES256           Encryption = "aes256"
	EncryptionAES128GCM        Encryption = "aes128gcm16"      // AEAD, RFC 4106
	EncryptionAES192GCM        Encryption = "aes192gcm16"      // AEAD
	EncryptionAES256GCM        Encryption = "aes256gcm16"      // AEAD
	EncryptionChaCha20Poly1305 Encryption = "chacha20poly1305" // AEAD, RFC 7634
)

// AEAD tells whether the cipher needs no hash beside it.
func (e Encryption) AEAD() bool {
	switch e {
	case EncryptionAES128GCM, EncryptionAES192GCM, EncryptionAES256GCM, EncryptionChaCha20Poly1305:
		return true
	}
	return false
}

// UnmarshalText reads one of the words above in any case, also aes128gcm for
// aes128gcm16 and so on. Nothing is nothing.
func (e *Encryption) UnmarshalText(text []byte) error {
	return readWord(e, text, map[string]Encryption{
		"aes128gcm": EncryptionAES128GCM, "aes192gcm": EncryptionAES192GCM, "aes256gcm": EncryptionAES256GCM,
		"chacha20": EncryptionChaCha20Poly1305,
	}, encryptions()...)
}

func encryptions() []Encryption {
	return []Encryption{
		Encryption3DES, EncryptionAES128, EncryptionAES192, EncryptionAES256, EncryptionAES128GCM,
		EncryptionAES192GCM, EncryptionAES256GCM, EncryptionChaCha20Poly1305,
	}
}

// Hash is a hash function.
type Hash string

// The hash functions.
const (
	HashMD5    Hash = "md5"  // weak
	HashSHA1   Hash = "sha1" // weak
	HashSHA256 Hash = "sha256"
	HashSHA384 Hash = "sha384"
	HashSHA512 Hash = "sha512"
)

// UnmarshalText reads one of the words above in any case. Nothing is nothing.
func (h *Hash) UnmarshalText(text []byte) error { return readWord(h, text, nil, hashes()...) }

func hashes() []Hash { return []Hash{HashMD5, HashSHA1, HashSHA256, HashSHA384, HashSHA512} }

// Group is a Diffie-Hellman group, by its number at IANA (Transform Type 4 of
// IKEv2).
type Group string

// The groups.
const (
	GroupNone       Group = ""
	Group1          Group = "1"  // 768 bit, weak
	Group2          Group = "2"  // 1024 bit, weak
	Group5          Group = "5"  // 1536 bit, weak
	Group14         Group = "14" // 2048 bit
	Group15         Group = "15" // 3072 bit
	Group16         Group = "16" // 4096 bit
	Group17         Group = "17" // 6144 bit
	Group18         Group = "18" // 8192 bit; slow
	GroupECP256     Group = "19"
	GroupECP384     Group = "20"
	GroupECP521     Group = "21"
	GroupCurve25519 Group = "31"
)

// groupKeywords are the names of the groups.
var groupKeywords = map[Group]string{
	Group1: "modp768", Group2: "modp1024", Group5: "modp1536", Group14: "modp2048", Group15: "modp3072",
	Group16: "modp4096", Group17: "modp6144", Group18: "modp8192", GroupECP256: "ecp256",
	GroupECP384: "ecp384", GroupECP521: "ecp521", GroupCurve25519: "curve25519",
}

// Keyword returns the name of the group, such as modp1536 or ecp256; empty
// for none.
func (g Group) Keyword() string { return groupKeywords[g] }

func groups() []Group {
	return []Group{
		Group1, Group2, Group5, Group14, Group15, Group16, Group17, Group18,
		GroupECP256, GroupECP384, GroupECP521, GroupCurve25519,
	}
}

// UnmarshalText reads the number of a group, or its name such as modp1536,
// ecp256 or x25519. Nothing and "none" are none.
func (g *Group) UnmarshalText(text []byte) error {
	aliases := map[string]Group{"none": GroupNone, "x25519": GroupCurve25519}
	for group, name := range groupKeywords {
		aliases[name] = group
	}
	return readWord(g, text, aliases, groups()...)
}

// UnmarshalJSON reads the forms of UnmarshalText from a string, and a bare
// number; null changes nothing.
func (g *Group) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil
	}
	return g.UnmarshalText([]byte(strings.Trim(string(b), `"`)))
}

// String returns the proposal in the notation of strongSwan, such as
// "aes256-sha256-modp1536" or "aes256gcm16-prfsha256-ecp256". It is one item
// of its proposals, and is how [SA] shows what was agreed on.
func (p Phase1Proposal) String() string {
	hash := string(p.Hash)
	if p.Encryption.AEAD() {
		hash = "prf" + hash
	}
	return join(string(p.Encryption), hash, p.DH.Keyword())
}

// String returns the proposal in the notation of strongSwan, such as
// "aes128-sha1", "aes256-sha256-modp2048" or "aes256gcm16-curve25519".
func (p Phase2Proposal) String() string {
	if p.Encryption.AEAD() {
		return join(string(p.Encryption), p.DH.Keyword())
	}
	return join(string(p.Encryption), string(p.Hash), p.DH.Keyword())
}

// join puts a dash between the parts that are there.
func join(parts ...string) string {
	var b strings.Builder
	for _, part := range parts {
		if part != "" && b.Len() > 0 {
			b.WriteByte('-')
		}
		b.WriteString(part)
	}
	return b.String()
}
