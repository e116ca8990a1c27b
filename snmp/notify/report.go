package notify

import (
	"bytes"
	"fmt"
	"time"

	"github.com/gosnmp/gosnmp"
)

// Reports (RFC 3412, section 5; RFC 3414, section 5).
const (
	unknownContexts      = ".1.3.6.1.6.3.12.1.5.0"
	unknownPDUHandlers   = ".1.3.6.1.6.3.11.2.1.3.0"
	unsupportedSecLevels = ".1.3.6.1.6.3.15.1.1.1.0"
	notInTimeWindows     = ".1.3.6.1.6.3.15.1.1.2.0"
	unknownUserNames     = ".1.3.6.1.6.3.15.1.1.3.0"
	unknownEngineIDs     = ".1.3.6.1.6.3.15.1.1.4.0"
	wrongDigests         = ".1.3.6.1.6.3.15.1.1.5.0"
	decryptionErrors     = ".1.3.6.1.6.3.15.1.1.6.0"
)

// report takes what the receiver says in place of an acknowledgement. It
// returns again when something was learned from it; neither that nor an error
// when it is to be ignored.
func (in *inform) report(p *gosnmp.SnmpPacket, authentic bool) (again bool, err error) {
	if len(p.Variables) == 0 {
		return false, nil
	}
	usm, ok := p.SecurityParameters.(*gosnmp.UsmSecurityParameters)
	if !ok {
		return false, nil
	}
	switch name := p.Variables[0].Name; name {
	case unknownEngineIDs:
		return in.meet(usm)
	case notInTimeWindows:
		// Who could forge it could make us sign for a time to come. Without
		// authentication there is no time window.
		if !authentic || in.keys == nil {
			return false, nil
		}
		in.learn(usm)
		return true, nil
	default:
		return false, refused{in.complaint(name)}
	}
}

// meet makes the keys for the engine of the receiver.
func (in *inform) meet(usm *gosnmp.UsmSecurityParameters) (again bool, err error) {
	if n := len(usm.AuthoritativeEngineID); n < 5 || n > 32 {
		return false, refused{errEngineID}
	}
	if in.keys, err = in.who.localized([]byte(usm.AuthoritativeEngineID), false); err != nil {
		return false, refused{err}
	}
	in.learn(usm)
	return true, nil
}

// learn keeps what the receiver tells of its clock.
func (in *inform) learn(usm *gosnmp.UsmSecurityParameters) {
	in.keys.AuthoritativeEngineBoots = usm.AuthoritativeEngineBoots
	in.time, in.learned = usm.AuthoritativeEngineTime, time.Now()
}

// complaint says what to do about a report.
func (in *inform) complaint(name string) error {
	switch name {
	case unknownUserNames:
		return fmt.Errorf("the receiver knows no user %q: create the user there", in.who.Name)
	case unsupportedSecLevels:
		return fmt.Errorf("the receiver's user %q is not for this level: compare the protocols on both sides", in.who.Name)
	case wrongDigests:
		return fmt.Errorf("the receiver finds the digest wrong: compare protocol and password of the authentication of user %q on both sides", in.who.Name)
	case decryptionErrors:
		return fmt.Errorf("the receiver cannot decrypt: compare protocol and password of the privacy of user %q on both sides", in.who.Name)
	case unknownContexts:
		return fmt.Errorf("the receiver knows no context %q", in.m.To.Context)
	case unknownPDUHandlers:
		return fmt.Errorf("the receiver takes no informs: send traps, or turn on informs there")
	}
	return fmt.Errorf("the receiver refuses the inform with report %s", name)
}

// decode returns an answer that is neither authenticated nor encrypted, nil
// when it is none.
func decode(datagram []byte) (p *gosnmp.SnmpPacket) {
	defer func() {
		if recover() != nil {
			p = nil
		}
	}()
	p, err := new(gosnmp.GoSNMP).SnmpDecodePacket(bytes.Clone(datagram))
	if err != nil {
		return nil
	}
	return p
}

// decodeSecure returns an answer at the level of the inform, from the engine
// that the inform was for; nil when it is none.
func (in *inform) decodeSecure(datagram []byte) (p *gosnmp.SnmpPacket) {
	if in.keys == nil {
		return nil
	}
	defer func() {
		if recover() != nil {
			p = nil
		}
	}()
	// Without the passwords gosnmp makes no keys for an engine that the answer
	// claims to come from; it is compared below, as is the level.
	keys := &gosnmp.UsmSecurityParameters{
		UserName: in.keys.UserName, AuthoritativeEngineID: in.keys.AuthoritativeEngineID,
		AuthenticationProtocol: in.keys.AuthenticationProtocol, PrivacyProtocol: in.keys.PrivacyProtocol,
		SecretKey: in.keys.SecretKey, PrivacyKey: in.keys.PrivacyKey,
	}
	x := &gosnmp.GoSNMP{Version: gosnmp.Version3, SecurityModel: gosnmp.UserSecurityModel, SecurityParameters: keys}
	p, err := x.UnmarshalTrap(bytes.Clone(datagram), true)
	if err != nil || p.Version != gosnmp.Version3 {
		return nil
	}
	from, ok := p.SecurityParameters.(*gosnmp.UsmSecurityParameters)
	if !ok || from.AuthoritativeEngineID != in.keys.AuthoritativeEngineID || from.UserName != in.keys.UserName {
		return nil
	}
	// A response must have the level of the inform, a report must at least be
	// authentic.
	least := in.who.flags
	if p.PDUType == gosnmp.Report {
		least &= gosnmp.AuthNoPriv
	}
	if p.MsgFlags&least != least {
		return nil
	}
	return p
}
