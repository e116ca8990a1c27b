package pki

import "encoding/asn1"

// firstElement returns the first DER element of b, all of b when there is
// none.
func firstElement(b []byte) []byte {
	var first asn1.RawValue
	if _, err := asn1.Unmarshal(b, &first); err != nil {
		return b
	}
	return first.FullBytes
}
