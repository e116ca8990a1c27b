package ipsec

import (
	"fmt"
	"time"
)

// Cause is why a connection does not come up.
type Cause string

// The causes of a failure.
const (
	CauseNoResponse     Cause = "no response"       // the peer is silent
	CauseAuthentication Cause = "authentication"    // wrong key, identity or certificate
	CauseCertificate    Cause = "certificate"       // expired, not yet valid, wrong CA
	CauseNoSecret       Cause = "no secret"         // we have no key for the identities
	CausePhase1         Cause = "phase 1 proposal"  // nothing in common for IKE
	CausePhase2         Cause = "phase 2 proposal"  // nothing in common for ESP
	CauseSelectors      Cause = "traffic selectors" // the peer wants other subnets
	CauseName           Cause = "name resolution"
	CauseUnreachable    Cause = "unreachable" // no route, or the network refuses
	CauseTimeout        Cause = "timeout"     // ours
	CauseStopped        Cause = "stopped"     // Terminate or Stop came meanwhile
	CauseClosed         Cause = "closed by peer"
	CauseDaemon         Cause = "daemon" // it ended meanwhile, or cannot do it
	CauseOther          Cause = "other"
)

// Failure is why a connection did not come up, or went down.
type Failure struct {
	Connection string `json:"connection"` // its name
	Cause      Cause  `json:"cause"`
	// Detail says it in a sentence, with what to do.
	Detail string `json:"detail,omitzero"`
	// Log is what the daemon said, the last lines; it holds no secrets.
	Log []string `json:"log,omitzero"`
	// At is when; backends may leave it to the service.
	At time.Time `json:"at"`
	// Err is the error behind it; nil: there is none.
	Err error `json:"-"`
}

// Error tells connection, cause and detail.
func (f *Failure) Error() string {
	return fmt.Sprintf("ipsec: %s: %s: %s", f.Connection, f.Cause, f.Detail)
}

// Unwrap returns the error behind it.
func (f *Failure) Unwrap() error { return f.Err }
