package openvpn

import (
	"net/netip"
	"time"
)

// Status is what the service knows.
type Status struct {
	At time.Time
	// Version of openvpn, empty when there is none; Error says why.
	Version string
	Error   string
	// FolderError tells why the folder cannot be read; its instances go on.
	FolderError string
	Instances   []InstanceStatus // those of the Config in its order, then those of the folder by name
}

// State is what an instance does.
type State string

// The states.
const (
	StateStopped      State = "stopped"
	StateStarting     State = "starting"   // the process starts
	StateConnecting   State = "connecting" // Step tells how far it is
	StateConnected    State = "connected"
	StateReconnecting State = "reconnecting"
	StateFailed       State = "failed" // Cause tells why; RetryAt when it is tried again
	StateStopping     State = "stopping"
	// StateUnknown: the process runs and does not tell.
	StateUnknown State = "unknown"
)

// Cause is why an instance failed.
type Cause string

// The causes.
const (
	CauseConfig       Cause = "config"
	CauseBind         Cause = "bind"
	CauseTLS          Cause = "TLS"
	CauseAuth         Cause = "auth"
	CauseCRLExpired   Cause = "CRL expired"
	CauseRoute        Cause = "no route"
	CauseNoAnswer     Cause = "no answer" // of the other end
	CauseName         Cause = "name resolution"
	CauseDevice       Cause = "device" // no tun device to be had
	CauseNotInstalled Cause = "openvpn is not installed"
	CauseKeyPassword  Cause = "key password"
	CauseUnmanaged    Cause = "management socket" // taken by another, or silent
	CauseKilled       Cause = "process died"
	CauseHalted       Cause = "halted by the server"
	CauseOther        Cause = "other"
)

// InstanceStatus is one instance.
type InstanceStatus struct {
	Name       string
	FromFolder bool
	Enabled    bool
	// Started: its process exists.
	Started           bool
	PID               int
	Role              Role
	Port              uint16 // as the reference's table shows it
	Protocol          string // UDP or TCP
	Device            string
	State             State
	Step              string // openvpn's own state while connecting
	Since             time.Time
	Cause             Cause  // why failed or reconnecting
	Detail            string // the same in a sentence
	RetryAt           time.Time
	Restarts          uint64
	Tunnel, Tunnel6   netip.Addr
	Remote, Local     netip.AddrPort
	BytesIn, BytesOut uint64
	// Clients are those of a server, as of a few seconds ago.
	Clients []ConnectedClient
	// Pending tells why the last change is not in force: the instance goes on
	// as it was before. Empty when all is.
	Pending string
	// Warnings are about the files of the instance, see [CheckFiles].
	Warnings []Warning
	// History are the last changes of the state, oldest first, 50 at most.
	History []Transition
	// Report of the import, of an instance of the folder.
	Report Report
}

// Transition is one change of the state of an instance.
type Transition struct {
	At     time.Time
	State  State
	Cause  Cause
	Detail string
}
