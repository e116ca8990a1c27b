// Package dtls carries telemetry through DTLS 1.2 with a pre-shared key, for
// servers that want it or networks where the content of the messages must not
// be seen. It is a package of its own, since its library (pion/dtls) is larger
// than the whole agent without it:
//
//	telemetry.Options{
//		Dialers: map[telemetry.Transport]telemetry.DialFunc{telemetry.TransportDTLS: dtls.Dial},
//	}
//
// # Key
//
// The key is in the file PSKFile of the destination: 32 to 128 hexadecimal
// digits, 16 to 64 bytes, with white space around them at most, as `openssl
// rand -hex 32` writes them. The file must not be open to its group or to
// others (mode 0600 or stricter). It is read at each dial, so that a new key
// needs no restart. Identity is the name by which the server finds the key.
//
// # Cipher suites
//
// Offered are, in this order,
//
//	TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256  RFC 7905; forward secrecy
//	TLS_PSK_WITH_AES_128_GCM_SHA256              RFC 5487
//	TLS_PSK_WITH_AES_128_CCM                     RFC 6655
//	TLS_PSK_WITH_AES_128_CCM_8                   RFC 6655; what RFC 7925 demands of small servers
//
// With the others than the first, whoever learns the key later can read what
// was recorded before.
//
// # Connection
//
// A connection identifier (RFC 9146) is offered: a server that has it goes on
// recognizing a device whose address a NAT has changed. A server without it
// loses the device then, as it does when it is started anew, and the device
// does not notice: nothing answers telemetry. The agent therefore dials anew
// after an error, and every 10 minutes in any case.
//
// A record is up to 37 bytes longer than its message, and by the connection
// identifier and 1 byte where there is one.
package dtls
