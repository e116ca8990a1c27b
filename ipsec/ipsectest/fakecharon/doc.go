// Package fakecharon is strongSwan's charon as far as its control socket
// shows it: a daemon that speaks VICI on a unix socket, keeps what is loaded,
// negotiates with peers that a test describes, and has faults on demand. It
// needs no root, no kernel and no peer, and starts in a millisecond.
//
// Its answers and log lines are those of charon 5.9.8. Where the two differ,
// charon is right; the conformance suite of package ipsectest runs on both.
package fakecharon
