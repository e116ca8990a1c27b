package openvpn

import (
	"net/netip"
	"strings"
	"time"
)

// tracker turns what a process says into the state of its instance. It is
// pure: no clock, no I/O.
type tracker struct {
	role   Role
	view   view
	stood  bool   // the tunnel stood at least once in the life of this process
	ending string // why openvpn says that it ends
	said   trouble
	wants  string // the credentials that it waits for
}

// view is the part of a status that the tracker decides.
type view struct {
	State           State
	Step            string
	Since           time.Time
	Cause           Cause
	Detail          string
	Tunnel, Tunnel6 netip.Addr
	Remote, Local   netip.AddrPort
}

// to changes the state.
func (t *tracker) to(s State, at time.Time, why trouble) {
	if t.view.State != s {
		t.view.State, t.view.Since = s, at
	}
	t.view.Cause, t.view.Detail = why.cause, why.detail
	if s != StateConnecting && s != StateReconnecting && s != StateFailed {
		t.view.Step = ""
	}
	switch s {
	case StateConnected, StateFailed: // as told
	case StateUnknown: // as they were
	default:
		t.view.Tunnel, t.view.Tunnel6 = netip.Addr{}, netip.Addr{}
		t.view.Remote, t.view.Local = netip.AddrPort{}, netip.AddrPort{}
	}
}

// under goes on trying: what it is called depends on what was before. A
// failure stays until the tunnel stands, however often openvpn tries.
func (t *tracker) under(step string, at time.Time, why trouble) {
	switch {
	case t.view.State == StateFailed:
		if why.cause != "" {
			t.view.Cause, t.view.Detail = why.cause, why.detail
		}
	case t.stood:
		if why.cause == "" && t.view.State == StateReconnecting {
			why = trouble{t.view.Cause, t.view.Detail}
		}
		t.to(StateReconnecting, at, why)
	default:
		t.to(StateConnecting, at, why)
	}
	t.view.Step = step
}

// fail notes a failure of a process that goes on.
func (t *tracker) fail(at time.Time, why trouble) {
	step := t.view.Step
	t.to(StateFailed, at, why)
	t.view.Step = step
	t.view.Tunnel, t.view.Tunnel6 = netip.Addr{}, netip.Addr{}
}

// state takes a state of openvpn.
func (t *tracker) state(e StateChanged) {
	switch e.Name {
	case "CONNECTED":
		t.connected(e)
	case "RECONNECTING":
		t.reconnecting(e)
	case "EXITING":
		t.ending = e.Detail
	default:
		t.wants = ""
		t.under(e.Name, e.At, t.said)
	}
}

func (t *tracker) connected(e StateChanged) {
	why := trouble{}
	state := StateConnected
	if e.Detail != "SUCCESS" && e.Detail != "" {
		state = StateFailed
		why = trouble{CauseRoute, "the tunnel stands, but its addresses or routes could not be set: look at the log"}
		if t.said.cause == CauseRoute {
			why = t.said
		}
	}
	t.to(state, e.At, why)
	t.view.Step = ""
	t.view.Since = e.At
	t.view.Tunnel, t.view.Tunnel6, t.view.Remote, t.view.Local = e.Tunnel, e.Tunnel6, e.Remote, e.Local
	t.stood, t.said = true, trouble{}
}

// reconnecting takes the end of a try, or of a tunnel.
func (t *tracker) reconnecting(e StateChanged) {
	why := reasons[e.Detail]
	if why.detail == "" {
		why.detail = "openvpn begins again: " + clean(e.Detail)
	}
	if t.said.cause != "" {
		why = t.said // the log tells more
	}
	t.said, t.wants = trouble{}, ""
	orderly := why.cause == ""
	if !orderly && (!t.stood || t.view.State != StateConnected) {
		t.fail(e.At, why) // a try that led nowhere
		t.view.Step = e.Name
		return
	}
	t.under(e.Name, e.At, why)
}

