// Package strongswan drives strongSwan's IKE daemon charon, by its control
// socket (VICI). It is made for 5.9.8 of Debian 12 and keeps to what 6.x does
// alike.
//
// # What is whose
//
// Everything that it loads bears the owner's name: the connection demo0 of the
// owner fieldgate, its child and its pre-shared key are "fieldgate-demo0" in
// the daemon. What has other names is left alone. A lock file beside the
// socket keeps a second program from managing the connections of the same
// owner. Every five seconds it looks whether all of it is still there: charon
// tells nobody when another program, such as swanctl --load-all, unloads it.
//
// # Peers that are given up
//
// Why an SA goes, only charon's log says. While there is a connection with a
// DPDAction, the log is listened to, for the lines that tell that a peer was
// given up.
//
// # Certificates that are withdrawn
//
// charon has no command that forgets one certificate. When the last connection
// with a certificate goes, everything that was loaded over VICI is cleared and
// ours is loaded again, provided that all of it is ours. Where other programs
// have secrets, keys or certificates in the daemon, nothing is cleared, and a
// line in the log says so: the certificate stays trusted until charon
// restarts, but only for connections that name no authority, and ours all name one.
// What a program left that was killed, the next one knows by a record of sums
// in the lock file. A running SA survives either way. A pre-shared key that another program
// loaded without an id cannot be seen, and is lost when ours is cleared.
//
// # What it waits for
//
// Each call has a deadline. A daemon that does not answer within
// [Options.Timeout] ends the session, as one that closes the socket does, with
// errors that wrap [ipsec.ErrUnavailable].
//
// Logged, at level warn: a certificate that stays trusted, and a pool or a key
// that could not be taken back.
package strongswan
