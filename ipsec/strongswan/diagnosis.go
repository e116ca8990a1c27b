package strongswan

import (
	"cmp"
	"regexp"
	"strings"

	"github.com/fieldgate/fieldgate/ipsec"
)

// The bounds of what is kept of charon's words about one try.
const (
	keptLines = 12
	lineBytes = 300
)

// diagnosis finds out of charon's log why a connection did not come up. The
// texts are those of 5.9.8, level 1.
type diagnosis struct {
	last   []string
	cause  ipsec.Cause
	detail string
	// IKE is established: what is refused then is the data channel.
	established bool
	// A message of the peer could not be deciphered.
	garbled bool
	// retransmits: the peer left a request unanswered, at least for a while.
	retransmits bool
	// hopeless: charon tries again and again by itself, but this try has
	// failed.
	hopeless bool
}

// sign is a text in the log that tells a cause.
type sign struct {
	text   string
	cause  ipsec.Cause
	detail string
}

// signs are looked for in this order; the first line that has one counts. A
// detail that ends with a colon gets the line behind it.
func signs() []sign {
	return []sign{
		{"unable to resolve", ipsec.CauseName, "the gateway's name cannot be resolved: "},
		{"no shared key found", ipsec.CauseNoSecret, "there is no pre-shared key for these identities: "},
		{"no private key found", ipsec.CauseNoSecret, "there is no private key for the local identity: "},
		{"subject certificate invalid", ipsec.CauseCertificate, "a certificate is out of its time: "},
		{"constraint check failed", ipsec.CauseCertificate, "the peer's certificate is not of the authority that is set: "},
		{"no issuer certificate found", ipsec.CauseCertificate, "a certificate is of an authority that is not known: "},
		{"issuer is", ipsec.CauseCertificate, "a certificate is of an authority that is not known: "},
		{"certificate was revoked", ipsec.CauseCertificate, "a certificate is revoked: "},
		{"no trusted", ipsec.CauseCertificate, "the peer's certificate is not trusted: "},
		{"does not match to", ipsec.CauseAuthentication, "the peer has another identity than the one that is set: "},
		{"MAC mismatched", ipsec.CauseAuthentication, "the peer has another pre-shared key"},
		{"HASH does not match", ipsec.CauseAuthentication, "the peer has another pre-shared key"},
		{"constraint requires", ipsec.CauseAuthentication, "the peer does not prove itself as it is set: "},
		{"AUTHENTICATION_FAILED", ipsec.CauseAuthentication, "the peer refuses the key, the certificate or the identities"},
		{"INVALID_KE_PAYLOAD", ipsec.CausePhase1, "the peer does not take the Diffie-Hellman group"},
		{"NO_PROPOSAL_CHOSEN", ipsec.CausePhase1, "the peer takes none of the phase 1 proposals"},
		{"no acceptable proposal found", ipsec.CausePhase1, "the peer's choice is not among the phase 1 proposals"},
		{"TS_UNACCEPTABLE", ipsec.CauseSelectors, "the peer does not take the local and remote subnets"},
		{"INVALID_ID_INFORMATION", ipsec.CauseSelectors, "the peer does not take the local and remote subnets"},
		{"INTERNAL_ADDRESS_FAILURE", ipsec.CauseOther, "the peer has no address for us"},
		{"sending packet: from 0.0.0.0[", ipsec.CauseUnreachable, "there is no route to the gateway"},
		{"sending packet: from ::[", ipsec.CauseUnreachable, "there is no route to the gateway"},
		{"Network is unreachable", ipsec.CauseUnreachable, "there is no route to the gateway"},
		{"No route to host", ipsec.CauseUnreachable, "there is no route to the gateway"},
		{"error installing route", ipsec.CauseDaemon, "charon cannot install the tunnel: "},
		{"unable to install", ipsec.CauseDaemon, "charon cannot install the tunnel: "},
		{"installing trap failed", ipsec.CauseDaemon, "charon cannot arm the connection: "},
		{"received DELETE for IKE_SA", ipsec.CauseClosed, "the peer has closed it"},
	}
}

// otherNotify is a refusal that is not in the list.
var otherNotify = regexp.MustCompile(`received (\w+) (?:notify error|error notify|notify, no CHILD_SA built)`)

// line notes what charon says.
func (d *diagnosis) line(text string) {
	if len(text) > lineBytes {
		text = strings.ToValidUTF8(text[:lineBytes], "")
	}
	if len(d.last) == keptLines {
		d.last = append(d.last[:0], d.last[1:]...)
	}
	d.last = append(d.last, text)
	switch {
	case strings.HasPrefix(text, "IKE_SA ") && strings.Contains(text, " established between "):
		d.established = true
	case strings.Contains(text, "message parsing failed"):
		d.garbled = true
	case strings.Contains(text, "retransmit ") && strings.Contains(text, " of request"):
		d.retransmits = true
	case strings.Contains(text, "peer not responding, trying again"):
		d.hopeless = true
	}
	if d.cause != "" {
		return
	}
	for _, s := range signs() {
		if !strings.Contains(text, s.text) {
			continue
		}
		d.cause, d.detail = s.cause, s.detail
		if strings.HasSuffix(s.detail, ": ") {
			d.detail += text
		}
		if d.established && s.cause == ipsec.CausePhase1 {
			d.cause, d.detail = ipsec.CausePhase2, strings.Replace(s.detail, "phase 1", "phase 2", 1)
		}
		if !d.established && s.text == "INVALID_ID_INFORMATION" {
			d.cause, d.detail = ipsec.CauseAuthentication, "the peer does not take the local identity"
		}
		return
	}
	if m := otherNotify.FindStringSubmatch(text); m != nil {
		d.cause, d.detail = ipsec.CauseOther, "the peer refuses: "+m[1]
		return
	}
	if strings.Contains(text, "giving up after") {
		d.cause, d.detail = ipsec.CauseNoResponse, "the gateway does not answer; look at its address, its firewall (UDP 500 and 4500) and whether it runs"
		switch {
		case d.garbled: // what IKEv1 makes of a wrong key in main mode
			d.cause, d.detail = ipsec.CauseAuthentication, "no answer that can be deciphered: the pre-shared key may be wrong"
		case d.established:
			d.detail = "the gateway does not answer any more"
		}
	}
}

// failure returns what was found out; reply is charon's answer.
func (d *diagnosis) failure(connection, reply string) *ipsec.Failure {
	f := &ipsec.Failure{Connection: connection, Cause: d.cause, Detail: d.detail, Log: d.last}
	if f.Cause != "" {
		return f
	}
	switch {
	case strings.Contains(reply, "not established after") && d.retransmits:
		f.Cause, f.Detail = ipsec.CauseNoResponse, "the gateway does not answer"
	case strings.Contains(reply, "not established after"):
		f.Cause, f.Detail = ipsec.CauseTimeout, "it took too long"
	case strings.Contains(reply, "not found"):
		f.Cause, f.Detail = ipsec.CauseDaemon, "charon does not know the connection (any more): "+reply
	default:
		f.Cause, f.Detail = ipsec.CauseOther, cmp.Or(reply, "charon gives no reason")
	}
	return f
}
