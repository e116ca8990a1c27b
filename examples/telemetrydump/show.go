package main

import (
	"errors"

	"github.com/fieldgate/fieldgate/telemetry"
)

// shown is one line of output.
type shown struct {
	Bytes    int                `json:"bytes"` // of the datagram
	Form     string             `json:"form"`
	Verified *bool              `json:"verified,omitempty"` // nil: no key
	Message  *telemetry.Message `json:"message,omitempty"`
	Ack      *ack               `json:"ack,omitempty"`
}

// ack is a [telemetry.Ack] with the names that a message has.
type ack struct {
	Serial string `json:"serial"`
	Boot   uint32 `json:"boot"`
	Seq    uint64 `json:"seq"`
	Part   uint64 `json:"part,omitempty"`
	Time   uint64 `json:"time"`
}

func (s shown) forged() bool { return s.Verified != nil && !*s.Verified }

// sealedByte is the first byte of a sealed datagram.
const sealedByte = 0xd1

// show takes a datagram apart.
func show(datagram []byte, keys keyFunc) (shown, error) {
	s := shown{Bytes: len(datagram), Form: "bare"}
	var err error
	if len(datagram) == 0 || datagram[0] != sealedByte {
		s.Message, err = telemetry.Decode(datagram)
		return s, err
	}
	e, err := telemetry.ParseEnvelope(datagram)
	if err != nil {
		return s, err
	}
	key, known, err := keys(e.Serial)
	if err != nil {
		return s, err
	}
	if known {
		verified := e.Verify(key)
		s.Verified = &verified
	}
	if len(e.Payload) > 0 && e.Payload[0]>>5 == arrayMajor {
		return s.withAck(datagram, key)
	}
	s.Form = "sealed"
	s.Message, err = e.Decode()
	return s, err
}

// arrayMajor is the CBOR major type of an array: the payload of an ack.
const arrayMajor = 4

func (s shown) withAck(datagram []byte, key telemetry.Key) (shown, error) {
	if s.Verified == nil {
		return s, errors.New("an ack, which is read with the key of its device only")
	}
	a, err := telemetry.ParseAck(datagram, key)
	if err != nil {
		return s, err
	}
	s.Form, s.Ack = "ack", &ack{Serial: a.Serial, Boot: a.Boot, Seq: a.Seq, Part: a.Part, Time: a.Time}
	return s, nil
}
