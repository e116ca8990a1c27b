// Package process runs openvpn, the program of OpenVPN 2.6 or newer, for
// package openvpn.
//
//	runner, err := process.New(process.Options{Folder: "/run/fieldgate/openvpn"})
//	service, err := openvpn.New(config, openvpn.Options{Runner: runner, ...})
//
// # What it sees to
//
// The program is one of a fixed list and is started without a shell, with an
// environment of its own. What this package adds to the configuration stands
// after it on the command line and so wins over it: no scripts, no modules'
// helpers (script-security 1), passwords by the management socket only. Keys
// are in a folder that only root may enter, and only while openvpn runs.
//
// # Processes are not lost
//
// An openvpn is a session of its own and listens on its management socket: it
// outlives the program that started it, and [Runner.Adopt] finds it again,
// with the tunnel up all the while. Under systemd that needs KillMode=process.
// A process is known by its pid and the time of its start, so a pid that the
// kernel gave to another program is never taken for ours. The lock of an
// instance ends with the program that holds it: a second gateway with the same
// folder gets [openvpn.ErrBusy], and what runs once the first has ended. A
// trusted text runs without its options daemon and management, by which the
// process would get away. What openvpn prints goes into a pipe: while no
// gateway runs, it takes 64 KB and no more.
//
// # What it costs
//
// One goroutine and a few KB for each process. An openvpn that is silent is
// asked whether it is there; one that does not answer, such as one stopped by
// a debugger, is told as [openvpn.SocketLost], and so is one whose socket
// another process took. Its end is noticed all the same, and so is that it
// answers again.
package process
