package pki

import (
	"crypto"
	"crypto/x509"

	"github.com/fieldgate/fieldgate/internal/config"
	"github.com/fieldgate/fieldgate/internal/pki"
	"github.com/fieldgate/fieldgate/internal/pki/p12"
)

// The errors that a program can act on.
var (
	// ErrEncrypted: a private key is protected by a passphrase.
	ErrEncrypted = pki.ErrEncrypted
	// ErrNoKey: an identity has no private key, where one is needed.
	ErrNoKey = pki.ErrNoKey
	// ErrExists: there is something of that name already.
	ErrExists = pki.ErrExists
	// ErrNotFound: there is nothing of that name or serial number.
	ErrNotFound = pki.ErrNotFound
	// ErrRevoked: the certificate is revoked.
	ErrRevoked = pki.ErrRevoked
	// ErrClock: the clock of the system stands before the time when the
	// authority was made, so that it cannot date anything.
	ErrClock = pki.ErrClock
	// ErrPassword: the password of a PKCS#12 file is wrong, or the file was
	// changed.
	ErrPassword = p12.ErrPassword
)

// What all fieldgate packages share.
type (
	// FieldError is one fault of what an operator filled in, at its place.
	FieldError = config.FieldError
	// ConfigError is every fault of what an operator filled in.
	ConfigError = config.Errors
	// Warning is a setting that works but that an operator should know about.
	Warning = config.Warning
	// Duration is a length of time as an operator writes it, such as "825d".
	Duration = config.Duration
)

// Authority is a certificate authority in a folder of its own. It keeps all
// that it issued, keys included, until that is revoked. Its methods are safe
// for concurrent use, also by several programs on one folder, and a power cut
// leaves each change done or not begun:
//
//	IssueServer(Request) (Identity, error)  make a key and a certificate
//	IssueClient(Request) (Identity, error)
//	IssueIKE(Request) (Identity, error)     the same for an end of IPsec
//	Renew(Serial) (Identity, error)         a new one in its place; revokes the old
//	Revoke(Serial) error
//	Identity(Serial) (Identity, error)      what was issued, to hand it out again
//	List() ([]Issued, error)                all that was issued
//	Check(now) ([]Finding, error)           what ends soon, or is wrong
//	CRL() ([]byte, error)                   the revocation list
//	Maintain(now) (changed bool, err error) keeps the list from ending
//	Run(context, RunOptions) error          does so by itself
//	TLSCryptKey() ([]byte, error)           one key for all
//	TLSCryptV2ServerKey() ([]byte, error)
//	TLSCryptV2ClientKey() ([]byte, error)   one key for each client
//	CAPEM() []byte                          what goes into openvpn's ca
//	Certificate() *x509.Certificate
//	Config() (AuthorityConfig, error)
type Authority = pki.Authority

// AuthorityConfig is what a new authority is like: Name, Key, Lifetime,
// CertificateLifetime and CRLLifetime. The zero value is good: P-256, 3650,
// 825 and 180 days, as easy-rsa. Validate and Warnings judge another one.
type AuthorityConfig = pki.AuthorityConfig

// Request asks an authority for a certificate: its Name and, where wanted,
// the Names that it is good for, a Lifetime and the kind of Key.
type Request = pki.Request

// Issued tells about a certificate that an authority issued: Serial, Name,
// Use, NotBefore, NotAfter, Revoked, Successor; State(now) what has become of
// it.
type Issued = pki.Issued

// RunOptions is what a program gives to Authority.Run: Logger, and OnCRL, which
// is called with each new revocation list.
type RunOptions = pki.RunOptions

// Identity is a certificate with its private key and the CA certificates:
// Chain, Key, CAs. CertificatePEM, KeyPEM and CAPEM are what goes into
// openvpn's cert, key and ca; Fingerprint into its peer-fingerprint. Check
// judges it. It prints no key.
type Identity = pki.Identity

// Finding is something that an operator should know: its Severity, the
// Subject and Serial of the certificate, a Text, and the time when it becomes
// a fault (At).
type Finding = pki.Finding

// Severity is how bad a finding is.
type Severity = pki.Severity

// The severities.
const (
	SeverityWarning = pki.Warning // it works, and should be seen to
	SeverityFault   = pki.Fault   // it does not work
)

// State is what has become of a certificate that was issued.
type State = pki.State

// The states.
const (
	StateValid   = pki.StateValid
	StateEnding  = pki.StateEnding // within 30 days
	StateExpired = pki.StateExpired
	StateRevoked = pki.StateRevoked
)

// Use is what an identity is for.
type Use = pki.Use

// The uses.
const (
	UseServer    = pki.UseServer    // a TLS server, such as openvpn's
	UseClient    = pki.UseClient    // a TLS client
	UseIKE       = pki.UseIKE       // either end of IPsec
	UseAuthority = pki.UseAuthority // a CA that issues certificates
)

