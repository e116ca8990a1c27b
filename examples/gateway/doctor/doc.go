// Package doctor looks for what is wrong with a gateway: it goes through what
// each service tells about itself and what can be seen on the host, and says
// in one sentence what is wrong and in another what to do.
//
//	for _, f := range doctor.Run(ctx, facts) {
//		fmt.Println(f)
//	}
//
// One fault is one finding: what follows from a missing daemon, an unknown
// name or a clock that is not set is not told once more. What was stopped or
// disabled by somebody is no fault.
package doctor
