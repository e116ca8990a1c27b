package openvpn

import (
	"net/netip"
	"time"
)

// Status is what the service knows.
type Status struct {
	At time.Time `json:"at"`
	// Version of openvpn, empty when there is none; Error says why.
	Version string `json:"version,omitzero"`
	Error   string `json:"error,omitzero"`
	// FolderError tells why the folder cannot be read; its instances go on.
	FolderError string           `json:"folder_error,omitzero"`
	Instances   []InstanceStatus `json:"instances"` // those of the Config in its order, then those of the folder by name
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
	Name       string `json:"name"`
	FromFolder bool   `json:"from_folder,omitzero"`
	Enabled    bool   `json:"enabled"`
	// Started: its process exists.
	Started  bool           `json:"started"`
	PID      int            `json:"pid,omitzero"`
	Role     Role           `json:"role"`
	Port     uint16         `json:"port"`     // as the reference's table shows it
	Protocol string         `json:"protocol"` // UDP or TCP
	Device   string         `json:"device"`
	State    State          `json:"state"`
	Step     string         `json:"step,omitzero"` // openvpn's own state while connecting
	Since    time.Time      `json:"since,omitzero"`
	Cause    Cause          `json:"cause,omitzero"`  // why failed or reconnecting
	Detail   string         `json:"detail,omitzero"` // the same in a sentence
	RetryAt  time.Time      `json:"retry_at,omitzero"`
	Restarts uint64         `json:"restarts"`
	Tunnel   netip.Addr     `json:"tunnel,omitzero"`
	Tunnel6  netip.Addr     `json:"tunnel6,omitzero"`
	Remote   netip.AddrPort `json:"remote,omitzero"`
	Local    netip.AddrPort `json:"local,omitzero"`
	BytesIn  uint64         `json:"bytes_in"`
	BytesOut uint64         `json:"bytes_out"`
	// Clients are those of a server, as of a few seconds ago.
	Clients []ConnectedClient `json:"clients,omitzero"`
	// Pending tells why the last change is not in force: the instance goes on
	// as it was before. Empty when all is.
	Pending string `json:"pending,omitzero"`
	// Warnings are about the files of the instance, see [CheckFiles].
	Warnings []Warning `json:"warnings,omitzero"`
	// History are the last changes of the state, oldest first, 50 at most.
	History []Transition `json:"history,omitzero"`
	// Report of the import, of an instance of the folder.
	Report Report `json:"report,omitzero"`
}

// Transition is one change of the state of an instance.
type Transition struct {
	At     time.Time `json:"at"`
	State  State     `json:"state"`
	Cause  Cause     `json:"cause,omitzero"`
	Detail string    `json:"detail,omitzero"`
}
