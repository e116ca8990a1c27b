// Package telnet speaks telnet (RFC 854, 855, 1143) and its COM-PORT option
// (RFC 2217) on the side that owns the serial line. It does no I/O, starts
// nothing and keeps a fixed amount of state per connection.
//
// An [Engine] parts what the peer sends into data for the device and
// [Event]s, and says what to answer; a [ComPort] turns the requests among the
// events into calls on a [Line]:
//
//	out := engine.Start(nil)
//	for len(in) > 0 {
//		var ev telnet.Event
//		ev, in = engine.Next(in)
//		out = append(out, ev.Reply...)
//		switch ev.Kind {
//		case telnet.Data:
//			device.Write(ev.Data)
//		case telnet.ComPortOn:
//			out = comPort.Agree(out)
//		case telnet.ComPortRequest:
//			out = comPort.Answer(out, ev.Request)
//		...
//		}
//	}
//
// Data and events come in the order of the stream, so a break or a new baud
// rate takes effect between the right bytes.
//
// # What is decided here
//
//   - Data is 8-bit clean from the first byte, whether BINARY is agreed or
//     not: no CR LF or CR NUL is translated, only IAC (FF) is doubled.
//   - A request is answered only when it changes a state. An option that is
//     not supported is refused once per connection and direction, and one that
//     is can be switched on by the peer eight times. So no peer can be drawn
//     into a loop, nor draw this side into one. RFC 1143 calls for the queue
//     bit of its states only where a side changes its mind; this one never
//     does.
//   - A COM-PORT request counts as the peer's WILL, but not after its WONT:
//     pyserial never sends the WILL when our DO is faster than it.
//   - DO COM-PORT is refused: the serial line is on this side.
//   - AYT is answered with "[Yes]" on a line of its own, as RFC 854 wants.
//     C ser2net is silent.
//   - NOP, IP, AO, EC, EL, GA, a stray SE and unknown commands are dropped;
//     no byte of a command ever becomes data.
//   - A sub-negotiation of more than 256 bytes is dropped whole. A command
//     inside one, other than a doubled IAC, ends it unread, so a lost SE does
//     not swallow the stream for ever.
//
// The DM of a telnet Synch is sent as TCP urgent data. A socket that carries
// telnet needs SO_OOBINLINE, or the kernel takes the DM out of the stream and
// the next data byte is read as a command.
package telnet
