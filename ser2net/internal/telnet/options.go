package telnet

// The options of telnet that are known here.
const (
	optBinary  = 0  // RFC 856
	optEcho    = 1  // RFC 857
	optSGA     = 3  // suppress go ahead, RFC 858
	optComPort = 44 // RFC 2217
)

// maxAccepts is how often the peer may switch an option on. A peer that asks
// and takes back without waiting, and takes our answers for requests, would
// otherwise go on for ever (RFC 1143, section 3).
const maxAccepts = 8

// side is what one side of the connection does, as a set of options by each
// of their states. An option that is in none of the sets is off (RFC 1143: NO).
type side struct {
	allowed options // may be switched on
	asked   options // this engine asked for it, no answer yet (WANTYES)
	on      options // agreed (YES)
	refused options // asked for, not to be had and already refused

	accepts [optComPort + 1]uint8 // how often the peer switched an option on
}

func (s *side) allow(list ...byte) {
	for _, opt := range list {
		s.allowed.add(opt)
	}
}

func (s *side) allows(opt byte) bool {
	return s.allowed.has(opt)
}

// active tells whether the option is on, or asked for and not denied.
func (s *side) active(opt byte) bool {
	return s.on.has(opt) || s.asked.has(opt)
}

// request appends the request for an option, WILL or DO.
func (s *side) request(dst []byte, verb, opt byte) []byte {
	s.asked.add(opt)
	return append(dst, iac, verb, opt)
}

// enable handles the peer's WILL or DO. It returns whether the option
// has just gone on, and whether the peer must be answered: with the option's
// acceptance if it is on now, else with its refusal.
func (s *side) enable(opt byte) (changed, answer bool) {
	switch {
	case s.on.has(opt):
		return false, false
	case s.asked.has(opt): // an acknowledgement
		s.asked.remove(opt)
		s.on.add(opt)
		return true, false
	case s.allows(opt) && s.accepts[opt] < maxAccepts:
		s.accepts[opt]++
		s.on.add(opt)
		return true, true
	case s.refused.has(opt):
		return false, false
	default:
		s.refused.add(opt)
		return false, true
	}
}

// disable handles the peer's WONT or DONT. It returns whether the option has
// just gone off, which alone is to be acknowledged.
func (s *side) disable(opt byte) (changed bool) {
	changed = s.on.has(opt)
	s.on.remove(opt)
	s.asked.remove(opt)
	return changed
}

// negotiate handles the peer's verb for an option.
func (e *Engine) negotiate(verb, opt byte) Event {
	switch verb {
	case will:
		return e.enabled(&e.him, opt, do, dont)
	case wont:
		return e.disabled(&e.him, opt, dont)
	case do:
		return e.enabled(&e.us, opt, will, wont)
	default:
		return e.disabled(&e.us, opt, wont)
	}
}

// enabled is the event of a WILL or DO; yes and no are its answers.
func (e *Engine) enabled(s *side, opt, yes, no byte) (ev Event) {
	changed, answer := s.enable(opt)
	if answer && changed {
		ev.Reply = e.answer(yes, opt)
	} else if answer {
		ev.Reply = e.answer(no, opt)
	}
	if changed && opt == optComPort {
		ev.Kind = ComPortOn
	}
	return ev
}

// disabled is the event of a WONT or DONT; no is its answer.
func (e *Engine) disabled(s *side, opt, no byte) (ev Event) {
	if !s.disable(opt) {
		return ev
	}
	if opt == optComPort {
		ev.Kind = ComPortOff
	}
	ev.Reply = e.answer(no, opt)
	return ev
}

func (e *Engine) answer(verb, opt byte) []byte {
	return append(e.reply[:0], iac, verb, opt)
}

// options is a set of telnet options.
type options [256 / 32]uint32

func (o *options) add(opt byte)      { o[opt/32] |= 1 << (opt % 32) }
func (o *options) remove(opt byte)   { o[opt/32] &^= 1 << (opt % 32) }
func (o *options) has(opt byte) bool { return o[opt/32]&(1<<(opt%32)) != 0 }
