package ser2net_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/ser2net/ser2nettest"
)

// endurance returns a number that make soak-ser2net raises by the environment.
func endurance(t *testing.T, variable string, usual int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return usual
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err, variable)
	return n
}

// disturb collects garbage and interrupts system calls all the time.
func disturb(t *testing.T) {
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
				runtime.GC()
				_ = syscall.Kill(os.Getpid(), syscall.SIGURG) // the runtime's own, which it ignores
			}
		}
	})
	t.Cleanup(func() {
		close(stop)
		wg.Wait()
	})
}

// stream writes n random bytes in pieces of all sizes and returns their hash.
func stream(to io.Writer, n int, seed uint64) (hash.Hash, error) {
	random := rand.NewChaCha8([32]byte{byte(seed)})
	sizes := rand.New(rand.NewPCG(seed, 1))
	sum := sha256.New()
	buf := make([]byte, 32<<10)
	for n > 0 {
		piece := buf[:min(1+sizes.IntN(len(buf)), n)]
		_, _ = random.Read(piece)
		_, _ = sum.Write(piece)
		if _, err := to.Write(piece); err != nil {
			return nil, err
		}
		n -= len(piece)
	}
	return sum, nil
}

// Not a byte is lost, changed or put elsewhere, both ways at a time.
func TestIntegrationTransfer(t *testing.T) {
	n := endurance(t, "SER2NET_SOAK_MEGABYTES", 64) << 20
	disturb(t)
	s, a := onPTY(t)
	pair, client := a.Pair(), dialReal(t, s, 0)
	_, err := client.Write([]byte{0})
	require.NoError(t, err)
	_, err = io.ReadFull(pair, make([]byte, 1)) // the device is open
	require.NoError(t, err)
	var wg sync.WaitGroup
	for _, way := range []struct {
		from io.Reader
		to   io.Writer
		seed uint64
	}{{pair, client, 1}, {client, pair, 2}} {
		sums := make(chan hash.Hash, 1)
		wg.Go(func() {
			sum, err := stream(way.to, n, way.seed)
			assert.NoError(t, err)
			sums <- sum
		})
		wg.Go(func() {
			got := sha256.New()
			_, err := io.CopyN(got, reader{way.from}, int64(n))
			assert.NoError(t, err)
			assert.Equal(t, (<-sums).Sum(nil), got.Sum(nil))
		})
	}
	begun := time.Now()
	wg.Wait()
	t.Logf("%d MB each way in %v", n>>20, time.Since(begun))
	status := s.Status().Ports[0]
	assert.EqualValues(t, n+1, status.ToDevice)
	assert.EqualValues(t, n, status.ToNetwork)
}

// until waits for a fact, in the goroutine of the test: those of require are
// not to be counted.
func until(t *testing.T, fact func() bool, what string, args ...any) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !fact(); time.Sleep(10 * time.Millisecond) {
		require.False(t, time.Now().After(deadline), "it took too long: %s", fmt.Sprintf(what, args...))
	}
}

// Clients come and go, and nothing of them stays.
func TestIntegrationConnects(t *testing.T) {
	n := endurance(t, "SER2NET_SOAK_CONNECTS", 20_000)
	s, a := onPTY(t, func(p *ser2net.PortConfig) { p.OnBusy = ser2net.OnBusyKick })
	echo(a)
	target := address(s)
	served := uint64(0)
	visit := func(i int) {
		conn, err := net.Dial("tcp", target)
		require.NoError(t, err)
		if i%100 == 0 { // those are served
			_, err = conn.Write([]byte("x"))
			require.NoError(t, err)
			_, err = conn.Read(make([]byte, 1))
			require.NoError(t, err)
			served++
		}
		require.NoError(t, conn.(*net.TCPConn).SetLinger(0)) // no TIME_WAIT, which would use all addresses up
		require.NoError(t, conn.Close())
	}
	for i := range 100 {
		visit(i)
	}
	gone := func() bool { return len(s.Status().Ports[0].Clients) == 0 }
	until(t, gone, "the first clients are gone")
	descriptors, goroutines := openFiles(t), runtime.NumGoroutine()
	for i := range n {
		visit(i)
	}
	until(t, func() bool { return gone() && openFiles(t) <= descriptors && runtime.NumGoroutine() <= goroutines },
		"descriptors before %d, goroutines before %d", descriptors, goroutines)
	status := s.Status().Ports[0]
	assert.GreaterOrEqual(t, status.Connects, served)
	assert.LessOrEqual(t, status.Connects+status.Refused, uint64(n+100), "each is counted once at most: who leaves before the device is open is not")
	assert.Zero(t, status.Refused, "a newcomer takes the place of the one before")
	t.Logf("%d connects, %d served, %d refused, %d opens", status.Connects, served, status.Refused, status.Opens)
}

