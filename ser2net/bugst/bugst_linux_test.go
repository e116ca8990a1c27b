//go:build linux && !ppc && !ppc64 && !ppc64le && !sparc64

package bugst_test

import (
	"bytes"
	"io"
	"os"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/fieldgate/fieldgate/internal/ptypair"
	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/ser2net/bugst"
	"github.com/fieldgate/fieldgate/ser2net/ser2nettest/suite"
)

func newAdapter(t *testing.T) *ptypair.Adapter {
	t.Helper()
	if err := ptypair.Serial(); err != nil {
		t.Skip(err)
	}
	a, err := ptypair.NewAdapter(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { _ = a.Pair().Close() })
	return a
}

func TestConformance(t *testing.T) {
	suite.TestOpener(t, func(t *testing.T) suite.Rig {
		a := newAdapter(t)
		return suite.Rig{
			Opener: &bugst.Opener{}, Device: a.Name(), Alias: a.Pair().Name(), Peer: a,
			Unplug:  func() { assert.NoError(t, a.Unplug()) },
			Plug:    func() { assert.NoError(t, a.Plug()) },
			AnyRate: true, Carrier: true, Flow: true, StopsAtXOFF: true,
		}
	})
}

// What other systems have. A pseudo terminal does not tell a writer that a
// flush has made room, so nothing here writes more than there is room for.
func TestConformanceNarrow(t *testing.T) {
	suite.TestOpener(t, func(t *testing.T) suite.Rig {
		a := newAdapter(t)
		return suite.Rig{
			Opener: bugst.Narrow(), Device: a.Name(), Alias: a.Pair().Name(), Peer: a,
			Unplug:  func() { assert.NoError(t, a.Unplug()) },
			Plug:    func() { assert.NoError(t, a.Plug()) },
			AnyRate: true, AnyFrame: true, Unlimited: true,
		}
	})
}

// The library panics in Read on a port whose file has a number from 1,024 on.
func TestTooManyFiles(t *testing.T) {
	device := newAdapter(t).Name()
	var limit unix.Rlimit
	require.NoError(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &limit))
	if limit.Cur < 1100 {
		t.Skipf("needs 1,100 open files, the limit is %d", limit.Cur)
	}
	var o bugst.Opener
	var files []*os.File
	for len(files) == 0 || files[len(files)-1].Fd() < 1024 {
		f, err := os.Open(os.DevNull)
		require.NoError(t, err)
		files = append(files, f)
	}
	_, err := o.Open(t.Context(), device, ser2net.DefaultMode())
	assert.ErrorContains(t, err, "can serve no port beyond the first 1,024 files")
	for _, f := range files {
		require.NoError(t, f.Close())
	}
	p, err := o.Open(t.Context(), device, ser2net.DefaultMode())
	require.NoError(t, err, "free again")
	assert.NoError(t, p.Close())
}

// The library writes less than asked, without an error, when a signal comes.
func TestSignalsDuringWrite(t *testing.T) {
	a := newAdapter(t)
	var o bugst.Opener
	p, err := o.Open(t.Context(), a.Name(), ser2net.DefaultMode())
	require.NoError(t, err)
	data := bytes.Repeat([]byte("no byte is lost. "), 1<<15)
	done := make(chan struct{})
	var noise sync.WaitGroup
	noise.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
				runtime.GC()
				assert.NoError(t, unix.Kill(os.Getpid(), unix.SIGURG))
			}
		}
	})
	go func() {
		_, err := p.Write(data)
		assert.NoError(t, err)
	}()
	got := make([]byte, len(data))
	_, err = io.ReadFull(a, got)
	close(done)
	noise.Wait()
	require.NoError(t, err)
	assert.True(t, bytes.Equal(data, got))
	assert.NoError(t, p.Close())
}
