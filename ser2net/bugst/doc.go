// Package bugst opens serial devices through the library go.bug.st/serial. It
// is the backend for systems that have none of their own; on Linux the
// package tty does more with less: no thread per waiting Read, no limit on
// the number of ports, RS485.
//
// What the library lacks:
//
//	                            Linux                 other systems
//	1.5 stop bits, RS485        refused               refused
//	flow control, HangUp        by the side door      refused
//	heeding DCD (Carrier)       by the side door      refused
//	Mode                        read back             what was last set
//	DTR and RTS as they are     read back             what was last set
//	SetBreak, Counters          by the side door      refused
//	exclusive use               device number, flock  within the process
//	more than about 300 ports   refused               no limit
//
// Refused means an error that wraps errors.ErrUnsupported. The side door is a
// second opening of the device, which the kernel serves alike.
//
// Close waits up to 100 ms for a Read, which the library cannot end safely.
package bugst
