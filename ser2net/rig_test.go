package ser2net_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/memnet"
	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/ser2net/ser2nettest"
	"github.com/fieldgate/fieldgate/ser2net/tlsport"
)

const device = "/dev/ttyUSB0"

// rig is a proxy between a network and devices in memory.
type rig struct {
	t        *testing.T
	service  *ser2net.Service
	network  *memnet.Network
	hardware *ser2nettest.Opener
	line     *ser2nettest.Line // of device
	machine  *peer             // attached to it

	mu     sync.Mutex
	events []ser2net.Event
	log    bytes.Buffer
}

// Write takes the log.
func (r *rig) Write(line []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.Write(line)
}

// logged returns the log so far.
func (r *rig) logged() string {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.String()
}

// port is a raw port for device at "mem:1".
func port(changes ...func(*ser2net.PortConfig)) ser2net.PortConfig {
	p := ser2net.PortConfig{
		Name: "a", Enabled: true, Listen: "127.0.0.1:1", Device: device, Mode: ser2net.DefaultMode(),
	}
	for _, change := range changes {
		change(&p)
	}
	return p
}

func config(ports ...ser2net.PortConfig) ser2net.Config {
	return ser2net.Config{Enabled: true, Ports: ports}
}

// bubble runs a test on a started proxy, in a bubble of synctest.
func bubble(t *testing.T, c ser2net.Config, test func(t *testing.T, r *rig)) {
	t.Helper()
	bubbleOn(t, c, ser2nettest.Hardware{}, test)
}

func bubbleOn(t *testing.T, c ser2net.Config, hw ser2nettest.Hardware, test func(t *testing.T, r *rig)) {
	t.Helper()
	bubbleDriven(t, c, hw, nil, test)
}

// bubbleDriven is bubbleOn with a driver that does something else before.
func bubbleDriven(t *testing.T, c ser2net.Config, hw ser2nettest.Hardware, before func(op string, data []byte) error, test func(t *testing.T, r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &rig{t: t, network: new(memnet.Network), hardware: new(ser2nettest.Opener)}
		r.line = r.hardware.Add(device, hw)
		r.machine = newPeer(t, r.line.Far())
		var err error
		r.service, err = ser2net.New(c, ser2net.Options{
			Opener: driver{r.hardware, before}, Logger: slog.New(slog.NewTextHandler(r, nil)), Listen: r.network.Listen, ListenPacket: r.network.ListenPacket, Dial: r.network.Dial, TLS: tlsport.Load,
			OnEvent: func(e ser2net.Event) {
				r.mu.Lock()
				defer r.mu.Unlock()
				r.events = append(r.events, e)
			},
		})
		require.NoError(t, err)
		require.NoError(t, r.service.Start(t.Context()))
		defer func() { // also when the test gives up
			assert.NoError(t, r.service.Stop(context.Background()))
			synctest.Wait()
			assert.Zero(t, r.hardware.InUse(), "devices in use after Stop")
			r.machine.close()
		}()
		test(t, r)
	})
}

// dial connects to the port at an address.
func (r *rig) dial(addr string) *peer {
	r.t.Helper()
	conn, err := r.network.Dial(r.t.Context(), "tcp", addr)
	require.NoError(r.t, err)
	return newPeer(r.t, conn)
}

// connect connects to the first port and waits until the device is open.
func (r *rig) connect() *peer {
	r.t.Helper()
	p := r.dial("127.0.0.1:1")
	synctest.Wait()
	return p
}

// say lets the attached machine send.
func (r *rig) say(text string) {
	r.t.Helper()
	r.machine.send(text)
}

// hear returns what has reached the attached machine since the last call.
func (r *rig) hear() string { return r.machine.heard() }

// kinds returns the events of a port so far.
func (r *rig) kinds() (kinds []ser2net.EventKind) {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.events {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

// peer is a client whose input is read all the time.
type peer struct {
	t    *testing.T
	conn io.ReadWriteCloser

	mu  sync.Mutex
	got []byte
	err error
}

func newPeer(t *testing.T, conn io.ReadWriteCloser) *peer {
	p := &peer{t: t, conn: conn}
	go p.read()
	t.Cleanup(func() { _ = conn.Close() })
	return p
}

func (p *peer) read() {
	buf := make([]byte, 4096)
	for {
		n, err := p.conn.Read(buf)
		p.mu.Lock()
		p.got, p.err = append(p.got, buf[:n]...), err
		p.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// heard returns what came since the last call.
func (p *peer) heard() string {
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	got := string(p.got)
	p.got = nil
	return got
}

// ended tells whether the proxy has closed the connection.
func (p *peer) ended() bool {
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err == io.EOF
}

func (p *peer) send(text string) {
	p.t.Helper()
	_, err := p.conn.Write([]byte(text))
	require.NoError(p.t, err)
	synctest.Wait()
}

func (p *peer) close() {
	_ = p.conn.Close()
	synctest.Wait()
}

// sleep lets time pass.
func sleep(t *testing.T, text string) {
	t.Helper()
	d, err := time.ParseDuration(text)
	require.NoError(t, err)
	time.Sleep(d)
	synctest.Wait()
}

func seconds(n int) ser2net.Duration { return ser2net.Duration(n) * ser2net.Duration(time.Second) }

// driver opens ports that call before, unless it is nil, with the name of the
// operation and its data. Its error is then theirs.
type driver struct {
	*ser2nettest.Opener
	before func(op string, data []byte) error
}

func (d driver) Open(ctx context.Context, device string, m ser2net.Mode) (ser2net.Port, error) {
	p, err := d.Opener.Open(ctx, device, m)
	if err != nil || d.before == nil {
		return p, err
	}
	return drivenPort{p.(*ser2nettest.Port), d.before}, nil
}

type drivenPort struct {
	*ser2nettest.Port
	before func(op string, data []byte) error
}

func (p drivenPort) Read(b []byte) (int, error) {
	if err := p.before("open", nil); err != nil {
		return 0, err
	}
	n, err := p.Port.Read(b)
	if err == nil {
		err = p.before("read", b[:n])
	}
	return n, err
}

func (p drivenPort) Write(b []byte) (int, error) {
	if err := p.before("write", b); err != nil {
		return 0, err
	}
	return p.Port.Write(b)
}

func (p drivenPort) Mode() (ser2net.Mode, error) {
	if err := p.before("mode", nil); err != nil {
		return ser2net.Mode{}, err
	}
	return p.Port.Mode()
}

func (p drivenPort) Lines() (ser2net.Lines, error) {
	if err := p.before("lines", nil); err != nil {
		return ser2net.Lines{}, err
	}
	return p.Port.Lines()
}

func (p drivenPort) Counters() (ser2net.Counters, error) {
	if err := p.before("counters", nil); err != nil {
		return ser2net.Counters{}, err
	}
	return p.Port.Counters()
}
