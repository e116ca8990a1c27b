package api

import (
	"context"
	"log/slog"
	"net"
)

// Options is what the program brings.
type Options struct {
	// Providers is what the endpoints tell about; nil ones cannot be
	// switched on.
	Providers Providers

	// Versions is what /api/version and /api/syncVersion tell.
	Versions Versions

	// Logger gets one line for each request: Debug when it succeeded, Info
	// when it was refused or failed. Never a key, a query or a path of the
	// client's making. Nil discards.
	Logger *slog.Logger

	// Listen opens the listener of a [Service]; nil = net.ListenConfig. A
	// [Handler] does not call it.
	Listen func(ctx context.Context, network, addr string) (net.Listener, error)

	// TLSFolder is where a [Service] keeps the certificate that it makes for
	// itself, with its private key: api-tls.pem, mode 0600. The folder has to
	// exist. Empty: TLS needs files of the operator's.
	TLSFolder string

	// TLSNames are the host names and IP addresses in that certificate, by
	// which clients call the device; nil = "localhost". When they change, a
	// new certificate is made at the next start, with the same key.
	TLSNames []string
}
