package openvpn

import (
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// files checks which files are there together, and that they prove enough.
func (c *checker) files() {
	for _, kind := range slices.Sorted(maps.Keys(c.Files)) {
		field := fmt.Sprintf("files[%s]", kind)
		if err := new(FileKind).UnmarshalText([]byte(kind)); err != nil {
			c.addf(field, "%v", err)
		} else if name := c.Files[kind]; !validBase(name) {
			c.addf(field, baseRule, name)
		}
	}
	c.fingerprints()
	if c.wants(FileSecret) {
		c.staticKey()
		return
	}
	if !c.only("tls_role", c.TLSRole != "", RolePeer) && c.role() == RolePeer {
		c.addf("tls_role", "required: server at one end, client at the other")
	}
	c.only("files[auth-gen-token-secret]", c.wants(FileAuthTokenSecret), RoleServer)
	c.apart(FilePKCS12, FileCert, FileKey)
	c.apart(FileTLSAuth, FileTLSCrypt, FileTLSCryptV2)
	c.apart(FileTLSCrypt, FileTLSCryptV2)
	c.together(FileCert, FileKey)
	c.together(FileKey, FileCert)
	c.only("files[dh]", c.wants(FileDH), RoleServer, RolePeer)
	if c.only("force_cookie", c.ForceCookie, RoleServer) && !c.wants(FileTLSCryptV2) {
		c.addf("force_cookie", "is for the file tls-crypt-v2")
	}
	if c.KeyDirection != "" && !c.wants(FileTLSAuth) {
		c.addf("key_direction", "is for the files tls-auth and secret")
	}
	if c.wants(FileCRL) && !c.wants(FileCA) && !c.wants(FilePKCS12) {
		c.addf("files[crl-verify]", "needs ca, whose revoked certificates it lists")
	}
	c.proofs()
}

// proofs checks that both ends can be known.
func (c *checker) proofs() {
	own := c.wants(FileCert) && c.wants(FileKey) || c.wants(FilePKCS12)
	switch {
	case own:
	case c.wants(FileCert), c.wants(FileKey): // told already
	case c.role() != RoleClient:
		c.addf("files", "required: cert and key, or pkcs12; recipes make them")
	case c.Username == "" && !c.Login:
		c.addf("files", "required: cert and key, or pkcs12, or a username, to log in with")
	}
	if !c.wants(FileCA) && !c.wants(FilePKCS12) && len(c.PeerFingerprints) == 0 {
		c.addf("files[ca]", "required, or peer_fingerprints: the other end must prove who it is")
	}
}

// staticKey checks the old form without TLS.
func (c *checker) staticKey() {
	c.only("files[secret]", true, RolePeer)
	for _, kind := range slices.Sorted(maps.Keys(c.Files)) {
		if kind != FileSecret {
			c.addf(fmt.Sprintf("files[%s]", kind), "a tunnel with a static key (secret) has no TLS")
		}
	}
	if c.TLSRole != "" {
		c.addf("tls_role", "a tunnel with a static key (secret) has no TLS")
	}
	if len(c.PeerFingerprints) > 0 {
		c.addf("peer_fingerprints", "a tunnel with a static key (secret) has no TLS")
	}
}

func (c *checker) fingerprints() {
	if c.tooMany("peer_fingerprints", len(c.PeerFingerprints)) {
		return
	}
	for n, text := range c.PeerFingerprints {
		raw, err := hex.DecodeString(strings.ReplaceAll(text, ":", ""))
		if err != nil || len(raw) != 32 || len(text) != 95 {
			c.addf(fmt.Sprintf("peer_fingerprints[%d]", n), "%q is no SHA-256 fingerprint: 32 bytes as AA:BB:...", text)
		}
	}
}

func (c *checker) wants(kind FileKind) bool { return c.Files[kind] != "" }

// apart notes files that exclude each other.
func (c *checker) apart(kind FileKind, others ...FileKind) {
	for _, other := range others {
		if c.wants(kind) && c.wants(other) {
			c.addf(fmt.Sprintf("files[%s]", other), "is instead of %s, not beside it", kind)
		}
	}
}

func (c *checker) together(kind, other FileKind) {
	if c.wants(kind) && !c.wants(other) {
		c.addf(fmt.Sprintf("files[%s]", other), "required with %s", kind)
	}
}
