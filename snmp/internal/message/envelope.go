package message

// Envelope is what a message has around its PDU.
type Envelope struct {
	Version   Version
	Community []byte // v1 and v2c

	// v3 only. MAC and Salt of Security are not looked at: MACSize and SaltSize
	// octets are left there for package usm to fill in.
	Header          Header
	Security        Security
	MACSize         int // 0 without FlagAuth
	SaltSize        int // 0 without FlagPriv
	BlockSize       int // with FlagPriv: the scopedPDU is filled up to a multiple of it; 0 is 1
	ContextEngineID []byte
	ContextName     []byte
}

// Sealable is a message that a Writer finished, with the places where
// cryptography has to go to work.
type Sealable struct {
	Raw []byte // the whole message
	// v3 only: the parts of Raw for msgAuthenticationParameters (zeros so far),
	// msgPrivacyParameters (the same), and with FlagPriv for the encryption of
	// the scopedPDU (still its plaintext, filled up with zeros).
	MAC, Salt, Scoped []byte
}
