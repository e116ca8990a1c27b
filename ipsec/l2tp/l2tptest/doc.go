// Package l2tptest has fakes for tests of programs that use package l2tp, and
// for devices that are only played: [Host], a backend whose peers are in
// memory, and [Channels], an ipsec service that brings channels up.
package l2tptest
