package l2tp

import (
	"fmt"
	"time"
)

// Cause is why a client is not up.
type Cause string

// The causes of a failure.
const (
	CauseChannel        Cause = "channel"        // IKE or ESP, see Detail
	CauseNoResponse     Cause = "no response"    // the L2TP server is silent
	CauseRefused        Cause = "refused"        // the L2TP server does not want us
	CauseAuthentication Cause = "authentication" // wrong user name or password
	CauseNegotiation    Cause = "negotiation"    // PPP found nothing in common
	CauseAddress        Cause = "address"        // PPP got no address, or one of no use
	CauseDead           Cause = "dead"           // echo requests stayed unanswered
	CauseClosed         Cause = "closed by peer"
	CauseRoute          Cause = "route"  // the routes could not be set
	CauseHost           Cause = "host"   // this host cannot do it
	CauseDaemon         Cause = "daemon" // the programs ended
	CauseOther          Cause = "other"
)

// Failure is why a client did not come up, or went down.
type Failure struct {
	Client string `json:"client"`
	Cause  Cause  `json:"cause"`
	// Detail says it in a sentence, with what to do.
	Detail string `json:"detail,omitzero"`
	// Log is what the programs said, the last lines; it holds no secrets.
	Log []string  `json:"log,omitzero"`
	At  time.Time `json:"at"`
}

// Error tells client, cause and detail.
func (f *Failure) Error() string {
	return fmt.Sprintf("l2tp: %s: %s: %s", f.Client, f.Cause, f.Detail)
}
