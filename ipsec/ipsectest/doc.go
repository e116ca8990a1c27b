// Package ipsectest has a fake IKE daemon for tests of programs that use
// package ipsec, and for programs that play a device without hardware.
//
//	daemon := ipsectest.NewDaemon()
//	service, err := ipsec.New(cfg, ipsec.Options{Backend: daemon.Backend("fieldgate")})
//
// The daemon keeps state as charon does: what is loaded, what is up, and
// nothing of it after a restart. Its peers accept whatever they are offered
// until they are told what they want ([Daemon.Expect]) or how to behave
// ([Daemon.SetPeer]). It runs no goroutine.
package ipsectest
