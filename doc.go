// Package fieldgate is the map of the fieldgate packages: the Services menu
// of an industrial gateway, RTU or router, as independently importable Go
// packages. It holds no code.
//
// # Packages
//
//	telemetry   agent that reports the device's state in compact UDP datagrams
//	api         HTTP programming interface of the device
//	snmp        SNMP agent for v1, v2c and v3
//	ser2net     serial ports over TCP, telnet and RFC 2217
//	ipsec       IPsec tunnels, and L2TP over them, on an IKE daemon
//	openvpn     OpenVPN instances and their processes
//
// Each package stands alone: it imports none of the others,
// and its root needs nothing but the standard library. Beside each root lie
//
//	<package>/<technology>     the real backends, such as telemetry/procsource
//	<package>/<package>test    fakes for the tests of programs that use it
//	<package>/<package>test/suite  the conformance suite that fakes and real
//	                           backends pass alike; run it on your own
//
// The folder examples holds complete programs: examples/gateway is a device
// daemon made of all services, examples/collector receives its telemetry.
//
// # The service contract
//
// All services are made, started, watched and ended in the same way.
//
// New(Config, Options) does no I/O. Config is what an operator stores: each
// field says what its zero value means, DefaultConfig is safe, and Validate
// returns every fault at once as a ConfigError, each with its path, such as
// "destinations[2].port: 70000 is out of range, allowed is 1 to 65535".
// Options is what the program injects: the backend, a *slog.Logger (nil logs
// nothing), functions to dial and to listen.
//
// Start(ctx) acquires what the service needs and returns once the service is
// usable or has failed. After a failure nothing is held, and Start may be
// tried again. ctx bounds the start-up only. A second Start returns
// ErrStarted, a Start after Stop ErrStopped, and that of a disabled service
// ErrDisabled.
//
// Stop(ctx) ends the service and waits. It is safe before Start, during
// Start, twice, and from many goroutines. It returns nil when nothing runs
// any more (no goroutine, socket, child process), or ctx's error when that
// did not come in time; the end then still comes.
//
// Done() is closed when the service has ended. Err() is nil while it runs
// and after Stop; otherwise it says why the service ended by itself. A peer
// that is down, a name that does not resolve, a daemon that restarts are no
// reasons to end: the service logs that, backs off and tries again.
//
// Services are one-shot. To start again, or with another Config, make a new
// one.
//
// A program needs no more than this interface of its own to handle all of
// them:
//
//	type service interface {
//		Start(ctx context.Context) error
//		Stop(ctx context.Context) error
//		Done() <-chan struct{}
//		Err() error
//	}
//
// # Backends and fakes
//
// An interface that a backend implements, such as ser2net.Opener, never gets a
// further method. What is added to it is an interface of its own, which the
// service looks for in what it was given, as ser2net does for a BreakPort.
//
// The fakes have their faults under the same names everywhere: Fail makes
// every call fail until Fail(nil), FailNext the next call; Stall makes calls
// wait for the end of their context, StallNext the next one; Delay makes them
// slow; String shows the state. A suite takes a Rig: what is to be tested, and
// what the test must be able to do with the world behind it.
//
// # What may change
//
// A struct may get further fields, so write literals with the names of the
// fields. An enumeration may get further words: treat one that you do not know
// as what is none of the others. The texts of errors and of the log may change:
// decide by errors.Is, errors.As and the paths of a ConfigError. All else that
// is exported stays from version 1.0 on; before that, CHANGELOG.md tells each
// change.
//
// # Importing just one
//
//	go get github.com/fieldgate/fieldgate/telemetry
//
// brings the standard library and fieldgate's own internal packages into the
// program, nothing else. A real backend may bring a library; its package
// comment names it.
package fieldgate
