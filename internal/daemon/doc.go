// Package daemon is what the example daemons share to run as one: into the
// background, and a file with the process id.
//
//	parent, child := daemon.Inherited()
//	if !foreground && !child {
//		return daemon.Detach(os.Args[1:]) // waits until the child is ready
//	}
//	... open what can fail ...
//	return parent.Leave()
package daemon
