package snmp

import (
	"errors"
	"fmt"
	"runtime/debug"
)

// errPanic is the error of a handler that panicked.
var errPanic = errors.New("the handler panicked")

// guard makes a call to the handler of a mount. A panic there becomes an
// error: it is the fault of one subtree, not of the agent.
func (s *Service) guard(m *mount, call func() error) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			s.handlerPanic(m, fault)
			err = errPanic
		}
	}()
	return call()
}

// handlerPanic counts a handler that panicked, and logs it once. It is called
// while the stack of the panic is still there.
func (s *Service) handlerPanic(m *mount, fault any) {
	s.handlerFault(m, fmt.Sprintf("panic: %v\n%s", fault, debug.Stack()))
}

// faulted answers a request in which the handler that was asked last panicked:
// genErr, for the binding that is not in the answer yet. Without one the fault
// is the agent's own.
func (w *worker) faulted(sc *scope, fault any) (ErrorStatus, int) {
	if w.asked == nil {
		panic(fault)
	}
	w.s.handlerPanic(w.asked, fault)
	index := w.out.Len()
	if first := w.nonRepeaters(); index >= first && index >= len(w.msg.Binds) {
		index = first + (index-first)%(len(w.msg.Binds)-first)
	}
	return w.finish(sc, func(*scope) (ErrorStatus, int) { return genErr, index + 1 })
}
