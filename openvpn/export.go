package openvpn

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"

	"github.com/fieldgate/fieldgate/openvpn/internal/ovpn"
)

// ClientFile is what [Export] cannot know from the server.
type ClientFile struct {
	// Host is where the client reaches the server, Port the port there; 0 is
	// the server's own.
	Host string
	Port uint16
	// CA, Cert and Key are PEM: the server's authorities, and the identity of
	// this client. A client of a server that asks no certificate has none.
	CA, Cert, Key []byte
	// ControlKey is the key of tls-auth or tls-crypt, which all ends share, or
	// the client's own one of tls-crypt-v2. Required when the server has one.
	ControlKey []byte
	// ServerFingerprint is the SHA-256 fingerprint of the server's
	// certificate, needed only when there is no CA.
	ServerFingerprint string
}

// String names the server, never what is in the keys.
func (c ClientFile) String() string { return "client file for " + c.Host }

// LogValue keeps the keys out of logs.
func (c ClientFile) LogValue() slog.Value { return slog.StringValue(c.String()) }

// Export returns an OVPN file, keys and all, with which a client reaches a
// server: everything that both ends must agree on is in it. It is as secret
// as the client's key. What [Import] makes of it is a valid instance.
func Export(server Instance, c ClientFile) ([]byte, error) {
	text, err := export(server, c)
	if err != nil {
		return nil, fmt.Errorf("openvpn: export a client of %q: %w", server.Name, err)
	}
	return text, nil
}

func export(server Instance, c ClientFile) ([]byte, error) {
	if server.role() != RoleServer {
		return nil, errors.New("it is no server")
	}
	if err := server.Validate(); err != nil {
		return nil, err
	}
	client := Instance{
		Name: "client", Role: RoleClient, Protocol: server.Protocol, DeviceType: server.DeviceType, Nobind: true,
		Remotes: []Remote{{Host: c.Host, Port: c.Port}}, Files: make(map[FileKind]string),
		Login: len(server.Users) > 0, Options: sharedOptions(server, len(c.CA) > 0),
	}
	if c.Port == 0 {
		client.Remotes[0].Port = server.shownPort()
	}
	switch {
	case server.Listen.IPv6Only:
	case server.Protocol == ProtocolUDP6: // such a socket takes IPv4 too
		client.Protocol = ProtocolUDP
	case server.Protocol == ProtocolTCP6:
		client.Protocol = ProtocolTCP
	}
	if c.ServerFingerprint != "" {
		client.PeerFingerprints = []string{c.ServerFingerprint}
	}
	blocks := map[FileKind][]byte{FileCA: c.CA, FileCert: c.Cert, FileKey: c.Key}
	for _, kind := range []FileKind{FileTLSAuth, FileTLSCrypt, FileTLSCryptV2} {
		if server.Files[kind] != "" {
			blocks[kind] = c.ControlKey
			if len(c.ControlKey) == 0 {
				return nil, fmt.Errorf("the key of %s is missing", kind)
			}
			if kind == FileTLSCryptV2 && !bytes.Contains(c.ControlKey, []byte("BEGIN OpenVPN tls-crypt-v2 client key")) {
				return nil, errors.New("tls-crypt-v2: want the key of this client, never the server's")
			}
		}
	}
	if server.Files[FileTLSAuth] != "" {
		client.KeyDirection = map[string]string{"0": "1", "1": "0"}[server.KeyDirection]
	}
	for kind, content := range blocks {
		if len(content) == 0 {
			continue
		}
		clean, err := cleanFile(kind, string(content))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", kind, err)
		}
		blocks[kind], client.Files[kind] = clean, inlineNames()[kind]
	}
	if err := client.Validate(); err != nil {
		return nil, err
	}
	if client.Files[FileCert] == "" && server.wantsCertificate() {
		return nil, errors.New("cert and key are missing: the server lets nobody in without")
	}
	return write(client, blocks)
}

// wantsCertificate reports whether clients of a server need a certificate.
func (i Instance) wantsCertificate() bool {
	for _, o := range i.Options {
		if o.Name == "verify-client-cert" && len(o.Args) > 0 && o.Args[0] != "require" {
			return false
		}
	}
	return true
}

// sharedOptions returns the options that a client must have as the server
// does, and those that make a client hold on.
func sharedOptions(server Instance, authority bool) []Option {
	shared := []Option{{Name: "remote-cert-tls", Args: []string{"server"}}}
	if !authority {
		shared = nil // a certificate of its own need not say what it is for
	}
	for _, o := range server.Options {
		switch o.Name {
		case "allow-compression", "auth", "cipher", "comp-lzo", "comp-noadapt", "compress", "data-ciphers",
			"data-ciphers-fallback", "ecdh-curve", "fragment", "link-mtu", "no-replay", "tls-cert-profile", "tls-ciphersuites",
			"tls-groups", "tls-version-max", "tls-version-min", "tun-mtu", "tun-mtu-extra":
			shared = append(shared, o)
		}
	}
	return append(shared, Option{Name: "persist-key"}, Option{Name: "persist-tun"}, Option{Name: "verb", Args: []string{"3"}})
}

// write returns an instance as a file that stands alone: without the name of
// a device, and with its files in blocks.
func write(i Instance, blocks map[FileKind][]byte) ([]byte, error) {
	text, err := Render(i)
	if err != nil {
		return nil, err
	}
	lines, err := ovpn.Lex(text)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for _, line := range lines {
		words := line.Words
		kind := FileKind(line.Name())
		if content, isFile := blocks[kind]; isFile && len(content) > 0 {
			fmt.Fprintf(&out, "<%s>\n%s</%s>\n", kind, content, kind)
			continue
		}
		switch line.Name() {
		case "dev":
			words = []string{"dev", string(i.deviceType())}
		case "dev-type": // the name says it
			continue
		}
		joined, err := ovpn.Join(words...)
		if err != nil {
			return nil, err
		}
		out.WriteString(joined)
	}
	return out.Bytes(), nil
}
