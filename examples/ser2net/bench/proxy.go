package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/fieldgate/fieldgate/internal/benchkit"
	"github.com/fieldgate/fieldgate/internal/ptypair"
)

// peer is the program of the Debian package ser2net.
const peer = "ser2net"

// ungathered gives ours the defaults of package ser2net. As a drop-in it
// would gather what the device sends, like C, when nothing is said.
const ungathered = "  options:\n    chardelay: false\n"

// tuning is what makes C ser2net quick.
const tuning = `  options:
    chardelay: false
    dev-to-net-bufsize: 16384
    net-to-dev-bufsize: 16384
`

// proxy is a program that is measured.
type proxy struct {
	program string
	flags   []string
	options string // YAML, of each connection
}

// server is a proxy that runs.
type server struct {
	*benchkit.Program
	ports []port
}

// port is a pseudo terminal and the address where the server offers it.
type port struct {
	*ptypair.Pair
	address string
}

// dial connects to the port.
func (p *port) dial() (net.Conn, error) { return net.Dial("tcp", p.address) }

// start starts a proxy with so many ports and waits until all are listened
// on. Its configuration is in dir.
func (x proxy) start(ctx context.Context, dir string, ports int) (*server, error) {
	s := &server{}
	if err := s.makePorts(ports); err != nil {
		return nil, errors.Join(err, s.closePorts())
	}
	config := filepath.Join(dir, "ser2net.yaml")
	if err := os.WriteFile(config, []byte(configuration(s.ports, x.options)), 0o600); err != nil {
		return nil, errors.Join(err, s.closePorts())
	}
	var err error
	s.Program, err = benchkit.Start(ctx, x.program, append([]string{"-n", "-r", "-c", config}, x.flags...)...)
	if err != nil {
		return nil, errors.Join(err, s.closePorts())
	}
	err = s.Wait(ctx, "listen", func() (bool, error) { return strings.Contains(s.Output(), "Ready\n"), nil })
	if err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

// stop ends the server.
func (s *server) stop() error {
	s.Stop()
	return s.closePorts()
}

func (s *server) closePorts() (err error) {
	for _, p := range s.ports {
		err = errors.Join(err, p.Close())
	}
	return err
}

// makePorts makes the pseudo terminals. Each is offered at an address of the
// loopback network of its own, all with one number: so a great many of them
// meet neither each other nor the numbers that clients get.
func (s *server) makePorts(n int) error {
	number, err := freePort()
	if err != nil {
		return err
	}
	for i := range n {
		pair, err := ptypair.Open()
		if err != nil {
			return fmt.Errorf("pseudo terminal %d: %w", i+1, err)
		}
		host := net.IPv4(127, 83, byte(i/250), byte(1+i%250))
		s.ports = append(s.ports, port{pair, net.JoinHostPort(host.String(), number)})
	}
	return nil
}

// freePort returns a TCP port that nobody listens on at any address.
func freePort() (string, error) {
	l, err := net.Listen("tcp", ":0")
	if err != nil {
		return "", err
	}
	defer func() { _ = l.Close() }()
	_, number, err := net.SplitHostPort(l.Addr().String())
	return number, err
}

// configuration is what both programs read.
func configuration(ports []port, options string) string {
	var text strings.Builder
	for i, p := range ports {
		host, number, _ := strings.Cut(p.address, ":")
		fmt.Fprintf(&text, "connection: &p%d\n  accepter: tcp,%s,%s\n  connector: serialdev,%s,9600n81,local\n%s",
			i, host, number, p.Name(), options)
	}
	return text.String()
}

// noTLS takes the place of package tlsport in the program that is measured
// without TLS.
const noTLS = `package tlsport

import (
	"errors"

	"github.com/fieldgate/fieldgate/ser2net"
)

func Load(ser2net.TLS) (ser2net.Handshake, error) { return nil, errors.New("there is no TLS") }
`

// withoutTLS returns an overlay for go build.
func withoutTLS(dir string) (overlay string, err error) {
	original, err := filepath.Abs(filepath.Join("ser2net", "tlsport", "tlsport.go"))
	if err != nil {
		return "", err
	}
	instead := filepath.Join(dir, "tlsport.go")
	overlay = filepath.Join(dir, "overlay.json")
	text, err := json.Marshal(map[string]any{"Replace": map[string]string{original: instead}})
	if err != nil {
		return "", err
	}
	return overlay, errors.Join(os.WriteFile(instead, []byte(noTLS), 0o600), os.WriteFile(overlay, text, 0o600))
}
