// Package xl2tpd is the real backend of package l2tp: it runs the programs
// xl2tpd (1.3.16 or newer) and, by way of it, pppd (2.4.7 or newer) on Linux.
//
// There is one xl2tpd, in the foreground and with files of its own in a folder
// that only this user may enter. It knows the server, if there is one, from its
// configuration; clients are added, dialled and removed through its control
// pipe, so that one client does not disturb the others.
//
// # Secrets
//
// User names and passwords are in files of mode 0600 in that folder (0700)
// only, never in arguments or the environment, which other users can read. That
// of a client is in the options file of its pppd, since that file is ours
// anyway. Those of the server's users have to be in /etc/ppp/chap-secrets, a
// path that is compiled into pppd: xl2tpd runs in a mount namespace of its own,
// where a folder of ours lies over /etc/ppp. So the system's file is neither
// read nor changed, and neither its options nor its ip-up scripts have a part
// in our links. The files are removed when what needs them has ended.
//
// # Killed
//
// An xl2tpd that is killed cannot tell the other ends, and a server on Linux
// that keeps its end of a tunnel gives the packets of the next tunnel to that,
// for half a minute or more. So the next call of this Backend closes the old
// tunnel first, by the numbers that xl2tpd had logged. After a loss of power
// nobody knows these numbers, and the calls of that time fail.
//
// # Guard
//
// The guard of UDP port 1701 are two policies of the kernel's IPsec (xfrm),
// with the action to block and the lowest priority that there is: a policy of
// the IKE daemon wins over them, and where there is none they do. They need no
// packet filter, and unlike a drop connection in the IKE daemon they outlive
// it: when it ends it takes its own policies along, at just the moment when
// L2TP would go out in clear. Every second it is looked whether they are there.
//
// # What it reads
//
// Interface and addresses are the kernel's word (rtnetlink) about the interface
// that pppd notes in its pid file. Why a link ended, and the DNS servers of the
// peer, are taken from pppd's log, which has one file per client. Who is
// connected to the server comes from a script that pppd runs when a user has
// authenticated (auth-up), in that folder of ours over /etc/ppp.
package xl2tpd