// reasons are what openvpn says with RECONNECTING and EXITING.
var reasons = map[string]trouble{
	"SIGUSR1":                        {"", "asked to reconnect"},
	"SIGHUP":                         {"", "asked to read its configuration again"},
	"ping-restart":                   {CauseNoAnswer, "the other end does not answer any more"},
	"connection-reset":               {CauseNoAnswer, "the other end closed the connection"},
	"server-pushed-connection-reset": {"", "the other end asked to connect again"},
	"server-pushed-halt":             {CauseHalted, "the server told this client to stop: ask its operator"},
	"auth-failure":                   {CauseAuth, "the other end refused the user name or the password: correct them"},
	"private-key-password-failure":   {CauseKeyPassword, "the password of the private key is wrong: correct key_password"},
	"tls-error":                      {CauseTLS, "the TLS handshake failed: look at the log"},
	"management-exit":                {CauseUnmanaged, "the management connection ended"},
	"Could not determine IPv4/IPv6 protocol": {CauseName,
		"the name of the other end is unknown: look at the name and at the DNS servers"},
}

// log takes a line of the log.
func (t *tracker) log(e LogLine) {
	why, bad := diagnose(e.Text)
	if !bad {
		return
	}
	if t.role == RoleServer && t.view.State == StateConnected {
		// What goes wrong with one client is no state of the server, but for
		// a list that refuses them all.
		if why.cause == CauseCRLExpired {
			t.view.Cause, t.view.Detail = why.cause, why.detail
		}
		return
	}
	if t.said.cause != "" && vague(why) && !vague(t.said) {
		return // the first word of a chain of errors is the plainest
	}
	t.said = why
	if t.view.State == StateConnecting || t.view.State == StateReconnecting {
		t.view.Cause, t.view.Detail = why.cause, why.detail
	}
}

// vague reports whether a trouble only says that TLS failed.
func vague(t trouble) bool {
	return t.cause == CauseTLS && strings.HasPrefix(t.detail, "the TLS handshake failed")
}

// came takes a client that got in: the revocation list is good again.
func (t *tracker) came() {
	if t.view.State == StateConnected {
		t.view.Cause, t.view.Detail = "", ""
	}
}

// refused takes credentials that were wrong.
func (t *tracker) refused(e CredentialsRefused, at time.Time) {
	why := reasons["auth-failure"]
	if e.What == keyPassword {
		why = reasons["private-key-password-failure"]
	}
	if e.Reason != "" {
		why.detail += " (" + clean(e.Reason) + ")"
	}
	t.said = why
	t.fail(at, why)
}

// waits takes a question for credentials that nobody has the answer to.
func (t *tracker) waits(what string, at time.Time) {
	t.wants = what
	switch what {
	case keyPassword:
		t.fail(at, trouble{CauseKeyPassword, "the private key is encrypted: set key_password"})
	case loginPassword:
		t.fail(at, trouble{CauseAuth, "the other end wants a user name and a password: set username and password"})
	default:
		t.fail(at, trouble{CauseAuth, "a password is needed for " + clean(what) + ": set that of the proxy"})
	}
}

// What openvpn calls its passwords.
const (
	loginPassword = "Auth"
	keyPassword   = "Private Key"
)

// exited tells why a process died that nobody had asked to end.
func (t *tracker) exited(e Exited) trouble {
	if why := reasons[t.ending]; why.cause != "" {
		if t.said.cause == why.cause {
			return t.said
		}
		return why
	}
	if t.ending == "SIGTERM" {
		return trouble{CauseKilled, "somebody else told openvpn to end"}
	}
	words := append(append([]string(nil), e.Output...), e.Fatal)
	why := lastWords(words)
	if why.cause == CauseKilled && t.said.cause != "" && (e.Status == "exit status 1" || e.Fatal != "") {
		return t.said
	}
	if why.cause == CauseKilled && strings.HasPrefix(e.Status, "signal") {
		return trouble{CauseKilled, "openvpn was killed (" + clean(e.Status) + ")"}
	}
	return why
}
