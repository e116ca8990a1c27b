package dtls

import (
	"context"
	"fmt"
	"net"

	"github.com/pion/dtls/v3"
	dtlsnet "github.com/pion/dtls/v3/pkg/net"

	"github.com/fieldgate/fieldgate/telemetry"
)

var _ telemetry.DialFunc = Dial

// Dial opens a connection to the Host and Port of d, and returns when both
// sides have proven that they have the key. Each Write of it is one datagram,
// and so is each Read; Close tells the server. It is a [telemetry.DialFunc].
//
// The error says what failed: the key file, the address, or the handshake. A
// server that does not know the identity or has another key may answer with
// an alert or not at all; the error is then that of ctx, which should have a
// deadline.
func Dial(ctx context.Context, d telemetry.Destination) (net.Conn, error) {
	key, err := readKey(d.PSKFile)
	if err != nil {
		return nil, fmt.Errorf("dtls: key file %s: %w", d.PSKFile, err)
	}
	socket, err := new(net.Dialer).DialContext(ctx, "udp", d.String())
	if err != nil {
		return nil, fmt.Errorf("dtls: %w", err)
	}
	conn, err := handshake(ctx, socket, d.Identity, key)
	if err != nil {
		_ = socket.Close() // what failed is the handshake
		return nil, fmt.Errorf("dtls: handshake with %s as %q: %w", d, d.Identity, err)
	}
	return conn, nil
}

func handshake(ctx context.Context, socket net.Conn, identity string, key []byte) (net.Conn, error) {
	conn, err := dtls.ClientWithOptions(dtlsnet.PacketConnFromConn(socket), socket.RemoteAddr(),
		dtls.WithPSK(func([]byte) ([]byte, error) { return key, nil }),
		dtls.WithPSKIdentityHint([]byte(identity)),
		dtls.WithCipherSuites(
			dtls.TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256,
			dtls.TLS_PSK_WITH_AES_128_GCM_SHA256,
			dtls.TLS_PSK_WITH_AES_128_CCM,
			dtls.TLS_PSK_WITH_AES_128_CCM_8,
		),
		dtls.WithConnectionIDGenerator(dtls.OnlySendCIDGenerator()),
	)
	if err != nil {
		return nil, err
	}
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = conn.Close() // ends its goroutines
		return nil, err
	}
	return conn, nil
}
