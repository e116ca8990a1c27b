package procsource

import "time"

// kernelClock is what adjtimex(2) tells about the clock of the kernel.
type kernelClock struct {
	state  int   // result of the call, TIME_ERROR when the clock is not to be trusted
	status int32 // bits STA_...
}

// The two signs that nobody disciplines the clock, see adjtimex(2). They are
// part of the kernel's interface, the same on every processor.
const (
	timeError = 5      // TIME_ERROR
	unsynced  = 0x0040 // STA_UNSYNC
)

// Clock returns a clock for [telemetry.Options]: it gives the time of day,
// and whether that can be trusted. It can once the kernel says that something
// keeps its clock synchronized (an NTP client, PTP or GPS), see adjtimex(2),
// and the time is not before notBefore, such as the build date of the
// firmware. The kernel takes the word back when the synchronization has been
// lost for long.
//
// Where the kernel cannot be asked, on another system than Linux or where a
// sandbox forbids the call, the time is never trusted.
func Clock(notBefore time.Time) func() (time.Time, bool) {
	return clock(notBefore, adjtimex)
}

func clock(notBefore time.Time, ask func() (kernelClock, error)) func() (time.Time, bool) {
	return func() (time.Time, bool) {
		now := time.Now()
		k, err := ask()
		return now, err == nil && k.state != timeError && k.status&unsynced == 0 && !now.Before(notBefore)
	}
}
