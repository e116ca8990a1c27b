package message_test

import (
	"bytes"
	"encoding/hex"
	"slices"
)

// The tests build their messages from elements, apart from package ber.

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

// el is an element of at most 65535 octets.
func el(tag byte, parts ...[]byte) []byte {
	contents := bytes.Join(parts, nil)
	if n := len(contents); n > 127 {
		return append([]byte{tag, 0x82, byte(n >> 8), byte(n)}, contents...)
	}
	return append([]byte{tag, byte(len(contents))}, contents...)
}

func seq(parts ...[]byte) []byte { return el(0x30, parts...) }

// num is an INTEGER of these octets.
func num(octets ...byte) []byte { return el(2, octets) }

func str(s string) []byte { return el(4, []byte(s)) }

var (
	null     = el(5)
	sysDescr = el(6, unhex("2b06010201010100"))
	bind     = seq(sysDescr, null)
)

// pduOf is a PDU with these fields in front of its bindings.
func pduOf(tag byte, binds []byte, fields ...[]byte) []byte {
	return el(tag, append(slices.Clone(fields), seq(binds))...)
}

// get is the GET of sysDescr.0 with the request-id 1.
var get = pduOf(0xa0, bind, num(1), num(0), num(0))

func v1(pdu []byte) []byte  { return seq(num(0), str("public"), pdu) }
func v2c(pdu []byte) []byte { return seq(num(1), str("public"), pdu) }

// v3parts is a v3 message that can be spoiled part by part.
type v3parts struct{ version, id, maxSize, flags, model, security, data []byte }

func goodV3() v3parts {
	return v3parts{
		version: num(3), id: num(0x12, 0x34), maxSize: num(0x00, 0xff, 0xe3), flags: el(4, []byte{7}), model: num(3),
		security: el(4, security(nil)),
		data:     scoped(get),
	}
}

// security is the UsmSecurityParameters with one part replaced, if any.
func security(replace map[int][]byte) []byte {
	parts := [][]byte{str("\x80\x00\x1f\x88\x04engine"), num(5), num(0x01, 0x00), str("user"), str("twelve bytes"), str("saltsalt")}
	for i, part := range replace {
		parts[i] = part
	}
	return seq(parts...)
}

func scoped(pdu []byte) []byte { return seq(str("\x80\x00\x1f\x88\x04engine"), str("ctx"), pdu) }

func (p v3parts) bytes() []byte {
	return seq(p.version, seq(p.id, p.maxSize, p.flags, p.model), p.security, p.data)
}
