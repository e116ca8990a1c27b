// Package usm is the User-based Security Model of SNMPv3 (RFC 3414, with the
// AES of RFC 3826 and the SHA-2 of RFC 7860) for an engine that is itself the
// authority: one that answers requests. It has no sockets, and reads the
// messages that package message decodes.
//
// An [Engine] checks what came in (Incoming), says what an answer has around
// its PDU (Envelope), and encrypts and signs it (Outgoing). Keys are made when
// a [User] is made, never because of a message.
package usm

import "github.com/fieldgate/fieldgate/snmp/internal/message"

// Level is a securityLevel, numbered as in RFC 3411.
type Level uint8

// The levels, from weak to strong.
const (
	NoAuthNoPriv Level = 1
	AuthNoPriv   Level = 2
	AuthPriv     Level = 3
)

// LevelOf returns the level that a message claims to have. The flags are those
// that message.Decode lets pass.
func LevelOf(flags message.Flags) Level {
	switch {
	case flags&message.FlagPriv != 0:
		return AuthPriv
	case flags&message.FlagAuth != 0:
		return AuthNoPriv
	}
	return NoAuthNoPriv
}

// Flags returns the flags of a message of the level that wants no REPORT.
func (l Level) Flags() message.Flags {
	switch l {
	case AuthPriv:
		return message.FlagAuth | message.FlagPriv
	case AuthNoPriv:
		return message.FlagAuth
	}
	return 0
}
