package guide

import "strings"

// fixed are the options that only gateway.yaml on the device sets: they name a
// program or decide what one runs, or a file that the gateway writes what
// others send to. Somebody who may change the rest is not to get the rights of
// the gateway by them.
var fixed = []struct{ path, reason string }{
	{"openvpn.folder.path", "files there may run programs, with trust_whole"},
	{"openvpn.folder.trust_whole", "it lets the files of the folder run programs"},
	{"ser2net.ports.traces", "the gateway writes what clients send to the files that it names"},
	{"upgrade.apply_command", "it names a program that the gateway runs"},
	{"upgrade.folder", "the gateway writes what is uploaded there"},
	{"upgrade.test_command", "it names a program that the gateway runs"},
	{"upgrade.trusted_keys", "who has these keys decides what the device runs"},
}

// FixedPaths returns the paths, without indexes, of the options that only
// gateway.yaml on the device sets, not the pages and the API.
func FixedPaths() []string {
	paths := make([]string, len(fixed))
	for i, f := range fixed {
		paths[i] = f.path
	}
	return paths
}

// Fixed says, as a sentence, why only gateway.yaml on the device sets what
// stands at a path, without indexes. Empty: pages and the API may.
func Fixed(path string) string {
	for _, f := range fixed {
		if below, is := strings.CutPrefix(path, f.path); is && (below == "" || below[0] == '.') {
			return "Set in gateway.yaml on the device only, since " + f.reason + "."
		}
	}
	return ""
}
