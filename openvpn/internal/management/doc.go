// Package management speaks openvpn's management protocol (management-notes.txt
// of its source, and what openvpn 2.6.14 was seen to do).
//
// Lines that begin with > are events and may come at any time; all others
// belong to the one command that waits for its reply. The functions that read
// and write lines are pure. [Client] is a connection: the goroutine that calls
// [Client.Serve] owns it, and there is no other.
package management
