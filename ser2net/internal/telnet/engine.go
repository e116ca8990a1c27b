package telnet

import "bytes"

// The commands of RFC 854.
const (
	iac  = 255 // interpret as command
	dont = 254
	do   = 253
	wont = 252
	will = 251
	sb   = 250 // begin of a sub-negotiation
	ayt  = 246 // are you there
	brk  = 243 // break
	dm   = 242 // data mark
	se   = 240 // end of a sub-negotiation
)

// maxSub is the longest sub-negotiation that is read. The longest useful one
// is a SIGNATURE.
const maxSub = 256

// aytAnswer is the visible evidence that RFC 854 wants as answer to AYT.
const aytAnswer = "\r\n[Yes]\r\n"

// state is where in the stream the next byte stands.
type state uint8

const (
	inData        state = iota
	inCommand           // after IAC
	inNegotiation       // after IAC and one of WILL, WONT, DO, DONT
	inSub               // after IAC SB
	inSubCommand        // after IAC inside a sub-negotiation
)

// Config says what an [Engine] offers.
type Config struct {
	// Dialed is the role of the side that opened the connection: it accepts
	// the peer's echo and does not offer its own. Zero: the side that accepted
	// the connection, which offers to echo, as C ser2net does, to keep a
	// terminal at the peer from echoing by itself.
	Dialed bool
	// ComPort lets the peer control the serial line by RFC 2217. Zero: the
	// option is refused and its sub-negotiations are dropped.
	ComPort bool
}

// Engine is the telnet state of one connection. It is not safe for concurrent
// use.
type Engine struct {
	state  state
	verb   byte // of the negotiation
	us     side // what this side does
	him    side // what the peer does
	sub    [maxSub]byte
	subLen int // more than maxSub: too long, dropped
	reply  [len(aytAnswer)]byte
}

// New returns the engine of a new connection.
func New(c Config) *Engine {
	e := &Engine{}
	e.us.allow(optBinary, optSGA)
	e.him.allow(optBinary, optSGA)
	if c.Dialed {
		e.him.allow(optEcho)
	} else {
		e.us.allow(optEcho)
	}
	if c.ComPort {
		e.him.allow(optComPort)
	}
	return e
}

// Start appends the requests that open the connection to dst. They go out
// before anything else, once. On an accepted connection they are, byte by
// byte, those of C ser2net.
func (e *Engine) Start(dst []byte) []byte {
	dst = e.us.request(dst, will, optSGA)
	dst = e.him.request(dst, do, optSGA)
	if e.us.allows(optEcho) {
		dst = e.us.request(dst, will, optEcho)
		dst = append(dst, iac, dont, optEcho)
	}
	dst = e.him.request(dst, do, optBinary)
	dst = e.us.request(dst, will, optBinary)
	if e.him.allows(optComPort) {
		dst = e.him.request(dst, do, optComPort)
	}
	return dst
}

// Next takes the first piece out of in and returns it with the rest of in. The
// event is Nothing where in ends inside a command or the command needs no
// action.
//
// Data is decoded in place: it is a part of in, and in is overwritten up to
// rest.
func (e *Engine) Next(in []byte) (ev Event, rest []byte) {
	if e.state == inData {
		if data, rest := takeData(in); len(data) > 0 {
			return Event{Kind: Data, Data: data}, rest
		}
	}
	for i, c := range in {
		switch e.state {
		case inData: // c is IAC: takeData found no data before it
			e.state = inCommand
			continue
		case inCommand:
			if c == iac {
				e.state = inData
				return Event{Kind: Data, Data: in[i : i+1]}, in[i+1:]
			}
			ev = e.command(c)
		case inNegotiation:
			e.state = inData
			ev = e.negotiate(e.verb, c)
		case inSub:
			e.subByte(c)
			continue
		case inSubCommand:
			if c == iac {
				e.addSub(c)
				e.state = inSub
				continue
			}
			ev = e.subCommand(c)
		}
		if e.state == inData {
			return ev, in[i+1:]
		}
	}
	return Event{}, nil
}

// takeData returns the data that in begins with and the rest, which is empty
// or begins with a command. Doubled IACs become single ones in place.
func takeData(in []byte) (data, rest []byte) {
	r := index(in) // read up to here
	w := r         // written up to here
	for r+1 < len(in) && in[r] == iac && in[r+1] == iac {
		in[w] = iac
		w, r = w+1, r+2
		if r < len(in) && in[r] != iac {
			n := index(in[r:])
			w += copy(in[w:], in[r:r+n])
			r += n
		}
	}
	return in[:w], in[r:]
}

// index returns the place of the first IAC, or the length.
func index(b []byte) int {
	if i := bytes.IndexByte(b, iac); i >= 0 {
		return i
	}
	return len(b)
}

// command handles the byte after an IAC, which is not an IAC.
func (e *Engine) command(c byte) Event {
	e.state = inData
	switch c {
	case will, wont, do, dont:
		e.state, e.verb = inNegotiation, c
	case sb:
		e.state, e.subLen = inSub, 0
	case brk:
		return Event{Kind: Break}
	case dm:
		return Event{Kind: Sync}
	case ayt:
		return Event{Reply: append(e.reply[:0], aytAnswer...)}
	}
	return Event{}
}

// subByte handles a byte of a sub-negotiation.
func (e *Engine) subByte(c byte) {
	if c == iac {
		e.state = inSubCommand
		return
	}
	e.addSub(c)
}

// addSub keeps a byte of a sub-negotiation that is not too long.
func (e *Engine) addSub(c byte) {
	if e.subLen < maxSub {
		e.sub[e.subLen] = c
	}
	e.subLen = min(e.subLen+1, maxSub+1)
}

// subCommand handles the byte after an IAC inside a sub-negotiation, which is
// not an IAC. Other than SE it is a command of its own: the SE was lost.
func (e *Engine) subCommand(c byte) Event {
	if c != se {
		return e.command(c)
	}
	e.state = inData
	if e.subLen < 2 || e.subLen > maxSub || e.sub[0] != optComPort || !e.him.active(optComPort) {
		return Event{}
	}
	ev := decode(e.sub[1:e.subLen])
	if ev.Kind == ComPortRequest {
		e.him.enable(optComPort) // as good as a WILL
	}
	return ev
}
