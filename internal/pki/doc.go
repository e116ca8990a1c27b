// Package pki reads, checks, makes and keeps the certificates, private keys
// and static keys of the tunnels.
//
// An [Identity] is a certificate with its key, as an operator hands it in as
// PEM text ([ParsePEM]) or PKCS#12 file (package p12) and as [Identity.Check]
// judges it. A [Store] keeps identities by name. An [Authority] is a
// certificate authority of one's own: it issues certificates, revokes them,
// keeps its revocation list valid, and makes the tls-crypt keys of OpenVPN.
//
// Private keys never print themselves: fmt, slog and JSON show who they
// belong to. They leave the package only through methods that say so in their
// name, such as [Identity.KeyPEM]. Files are for their owner only (0600 in a
// folder of 0700) and are replaced in one step that a power cut cannot divide.
package pki
