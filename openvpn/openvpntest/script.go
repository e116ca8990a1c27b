package openvpntest

import (
	"bytes"
	"time"

	"github.com/fieldgate/fieldgate/openvpn"
)

// Script is how a process behaves. The zero Script connects, as a client
// within 60 ms, as a server or peer within 10 ms.
type Script struct {
	// Output is what it writes before it dies with status 1 at once. Nothing:
	// it lives. See [Bind] and the like.
	Output []string
	// Ask are the credentials that it asks for, in this order, before it
	// connects; Accept judges them, nil takes all.
	Ask    []openvpn.NeedCredentials
	Accept func(openvpn.Credentials) bool
	// Hang waits for an answer of the other end for ever.
	Hang bool
	// Deaf takes no notice of SIGTERM.
	Deaf bool
	// Stubborn does not even die when killed.
	Stubborn bool
}

// Bind is what openvpn 2.6 writes when its port is taken.
func Bind() Script {
	return Script{Output: []string{
		"TCP/UDP: Socket bind failed on local address [AF_INET][undef]:1194: Address already in use (errno=98)",
		"Exiting due to fatal error",
	}}
}

// Options is a configuration that openvpn does not take.
func Options() Script {
	return Script{Output: []string{
		"Options error: Unrecognized option or missing or extra parameter(s) in config:3: bogus (2.6.14)",
		"Use --help for more information.",
	}}
}

// NoDevice is a machine without /dev/net/tun.
func NoDevice() Script {
	return Script{Output: []string{
		"ERROR: Cannot open TUN/TAP dev /dev/net/tun: No such file or directory (errno=2)",
		"Exiting due to fatal error",
	}}
}

// pace is the time between two states.
const pace = 10 * time.Millisecond

// states are what a process says until it is connected.
func states(config []byte) []string {
	if has(config, "client") {
		return []string{"CONNECTING", "WAIT", "AUTH", "GET_CONFIG", "ASSIGN_IP", "CONNECTED"}
	}
	return []string{"CONNECTED"}
}

// has reports whether a line of a configuration begins with a word.
func has(config []byte, word string) bool {
	for line := range bytes.Lines(config) {
		if fields := bytes.Fields(line); len(fields) > 0 && string(fields[0]) == word {
			return true
		}
	}
	return false
}
