// Package l2tp gives L2TP over IPsec (RFC 3193) as client (LAC) and as server
// (LNS): a PPP link with user name and password inside a secure channel.
//
// The order of events is that of the specification:
//
//  1. IKE makes a security association, with a pre-shared key or
//     certificates, and ESP in transport mode protects UDP port 1701. That is
//     a connection of package ipsec: [Config.Extend] adds what is needed to the
//     Config of that service, and Options.Channel is that service.
//  2. An L2TP tunnel and a session are negotiated inside of the channel.
//  3. PPP authenticates with MS-CHAPv2 and agrees on addresses.
//
// Steps 2 and 3 are a [Backend]'s. Package xl2tpd has the real one, on the
// programs xl2tpd and pppd; package l2tptest a fake.
//
// # Nothing in clear
//
// While the service runs, a guard in the kernel drops every packet from or to
// UDP port 1701 of this host that is not inside of ESP, whether the channel is
// up, is being renewed, or the IKE daemon is gone. The guard is in place before
// the first program starts and goes after the last has ended; a program that is
// killed leaves it, and the next Start takes it over. When something else on
// this host removes it, as "ip xfrm policy flush" does, it is back within a
// second, which is told in the log; until then nothing holds L2TP back. The
// guard is for L2TP that passes through this host as well, where it is not
// limited by Config.ListenAddress.
//
// # Changes
//
// [Service.Apply] touches only what has changed: other clients keep their
// links, and so do the sessions of users of the server that stay.
// Options.ApplyChannels is where the ipsec service gets its part of the change.
//
// # Errors
//
// Start gives [ErrDisabled], [ErrStarted], [ErrStopped], and [ErrHost] when
// this host lacks something: a program, /dev/ppp, a right. [ErrUnknownClient] and
// [ErrNotRunning] come from the methods about one client. Why a client is not
// up is a [Failure] in its status.
//
// Logged are: a client that comes up or goes down, a failure when its cause
// changes, the programs when they end by themselves. Secrets never are.
package l2tp
