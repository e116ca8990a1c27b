package ipsec

import (
	"strings"

	"github.com/fieldgate/fieldgate/internal/config"
)

// readWord reads a word in any case into p. Aliases are further spellings,
// each followed by what it stands for.
func readWord[T ~string](p *T, text []byte, aliases map[string]T, allowed ...T) error {
	word := strings.ToLower(strings.TrimSpace(string(text)))
	if word == "" {
		*p = ""
		return nil
	}
	if meant, ok := aliases[word]; ok {
		*p = meant
		return nil
	}
	v, err := config.ParseEnum([]byte(word), allowed...)
	if err != nil {
		return err
	}
	*p = v
	return nil
}

// Type is what of a packet is protected.
type Type string

// The types of a connection.
const (
	TypeTunnel    Type = "tunnel"    // the whole packet
	TypeTransport Type = "transport" // its payload; host to host only
)

// UnmarshalText reads one of the words above in any case, or nothing for
// tunnel.
func (t *Type) UnmarshalText(text []byte) error {
	return readWord(t, text, nil, TypeTunnel, TypeTransport)
}

// Authentication is how the ends prove who they are.
type Authentication string

// The ways of authentication.
const (
	AuthPSK Authentication = "psk" // a shared secret
	AuthRSA Authentication = "rsa" // certificates, of any kind of key
)

// UnmarshalText reads psk (also "pre-shared key" or "shared secret"), rsa
// (also "rsa certificate", "certificate" or "pubkey"), or nothing for psk.
func (a *Authentication) UnmarshalText(text []byte) error {
	return readWord(a, text, map[string]Authentication{
		"pre-shared key": AuthPSK, "pre-shared-key": AuthPSK, "shared secret": AuthPSK, "secret": AuthPSK,
		"rsa certificate": AuthRSA, "certificate": AuthRSA, "pubkey": AuthRSA,
	}, AuthPSK, AuthRSA)
}

// KeyExchange is the version of IKE.
type KeyExchange string

// The versions of IKE.
const (
	IKEv1 KeyExchange = "ikev1" // RFC 2409
	IKEv2 KeyExchange = "ikev2" // RFC 7296
)

// UnmarshalText reads one of the words above in any case, or nothing for
// ikev2.
func (k *KeyExchange) UnmarshalText(text []byte) error {
	return readWord(k, text, nil, IKEv1, IKEv2)
}

// ExchangeMode is the first exchange of IKEv1.
type ExchangeMode string

// The modes of IKEv1.
const (
	ModeMain       ExchangeMode = "main"
	ModeAggressive ExchangeMode = "aggressive" // shows the identities, and lets a PSK be guessed
)

// UnmarshalText reads one of the words above in any case, or nothing for
// main.
func (m *ExchangeMode) UnmarshalText(text []byte) error {
	return readWord(m, text, nil, ModeMain, ModeAggressive)
}

// DPDAction is what becomes of a connection whose peer is dead.
type DPDAction string

// The answers to a dead peer.
const (
	DPDNone    DPDAction = "none"    // nobody looks
	DPDClear   DPDAction = "clear"   // it is closed, and demand does not bring it up: a start by hand does, or the peer
	DPDHold    DPDAction = "hold"    // it is closed, and negotiated again on demand
	DPDRestart DPDAction = "restart" // it is negotiated again at once, until that succeeds
)

// UnmarshalText reads one of the words above in any case, or nothing for
// none.
func (d *DPDAction) UnmarshalText(text []byte) error {
	return readWord(d, text, nil, DPDNone, DPDClear, DPDHold, DPDRestart)
}

// StartAction is how a connection comes up.
type StartAction string

// The ways to come up.
const (
	StartTrap StartAction = "trap"  // on demand
	StartNow  StartAction = "start" // at once, and it is kept up
	StartNone StartAction = "none"  // by hand, or when the peer comes
)

// UnmarshalText reads one of the words above in any case, or nothing for
// trap.
func (s *StartAction) UnmarshalText(text []byte) error {
	return readWord(s, text, nil, StartTrap, StartNow, StartNone)
}

// CloseAction is what becomes of a connection that the peer closes.
type CloseAction string

// The answers to a peer that closes.
const (
	CloseNone    CloseAction = "none"    // it stays down, but one with StartAction trap is on demand again
	CloseHold    CloseAction = "hold"    // it is negotiated again on demand
	CloseRestart CloseAction = "restart" // it is negotiated again at once
)

// UnmarshalText reads one of the words above in any case, or nothing for the
// default.
func (c *CloseAction) UnmarshalText(text []byte) error {
	return readWord(c, text, nil, CloseNone, CloseHold, CloseRestart)
}

// Fragmentation of IKE messages.
type Fragmentation string

// The ways of fragmentation.
const (
	FragmentationYes    Fragmentation = "yes"    // when the peer can, and the message is large
	FragmentationAccept Fragmentation = "accept" // the peer may
	FragmentationForce  Fragmentation = "force"  // from the first message on; IKEv1
	FragmentationNo     Fragmentation = "no"
)

// UnmarshalText reads one of the words above in any case, or nothing for yes.
// "true" and "false" are yes and no.
func (f *Fragmentation) UnmarshalText(text []byte) error {
	return readWord(f, text, map[string]Fragmentation{"true": FragmentationYes, "false": FragmentationNo},
		FragmentationYes, FragmentationAccept, FragmentationForce, FragmentationNo)
}
