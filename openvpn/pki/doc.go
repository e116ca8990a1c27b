// Package pki makes and keeps the certificates and keys of OpenVPN servers
// and their clients, without easy-rsa and without a program beside.
//
// An [Authority] is a certificate authority in a folder: it issues server and
// client certificates, renews and revokes them, and makes the tls-crypt and
// tls-crypt-v2 keys. Its revocation list must never end, since openvpn then
// refuses every client: run [Authority.Run] beside the tunnels, and hand each
// new list on to the servers, which read it at the next handshake.
//
// What others issue comes as PEM text ([ParsePEM]) or PKCS#12 file
// ([DecodePKCS12]), is judged by [Identity.Check] and kept in a [Store].
//
// Errors wrap [ErrExists], [ErrNotFound], [ErrRevoked], [ErrEncrypted],
// [ErrNoKey], [ErrPassword] or [ErrClock] where that helps a program, and
// [ConfigError] for what an operator filled in. [Authority.Run] logs a list
// that was made anew, and failures when they begin and end. Keys are never
// logged or printed; they leave through methods named for it, such as
// [Identity.KeyPEM], and files that only their owner may use (0600, folders
// 0700).
package pki
