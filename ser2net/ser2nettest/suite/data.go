package suite

import (
	"bytes"
	"cmp"
	"context"
	"math/rand/v2"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ser2net"
)

// No byte means anything to a port without flow control.
func everyByte(t *testing.T, r Rig) {
	p := r.open(t, ser2net.Mode{Baud: 115200})
	all := make([]byte, 0, 3*256)
	for b := range 256 {
		all = append(all, byte(b), byte(b), '\n')
	}
	send(t, p, all)
	receive(t, r.Peer, all)
	send(t, r.Peer, all)
	receive(t, p, all)

	n, err := p.Write(nil)
	assert.NoError(t, err)
	assert.Zero(t, n)
}

// Data in both directions stays whole while the garbage collector, and with
// it signals, interrupt the threads.
func largeBothWays(t *testing.T, r Rig) {
	p := r.open(t, ser2net.Mode{Baud: 4_000_000})
	random := rand.New(rand.NewPCG(1, 2))
	size := cmp.Or(r.Large, 256<<10)
	out, in := make([]byte, size), make([]byte, size)
	for i := range out {
		out[i], in[i] = byte(random.Uint32()), byte(random.Uint32())
	}

	stop := make(chan struct{})
	var pressure sync.WaitGroup
	pressure.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
				runtime.GC()
			}
		}
	})
	defer pressure.Wait()
	defer close(stop)

	within(t, "the transfer", func() {
		var transfer sync.WaitGroup
		transfer.Go(func() { assert.NoError(t, write(p, out), "write to the device") })
		transfer.Go(func() { assert.NoError(t, read(r.Peer, out), "read at the peer") })
		transfer.Go(func() { assert.NoError(t, write(r.Peer, in), "write to the peer") })
		transfer.Go(func() { assert.NoError(t, read(p, in), "read at the device") })
		transfer.Wait()
	})
}

func readEndsWithClose(t *testing.T, r Rig) {
	p := r.open(t, ser2net.DefaultMode())
	ended := make(chan error, 2)
	for range 2 {
		go func() {
			_, err := p.Read(make([]byte, 1))
			ended <- err
		}()
	}
	time.Sleep(20 * time.Millisecond)
	within(t, "Close", func() { assert.NoError(t, p.Close()) })
	within(t, "Read", func() {
		assert.ErrorIs(t, <-ended, os.ErrClosed)
		assert.ErrorIs(t, <-ended, os.ErrClosed)
	})
}

// Nobody reads at the other end: output comes to a stop.
func writeEndsWithClose(t *testing.T, r Rig) {
	if r.Unlimited {
		t.Skip("the rig takes output that nobody reads")
	}
	p := r.open(t, ser2net.Mode{Baud: 115200})
	written := make(chan error, 1)
	go func() {
		_, err := p.Write(bytes.Repeat([]byte("wedged "), 1<<17))
		written <- err
	}()
	time.Sleep(50 * time.Millisecond) // until it waits, on most machines
	require.Empty(t, written)
	within(t, "Close", func() { assert.NoError(t, p.Close()) })
	within(t, "Write", func() { assert.ErrorIs(t, <-written, os.ErrClosed) })
	r.open(t, ser2net.DefaultMode()) // nothing holds it
}

func xonXoff(t *testing.T, r Rig) {
	if !r.StopsAtXOFF {
		t.Skip("the rig takes no notice of XOFF")
	}
	p := r.open(t, ser2net.Mode{Flow: ser2net.FlowXonXoff})
	stopsAndGoes(t, r, p,
		func() { send(t, r.Peer, []byte{0x13}) },
		func() { send(t, r.Peer, []byte{0x11}) })
	send(t, r.Peer, []byte("x"))
	receive(t, p, []byte("x")) // neither byte is data
}

func rtsCTS(t *testing.T, r Rig) {
	peer, ok := r.Peer.(ser2net.LinePort)
	if !r.Flow || !r.Lines || !ok {
		t.Skip("the rig has no wires for flow control")
	}
	p := r.open(t, ser2net.Mode{Flow: ser2net.FlowRTSCTS})
	on, off := true, false
	stopsAndGoes(t, r, p,
		func() { assert.NoError(t, peer.SetLines(nil, &off)) },
		func() { assert.NoError(t, peer.SetLines(nil, &on)) })
}

// stopsAndGoes tests that a stop by the peer holds output back until it lets
// go, and loses none of it.
func stopsAndGoes(t *testing.T, r Rig, p ser2net.Port, stop, letGo func()) {
	send(t, p, []byte("before"))
	receive(t, r.Peer, []byte("before"))
	stop()
	written, arrived := make(chan error, 1), make(chan error, 1)
	stopped := false
	for begun := time.Now(); !stopped; { // the stop may be on its way for a while
		go func() {
			_, err := p.Write([]byte("held"))
			written <- err
		}()
		go func() { arrived <- read(r.Peer, []byte("held")) }()
		select {
		case err := <-arrived:
			require.NoError(t, err)
			require.NoError(t, <-written)
			require.Less(t, time.Since(begun), limit, "the output was not stopped")
		case <-time.After(300 * time.Millisecond):
			stopped = true
		}
	}
	letGo()
	within(t, "the output", func() {
		assert.NoError(t, <-arrived)
		assert.NoError(t, <-written)
	})
}

func drain(t *testing.T, r Rig) {
	p := r.open(t, ser2net.DefaultMode())
	d, ok := p.(ser2net.DrainPort)
	if !ok {
		t.Skip("the backend cannot wait for output")
	}
	send(t, p, []byte("all of it"))
	within(t, "Drain", func() { assert.NoError(t, d.Drain(t.Context())) })
	receive(t, r.Peer, []byte("all of it"))

	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	within(t, "Drain of nothing", func() { assert.NoError(t, d.Drain(ctx)) })
}

func flushInput(t *testing.T, r Rig) {
	p := r.open(t, ser2net.Mode{Baud: 115200})
	f, ok := p.(ser2net.FlushPort)
	if !ok {
		t.Skip("the backend cannot flush")
	}
	var got []byte
	for pause := 100 * time.Millisecond; pause < 5*time.Second && string(got) != "new"; pause *= 2 {
		send(t, r.Peer, []byte("old"))
		time.Sleep(pause) // it is on its way
		require.NoError(t, f.FlushInput())
		send(t, r.Peer, []byte("new"))
		got = nil
		within(t, "Read", func() {
			for !bytes.HasSuffix(got, []byte("new")) {
				b := make([]byte, 16)
				n, err := p.Read(b)
				if !assert.NoError(t, err) {
					return
				}
				got = append(got, b[:n]...)
			}
		})
	}
	assert.Equal(t, "new", string(got))
	assert.NoError(t, f.FlushOutput())
}