// KeyKind is an algorithm of private keys with its size.
type KeyKind = pki.KeyKind

// The kinds of keys.
const (
	RSA2048 = pki.RSA2048
	RSA3072 = pki.RSA3072
	P256    = pki.P256
	P384    = pki.P384
	P521    = pki.P521
	Ed25519 = pki.Ed25519
)

// Serial is the serial number of a certificate, in upper-case hexadecimal.
type Serial = pki.Serial

// Store keeps identities that others issued, by name, in a folder: Put, Get,
// Delete, List.
type Store = pki.Store

// Stored tells about an identity in a store, without its key.
type Stored = pki.Stored

// StaticKey is a key that all ends of a tunnel share, for tls-crypt, tls-auth
// or secret.
type StaticKey = pki.StaticKey

// TLSCryptV2ServerKey is what a server unwraps the keys of its clients with.
// NewClientKey makes one; Check tells whether one is good.
type TLSCryptV2ServerKey = pki.TLSCryptV2ServerKey

// TLSCryptV2ClientKey is the key of one client, with the copy that the server
// unwraps.
type TLSCryptV2ClientKey = pki.TLSCryptV2ClientKey

// CreateAuthority makes an authority in a folder, which it makes too unless
// it is there. Errors are ConfigError, wrap ErrExists when the folder holds
// an authority, or are those of the file system.
func CreateAuthority(folder string, c AuthorityConfig) (*Authority, error) {
	return pki.CreateAuthority(folder, c)
}

// Origin is an authority that was made elsewhere, such as by easy-rsa: its CA,
// the CRL, the certificates that it Issued, and a Config for what it issues
// from now on.
type Origin = pki.Origin

// ImportAuthority makes an authority in a folder out of one that was made
// elsewhere: all that it issued stays good, and what it revoked stays revoked.
func ImportAuthority(folder string, o Origin) (*Authority, error) {
	return pki.ImportAuthority(folder, o)
}

// OpenAuthority opens the authority in a folder, and makes good what a power
// cut left. The error wraps fs.ErrNotExist when there is none.
func OpenAuthority(folder string) (*Authority, error) { return pki.OpenAuthority(folder) }

// OpenStore opens the store in a folder, which it makes unless it is there.
func OpenStore(folder string) (*Store, error) { return pki.OpenStore(folder) }

// ParsePEM reads certificates and at most one private key (PKCS#8, PKCS#1 or
// SEC 1, no passphrase) from texts in any order, 1 MiB in all.
func ParsePEM(texts ...[]byte) (Identity, error) { return pki.ParsePEM(texts...) }

// NewIdentity sorts certificates, in any order, around a private key, which
// may be nil.
func NewIdentity(key crypto.Signer, certs ...*x509.Certificate) (Identity, error) {
	return pki.NewIdentity(key, certs...)
}

// DecodePKCS12 reads a PKCS#12 file (.p12, .pfx) of at most 1 MiB, also of the
// old forms with RC2 or Triple DES, which openvpn with OpenSSL 3 no longer
// reads. The error wraps ErrPassword when the password is wrong.
func DecodePKCS12(file []byte, password string) (Identity, error) { return p12.Decode(file, password) }

// EncodePKCS12 writes an identity with its key as a PKCS#12 file of today's
// form (AES-256, PBKDF2, SHA-256). An empty password protects nothing.
func EncodePKCS12(id Identity, password string) ([]byte, error) { return p12.Encode(id, password) }

// ParseSerial reads a serial number in hexadecimal, in either case, with or
// without colons or blanks.
func ParseSerial(text string) (Serial, error) { return pki.ParseSerial(text) }

// ParseCRL reads a revocation list, as PEM or DER.
func ParseCRL(text []byte) (*x509.RevocationList, error) { return pki.ParseCRL(text) }

// NewStaticKey makes a random key for tls-crypt or tls-auth.
func NewStaticKey() StaticKey { return pki.NewStaticKey() }

// ParseStaticKey reads what openvpn --genkey secret writes.
func ParseStaticKey(text []byte) (StaticKey, error) { return pki.ParseStaticKey(text) }

// NewTLSCryptV2ServerKey makes a random key for a server.
func NewTLSCryptV2ServerKey() TLSCryptV2ServerKey { return pki.NewTLSCryptV2ServerKey() }

// ParseTLSCryptV2ServerKey reads what openvpn --genkey tls-crypt-v2-server
// writes.
func ParseTLSCryptV2ServerKey(text []byte) (TLSCryptV2ServerKey, error) {
	return pki.ParseTLSCryptV2ServerKey(text)
}

// ParseTLSCryptV2ClientKey reads what openvpn --genkey tls-crypt-v2-client
// writes.
func ParseTLSCryptV2ClientKey(text []byte) (TLSCryptV2ClientKey, error) {
	return pki.ParseTLSCryptV2ClientKey(text)
}
