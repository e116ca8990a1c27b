// Package netns gives tests networks of their own: Linux network namespaces
// with veth pairs between them, which need root and the program ip (iproute2).
// What a test does there touches no address, route or firewall of the host.
package netns

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// ErrUnavailable says that this machine, or this user, can make none. The
// error around it says why.
var ErrUnavailable = errors.New("no network namespaces here")

// folder is where ip keeps the namespaces.
const folder = "/run/netns"

// Namespace is a network namespace with nothing but its loopback interface
// up. Its methods are safe for concurrent use.
type Namespace struct {
	name string
}

// New makes a namespace. The caller closes it. Where that is not possible
// the error wraps [ErrUnavailable].
func New() (*Namespace, error) {
	if os.Geteuid() != 0 {
		return nil, fmt.Errorf("netns: root is needed: %w", ErrUnavailable)
	}
	if _, err := exec.LookPath("ip"); err != nil {
		return nil, fmt.Errorf("netns: %w: %w", err, ErrUnavailable)
	}
	n := &Namespace{name: "fg-" + strings.ToLower(rand.Text()[:10])}
	if err := run("ip", "netns", "add", n.name); err != nil {
		return nil, fmt.Errorf("%w: %w", err, ErrUnavailable)
	}
	if err := n.IP("link", "set", "dev", "lo", "up"); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

// Close removes the namespace, and its interfaces once no process or socket
// is left in it.
func (n *Namespace) Close() error { return run("ip", "netns", "delete", n.name) }

// String returns the name under which ip knows the namespace.
func (n *Namespace) String() string { return n.name }

// IP runs ip with args in the namespace, such as "addr", "add",
// "10.0.0.1/24", "dev", "eth0".
func (n *Namespace) IP(args ...string) error {
	return run("ip", append([]string{"-n", n.name}, args...)...)
}

// Connect joins two namespaces by a veth pair, whose ends are called dev in
// the one and peer in the other, and are up, without addresses.
func (n *Namespace) Connect(dev string, other *Namespace, peer string) error {
	if err := n.IP("link", "add", "name", dev, "type", "veth", "peer", "name", peer, "netns", other.name); err != nil {
		return err
	}
	if err := n.IP("link", "set", "dev", dev, "up"); err != nil {
		return err
	}
	return other.IP("link", "set", "dev", peer, "up")
}

// Command returns the command for a program that runs in the namespace, as
// [exec.CommandContext] does.
func (n *Namespace) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, "ip", append([]string{"netns", "exec", n.name, name}, args...)...)
}

// Do calls f in the namespace, on a thread of its own. Sockets that f itself
// opens belong to the namespace, wherever they are used later; those of
// goroutines that f starts do not.
func (n *Namespace) Do(f func() error) error {
	result := make(chan error)
	go func() {
		// Never unlocked: the thread ends with the goroutine, since nobody
		// else may run in the namespace.
		runtime.LockOSThread()
		if err := n.enter(); err != nil {
			result <- err
			return
		}
		result <- f()
	}()
	return <-result
}

func (n *Namespace) enter() error {
	f, err := os.Open(filepath.Join(folder, n.name))
	if err != nil {
		return fmt.Errorf("netns: %w", err)
	}
	defer func() { _ = f.Close() }() // only read
	number, known := setns()[runtime.GOARCH]
	if !known {
		return fmt.Errorf("netns: no call to enter namespaces is known on %s: %w", runtime.GOARCH, ErrUnavailable)
	}
	if _, _, errno := syscall.RawSyscall(number, f.Fd(), syscall.CLONE_NEWNET, 0); errno != 0 {
		return fmt.Errorf("netns: enter %s: %w", n.name, errno)
	}
	return nil
}

// setns returns the numbers of the system call setns(2). golang.org/x/sys has
// it too, but the tests of the service packages must not bring a library into
// the go.sum of those who import the services.
func setns() map[string]uintptr {
	return map[string]uintptr{
		"386": 346, "amd64": 308, "arm": 375, "arm64": 268,
		"mips": 4344, "mipsle": 4344, "riscv64": 268,
	}
}

// Dial has the form of net.Dialer.DialContext. It is for UDP, and for
// addresses, not names.
func (n *Namespace) Dial(ctx context.Context, network, addr string) (conn net.Conn, err error) {
	err = n.Do(func() error {
		conn, err = new(net.Dialer).DialContext(ctx, network, addr)
		return err
	})
	return conn, err
}

// ListenPacket has the form of net.ListenConfig.ListenPacket.
func (n *Namespace) ListenPacket(ctx context.Context, network, addr string) (conn net.PacketConn, err error) {
	err = n.Do(func() error {
		conn, err = new(net.ListenConfig).ListenPacket(ctx, network, addr)
		return err
	})
	return conn, err
}

func run(name string, args ...string) error {
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("netns: %s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}
