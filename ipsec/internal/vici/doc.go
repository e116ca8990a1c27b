// Package vici reads and writes the protocol of charon's control socket, the
// Versatile IKE Control Interface (README.md of libcharon's plugin vici in the
// sources of strongSwan 5.9.8).
//
// On the stream each packet has a length before it, 32 bits in network order.
// A packet is a type, a name where the type has one, and a message. A message
// is a tree of sections, texts and lists of texts.
package vici
