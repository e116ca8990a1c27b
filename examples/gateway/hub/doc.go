// Package hub is a small protocol hub for devices without a tag bus of their
// own: it reads the signals of a [hubconfig.Config] over Modbus TCP and Modbus
// RTU, and offers them as the [api.Points] of the HTTP interface.
//
//	service, err := hub.New(config, hub.Options{Opener: &tty.Opener{}})
//	err = service.Start(ctx)
//	api.Providers{Points: service}
//
// Each device is read by a goroutine of its own: over TCP with a connection
// of its own, over RTU in turns with the others on its line. Equal and
// neighbouring jobs of one scan rate are joined into one request of up to 125
// registers or 2000 bits; when a device answers "illegal data address" or
// "illegal data value" to a joined request, the jobs are sent as they were
// written from then on.
//
// # Values and flags
//
//   - A good value has the time of the answer and no flag.
//   - NT: the device did not answer, or never did. The value and its time are
//     those of the last answer. The device is tried again after 1 s to 30 s.
//   - IV: the device answered with an exception, or with something that is no
//     answer to the request, or the number is not a number. An exception or a
//     bad answer leaves the value and its time as they were.
//   - OV: the number is infinite, by itself or times its factor; there is no
//     value then.
//
// A copy has the value, the time and the flags of its source, times its own
// factor.
//
// # Logging
//
// A device that stops answering and one that answers again, with its alias;
// requests that are no longer joined. Not each answer.
//
// Errors: [ErrStarted], [ErrStopped], hubconfig.ConfigError, and those of
// [api.Points].
//
// The frames are those of github.com/grid-x/modbus. Its own connections are
// not used, nor those of github.com/simonvetter/modbus: they open sockets and
// ports by themselves and cannot be ended by a context.
package hub
