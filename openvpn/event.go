package openvpn

import (
	"net/netip"
	"time"
)

// StateChanged is a state of openvpn (management-notes.txt, "state").
type StateChanged struct {
	At      time.Time
	Name    string // CONNECTING, WAIT, AUTH, GET_CONFIG, ASSIGN_IP, ADD_ROUTES, CONNECTED, RECONNECTING, EXITING, RESOLVE, TCP_CONNECT
	Detail  string // SUCCESS, ERROR, or why
	Tunnel  netip.Addr
	Tunnel6 netip.Addr
	Remote  netip.AddrPort
	Local   netip.AddrPort
}

// ByteCount is the traffic of a process so far, or of one client of it.
type ByteCount struct {
	CID    uint64 // of a client
	Client bool   // whether CID is meant
	In     uint64 // bytes
	Out    uint64
}

// LogLine is a line of openvpn's log, without secrets.
type LogLine struct {
	At    time.Time `json:"at"`
	Flags string    `json:"flags,omitzero"` // I, F, N, W, D
	Text  string    `json:"text,omitzero"`
}

// NeedCredentials tells that openvpn waits for the password of What ("Auth",
// "Private Key"), with a user name if User.
type NeedCredentials struct {
	What string
	User bool
}

// CredentialsRefused tells that those of What were wrong.
type CredentialsRefused struct {
	What   string
	Reason string
}

// ClientAsks tells that a client wants to log in at a server with Users.
type ClientAsks struct {
	CID, KID   uint64
	CommonName string
	Username   string
	Password   Secret
	Remote     netip.AddrPort
	Renewal    bool // of a session that stands
}

// ClientCame tells that a client's session stands.
type ClientCame struct {
	CID        uint64
	CommonName string
}

// ClientLeft tells that a client's session has ended.
type ClientLeft struct {
	CID        uint64
	CommonName string
}

// SocketLost tells that somebody else took the management socket, or that
// openvpn does not answer; the process may still run.
type SocketLost struct{ Reason string }

// Exited is the last event. Output is the last thing it wrote, Fatal what it
// said on the management socket. The exit status tells nothing: openvpn ends
// with 0 for many failures.
type Exited struct {
	At     time.Time
	Status string // such as "exit status 1", "signal: killed"
	Fatal  string
	Output []string
}

// Credentials answer [NeedCredentials].
type Credentials struct {
	What     string
	Username string
	Password Secret
}

// ConnectedClient is a row of a server's client list (status 3).
type ConnectedClient struct {
	CID        uint64     `json:"cid"`
	CommonName string     `json:"common_name"`
	Username   string     `json:"username,omitzero"`
	Real       string     `json:"real,omitzero"` // address and port, as openvpn writes it
	Virtual    netip.Addr `json:"virtual,omitzero"`
	Virtual6   netip.Addr `json:"virtual6,omitzero"`
	BytesIn    uint64     `json:"bytes_in"`
	BytesOut   uint64     `json:"bytes_out"`
	Since      time.Time  `json:"since,omitzero"`
	Cipher     string     `json:"cipher,omitzero"`
}

func (StateChanged) event()       {}
func (ByteCount) event()          {}
func (LogLine) event()            {}
func (NeedCredentials) event()    {}
func (CredentialsRefused) event() {}
func (ClientAsks) event()         {}
func (ClientCame) event()         {}
func (ClientLeft) event()         {}
func (SocketLost) event()         {}
func (Exited) event()             {}
