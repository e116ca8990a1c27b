package openvpn

import (
	"io/fs"
	"log/slog"
)

// Options is what the program brings.
type Options struct {
	// Runner runs openvpn, usually a process.Runner. Required.
	Runner Runner
	// Store keeps the files of instances, usually a filestore.Store. Required.
	Store Store
	// OpenFolder returns the folder of *.conf files. Default: that of the disk,
	// where links that lead out of the folder are not followed.
	OpenFolder func(path string) fs.FS
	// Logger gets a line for each change of a state, nil drops them. Lines of
	// openvpn's own log are not among them, see [Service.Log].
	Logger *slog.Logger
	// OnChange is called with each change of an instance but those of its byte
	// counts: one call at a time, those of one instance in their order. One
	// that does not keep up misses states in between, never the last. It may
	// call all methods but Stop and Release.
	OnChange func(InstanceStatus)
}