func openFiles(t *testing.T) int {
	entries, err := os.ReadDir("/proc/self/fd")
	assert.NoError(t, err)
	return len(entries)
}

// deaf lets a connection drop all that comes, as a peer does whose cable is
// cut: it answers nothing any more.
func deaf(t *testing.T, conn *net.TCPConn) {
	t.Helper()
	raw, err := conn.SyscallConn()
	require.NoError(t, err)
	drop := unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: 0}
	var set error
	require.NoError(t, raw.Control(func(fd uintptr) {
		set = unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: 1, Filter: &drop})
	}))
	if errors.Is(set, unix.EPERM) {
		t.Skip("a user namespace may not filter sockets")
	}
	require.NoError(t, set)
}

// A client that has died without a word gives its place up: asked by
// keep-alive when nothing is said, and by its user timeout when data waits.
func TestIntegrationHalfOpen(t *testing.T) {
	for name, speaks := range map[string]bool{"silent": false, "device_speaks": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, a := onPTY(t, func(p *ser2net.PortConfig) { p.KeepAlive, p.UserTimeout = seconds(1), seconds(3) })
			client := dialReal(t, s, 0)
			_, err := client.Write([]byte("x"))
			require.NoError(t, err)
			expect(t, a, "x")
			deaf(t, client)
			if speaks {
				_, err = a.Write([]byte("data"))
				require.NoError(t, err)
			}
			assert.Len(t, s.Status().Ports[0].Clients, 1)
			require.Eventually(t, func() bool { return len(s.Status().Ports[0].Clients) == 0 }, 20*time.Second, 10*time.Millisecond)
		})
	}
}

// A client that reads nothing stops neither the device nor the other client.
func TestIntegrationSlowBesideFast(t *testing.T) {
	t.Parallel()
	s, a := onPTY(t, func(p *ser2net.PortConfig) { p.MaxClients = 2 })
	lazy, fast := dialReal(t, s, 0), dialReal(t, s, 0)
	require.Eventually(t, func() bool { return len(s.Status().Ports[0].Clients) == 2 }, 10*time.Second, time.Millisecond)
	const n = 32 << 20 // more than the kernel holds for the lazy one
	sums := make(chan hash.Hash, 1)
	pair := a.Pair()
	go func() {
		sum, err := stream(pair, n, 3)
		assert.NoError(t, err)
		sums <- sum
	}()
	got := sha256.New()
	_, err := io.CopyN(got, reader{fast}, n)
	require.NoError(t, err)
	assert.Equal(t, (<-sums).Sum(nil), got.Sum(nil))
	clients := s.Status().Ports[0].Clients
	require.Len(t, clients, 1)
	assert.Equal(t, fast.LocalAddr().String(), clients[0].Remote)
	_ = lazy.SetReadDeadline(time.Now().Add(20 * time.Second))
	_, err = io.Copy(io.Discard, lazy)
	assert.False(t, errors.Is(err, os.ErrDeadlineExceeded), "its connection was ended")
}

// The data mark of telnet comes as urgent data, and is not lost from the
// stream.
func TestUrgentData(t *testing.T) {
	s, line := onFake(t, ser2nettest.Hardware{}, telnet, func(p *ser2net.PortConfig) { p.BreakOnSync = true })
	client := dialReal(t, s, 0)
	_, err := client.Write([]byte("a\xff"))
	require.NoError(t, err)
	raw, err := client.SyscallConn()
	require.NoError(t, err)
	var sent error
	require.NoError(t, raw.Control(func(fd uintptr) { sent = unix.Sendto(int(fd), []byte("\xf2"), unix.MSG_OOB, nil) }))
	require.NoError(t, sent)
	_, err = client.Write([]byte("b"))
	require.NoError(t, err)
	require.NoError(t, client.CloseWrite())
	got := make([]byte, 2)
	_, err = io.ReadFull(line.Far(), got)
	require.NoError(t, err)
	assert.Equal(t, "ab", string(got))
	counters, err := line.Far().Counters()
	require.NoError(t, err)
	assert.EqualValues(t, 1, counters.Break)
}
