// Package receivertest offers a [Memory] sink for tests of servers built on
// package receiver. The conformance test of every sink is in its folder
// suite.
package receivertest
