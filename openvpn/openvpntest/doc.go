// Package openvpntest stands in for openvpn: a [Runner] whose processes play
// their states in time, ask for passwords, have clients, and fail as they are
// told to, and a [Store] in memory. Both pass the suite that the real ones
// pass. It is for tests, and for programs that play a gateway without one.
package openvpntest
