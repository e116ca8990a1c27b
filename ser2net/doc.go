// Package ser2net gives serial ports to the network: a client that connects
// to an address talks to the device behind it, raw, by telnet, or by telnet
// with remote control of the line (RFC 2217).
//
//	cfg := ser2net.DefaultConfig()
//	port := ser2net.DefaultPort()
//	port.Name, port.Enabled = "plc", true
//	port.Listen, port.Device = ":5000", "/dev/ttyUSB0"
//	cfg.Enabled, cfg.Ports = true, []ser2net.PortConfig{port}
//
//	service, err := ser2net.New(cfg, ser2net.Options{Opener: new(tty.Opener)})
//	...
//	err = service.Start(ctx)
//
// Serial devices are opened by an [Opener]: package tty below this one for
// Linux, bugst for other systems, ser2nettest for tests. Package tlsport adds
// TLS.
//
// # What a client meets
//
// The addresses are listened on from Start on; a device is opened when the
// first client comes and given back when the last one has left. What a
// client sent is then still sent to the line, as long as the line takes it.
//
// A client that cannot be served is told why in one line, and its connection
// is closed. With telnet the opening negotiation goes before.
//
//	Port already in use                          all max_clients places are taken
//	Port's device already in use                 another port, or another program, has the device
//	Device open failure: Value or file not found there is no such device
//	Device open failure: <reason>                the device cannot be opened, or does not do its mode
//	Accessed denied due to your net address      the source is not in the allow list
//	No free port found                           every port of a rotator is taken
//	kicked off, new user is coming               on_busy is kick, and a newcomer takes the place
//
// All clients of a port get what the device sends, and the device gets what
// any of them sends, chunk by chunk. What the device sends goes out at once,
// in a write of its own, unless packing is configured. A client that does not
// keep up has a queue and a policy of its own ([SlowClient]); it never holds
// up the others unless told to.
//
// When a device goes away its clients are disconnected, or kept
// ([OnLossKeep]): the device is then opened again within a second after it
// is back, with the mode, DTR and RTS that clients have set. One that goes
// again within two seconds each time is left alone for up to ten. What clients
// send meanwhile is dropped.
//
// A slow line may need long for what clients have sent before they left. Who
// comes meanwhile waits for ten seconds, and is then told that the device is in
// use.
//
// A client that has gone loses its place although the device is busy with what
// it sent: within two seconds, or as soon as somebody wants the place, when
// its connection was reset or does not answer any more. When it closed its
// connection in good order, everything is still sent, unless the device takes
// nothing for ten seconds. This needs Linux; elsewhere a device that takes
// nothing keeps such clients.
//
// # Safety of the line
//
// A device that does another baud rate than configured, by more than 3 %, is
// not served at all. A driver that does other data bits, parity, stop bits
// or flow control is served with a warning in the log and in the status, since virtual
// devices have none of them. Requests of RFC 2217 are answered with what the
// driver really does.
//
// Raw and telnet carry no secret and prove no one. Beyond a trusted network
// use TLS with client certificates.
//
// # Errors, events, log
//
// [New], [Config.Validate] and [Service.Apply] report every fault of a Config
// at once, as a [ConfigError]. Errors of the lifecycle are [ErrStarted],
// [ErrStopped] and [ErrDisabled]; of methods that name a port or a client
// [ErrUnknownPort] and [ErrUnknownClient]. Backends report [ErrPortBusy], [ErrHangup]
// and [ErrNoLines].
//
// Each change of state is an [Event], handed to [Options.OnEvent] and logged:
// Warn for what needs somebody, Info for the rest. Of the refused clients of
// a port one line a second is logged; of a device that goes and comes one line
// each a minute, and how it stands after that. Data is never logged.
package ser2net
