package receiver_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/receiver"
	"github.com/fieldgate/fieldgate/telemetry/receiver/receivertest"
)

var errSink = errors.New("the sink is down")

func acks() receiver.Config {
	c := config()
	c.Acks = true
	return c
}

func TestAcks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, acks())
		s.post(report(t, "GK0001", 3, 5))
		synctest.Wait()
		assert.Nil(t, s.ack("GK0001"), "it is not stored yet")
		s.settle()
		assert.Equal(t, &telemetry.Ack{Serial: "GK0001", Boot: 3, Seq: 5, Time: uint64(time.Now().Unix()) - 1}, s.ack("GK0001"))
		assert.Nil(t, s.ack("GK0001"))

		part := message("GK0002", 3, 6)
		part.Part = telemetry.Part{Index: 2, Count: 2}
		s.send(sealed(t, part))
		assert.Equal(t, uint64(2), s.ack("GK0002").Part)
		assert.Equal(t, uint64(2), s.Stats().Acks)
	})
}

// A device whose ack was lost sends again, and is answered again.
func TestAckOfDuplicate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, acks())
		s.send(report(t, "GK0001", 3, 5))
		require.NotNil(t, s.ack("GK0001"))
		s.send(report(t, "GK0001", 3, 5))
		require.NotNil(t, s.ack("GK0001"))
		assert.Equal(t, 1, s.sink.Len())

		s.send(report(t, "GK0001", 2, 5))
		assert.Nil(t, s.ack("GK0001"), "nobody knows whether that was stored")
	})
}

// Without boot nobody knows whether a message that looks like a duplicate was
// stored: it may be of another run of the device.
func TestNoAckOfDuplicateWithoutBoot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, acks())
		for range 2 { // runs
			for seq := range uint64(6) {
				m := message("GK0001", 0, seq)
				m.Boot, m.Uptime = telemetry.Maybe[uint32]{}, telemetry.Maybe[uint64]{}
				s.send(sealed(t, m))
			}
		}
		assert.Equal(t, 6, s.sink.Len())
		assert.Equal(t, uint64(6), s.Stats().Acks, "no more than are stored")
		assert.Equal(t, uint64(6), s.device("GK0001").Duplicate)
	})
}

func TestNoAckWithoutMAC(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := acks()
		c.AllowBare = true
		s := start(t, c)
		s.send(bare(t, message("XX0001", 1, 0)))
		assert.Equal(t, uint64(1), s.Stats().Received)
		assert.Zero(t, s.Stats().Acks+s.Stats().AckErrors)
	})
}

// An answer longer than the question would make the receiver a tool against
// whoever owns the source address.
func TestAckIsNeverLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, acks())
		least := &telemetry.Message{Version: telemetry.Version, Serial: "GK1"}
		b := sealed(t, least)
		s.send(b)
		assert.Equal(t, uint64(1), s.Stats().Received)
		assert.Nil(t, s.ack("GK1"))
		assert.Equal(t, uint64(1), s.Stats().AckErrors)
	})
}

// A message is not acknowledged before the sink has taken it; meanwhile it is
// tried again.
func TestSinkFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, acks())
		s.sink.Fail(errSink)
		s.send(report(t, "GK0001", 1, 0))
		s.send(report(t, "GK0001", 1, 0)) // the device tries again
		time.Sleep(time.Minute)
		assert.Nil(t, s.ack("GK0001"))
		st := s.Status()
		assert.Contains(t, st.SinkError, "the sink is down")
		assert.InDelta(t, 14, st.Stats.SinkErrors, 5, "tried again, with growing pauses")
		s.sink.Fail(nil)
		time.Sleep(10 * time.Second)
		assert.Equal(t, 1, s.sink.Len())
		require.NotNil(t, s.ack("GK0001"))
		require.NotNil(t, s.ack("GK0001"))
		assert.Empty(t, s.Status().SinkError)
		assert.Equal(t, uint64(1), s.device("GK0001").Duplicate)
	})
}

// What a sink gives up is counted, not acknowledged, and may come again.
func TestSinkGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, acks())
		s.send(report(t, "GK0001", 1, 0))
		require.NotNil(t, s.ack("GK0001"))
		halves := [2][]byte{}
		for i := range halves {
			m := message("GK0004", 1, 0)
			m.Part = telemetry.Part{Index: uint64(1 + i), Count: 2}
			halves[i] = sealed(t, m)
		}
		s.send(halves[0])
		require.NotNil(t, s.ack("GK0004"))
		before := s.device("GK0001")
		s.sink.Fail(receiver.ErrNotStored)
		for seq := range uint64(5) {
			s.post(report(t, "GK0001", 1, 1+seq))
		}
		s.post(report(t, "GK0001", 1, 1)) // twice in a batch
		s.post(report(t, "GK0002", 1, 0))
		split := message("GK0003", 1, 0)
		split.Part = telemetry.Part{Index: 1, Count: 2}
		s.post(sealed(t, split))
		s.post(halves[1])
		s.settle()
		st := s.Stats()
		assert.Equal(t, uint64(8), st.NotStored)
		assert.Equal(t, uint64(2), st.Received)
		assert.Nil(t, s.ack("GK0001"))
		after := before
		after.Dropped, after.Duplicate = 5, 1
		assert.Equal(t, after, s.device("GK0001"))
		_, known := s.Device("GK0002")
		assert.False(t, known, "nothing of it was taken")
		assert.Equal(t, 2, s.Status().Devices)

		s.sink.Fail(nil)
		s.send(halves[1])
		assert.Zero(t, s.device("GK0004").LostParts)
		s.send(report(t, "GK0001", 1, 5))
		d := s.device("GK0001")
		assert.Equal(t, uint64(4), d.Lost, "dropped is lost, until it comes again")
		s.send(report(t, "GK0001", 1, 1))
		assert.Equal(t, uint64(3), s.device("GK0001").Lost)
		s.send(sealed(t, split))
		assert.Equal(t, uint64(1), s.device("GK0003").LostParts)
		assert.Equal(t, uint64(1), s.device("GK0003").Dropped)
	})
}

// A sink that stands still stops nobody: the queue fills, the rest is
// counted, and all goes on when the sink does.
func TestSinkStalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := acks()
		c.Queue, c.Batch = 10, 4
		s := start(t, c)
		s.send(report(t, "GK0001", 1, 0))
		require.NotNil(t, s.ack("GK0001"))
		s.sink.Stall(true)
		for seq := range uint64(20) {
			s.send(report(t, "GK0001", 1, 1+seq))
		}
		st := s.Status()
		assert.Equal(t, 10, st.Queued)
		assert.Equal(t, uint64(9), st.Stats.QueueFull, "one is with the sink")
		assert.Equal(t, uint64(9), s.device("GK0001").Dropped)
		assert.Nil(t, s.ack("GK0001"))
		s.sink.Stall(false)
		s.settle()
		assert.Equal(t, 12, s.sink.Len())
		s.send(report(t, "GK0001", 1, 20))
		d := s.device("GK0001")
		assert.Equal(t, uint64(8), d.Lost)
		for seq := range uint64(20) {
			s.post(report(t, "GK0001", 1, 1+seq)) // the device sends all again
			s.settle()
		}
		d = s.device("GK0001")
		assert.Zero(t, d.Lost)
		assert.Equal(t, uint64(21), d.Received)
	})
}

// Stop hands over what was received, also when that is more than a batch.
func TestStopDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := acks()
		c.Batch, c.BatchDelay = 2, receiver.Duration(5*time.Second)
		s := start(t, c)
		s.sink.Stall(true)
		for i := range 7 {
			s.post(report(t, fmt.Sprintf("GK%d", i), 1, 0))
		}
		synctest.Wait()
		s.sink.Stall(false)
		require.NoError(t, s.Stop(t.Context()))
		assert.Equal(t, 7, s.sink.Len())
		assert.Equal(t, uint64(7), s.Stats().Acks)
	})
}

// A sink that never answers holds Stop up for three seconds only.
func TestStopWithStalledSink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, config())
		s.sink.Stall(true)
		s.post(report(t, "GK0001", 1, 0))
		s.settle()
		s.post(report(t, "GK0001", 1, 1))
		synctest.Wait()
		began := time.Now()
		require.NoError(t, s.Stop(t.Context()))
		assert.Equal(t, 3*time.Second, time.Since(began))
		assert.Equal(t, uint64(2), s.Stats().NotStored)
	})
}

// Acks that cannot leave hold up neither the sink nor the end.
func TestAcksThatCannotLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, acks(), func(o *receiver.Options) {
			listen := o.ListenPacket
			o.ListenPacket = func(ctx context.Context, network, addr string) (net.PacketConn, error) {
				conn, err := listen(ctx, network, addr)
				return &stuckConn{PacketConn: conn}, err
			}
		})
		for seq := range uint64(20) {
			s.post(report(t, "GK0001", 1, seq))
		}
		s.settle()
		s.send(report(t, "GK0001", 1, 20))
		assert.Equal(t, 21, s.sink.Len())
		assert.Equal(t, uint64(21), s.Stats().AckErrors)
		began := time.Now()
		s.post(report(t, "GK0001", 1, 21))
		synctest.Wait()
		require.NoError(t, s.Stop(t.Context()))
		assert.Equal(t, 22, s.sink.Len())
		assert.LessOrEqual(t, time.Since(began), time.Second)
	})
}

// A sink that fails gets one more try for each batch.
func TestStopWithFailingSink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, config())
		s.sink.Fail(errSink)
		s.send(report(t, "GK0001", 1, 0))
		s.post(report(t, "GK0001", 1, 1))
		synctest.Wait()
		began := time.Now()
		require.NoError(t, s.Stop(t.Context()))
		assert.Zero(t, time.Since(began))
		assert.Equal(t, uint64(2), s.Stats().NotStored)
		assert.Empty(t, s.sink.Records())
	})
}

// sizes counts the records of each write.
type sizes struct {
	receivertest.Memory
	mu   sync.Mutex
	list []int
}

func (s *sizes) get() []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.list)
}

func (s *sizes) Write(ctx context.Context, records []receiver.Record) error {
	s.mu.Lock()
	s.list = append(s.list, len(records))
	s.mu.Unlock()
	return s.Memory.Write(ctx, records)
}

// A batch is written when it is full, or when its first message has waited.
func TestBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := config()
		c.Batch, c.BatchDelay = 10, receiver.Duration(5*time.Second)
		sink := new(sizes)
		s := start(t, c, func(o *receiver.Options) { o.Sink = sink })
		seq := uint64(0)
		post := func(n int) {
			for range n {
				s.post(report(t, "GK0001", 1, seq))
				seq++
			}
			synctest.Wait()
		}
		post(25)
		assert.Equal(t, []int{10, 10}, sink.get())
		time.Sleep(4 * time.Second)
		post(1)
		assert.Len(t, sink.get(), 2)
		time.Sleep(time.Second)
		synctest.Wait()
		assert.Equal(t, []int{10, 10, 6}, sink.get())
	})
}

// Forget while the records are with the sink is not undone by it.
func TestForgetMeanwhile(t *testing.T) {
	for name, fault := range map[string]error{"stored": nil, "given up": receiver.ErrNotStored} {
		bubble(t, name, func(t *testing.T) {
			s := start(t, config())
			s.send(report(t, "GK0001", 5, 0))
			s.sink.Stall(true)
			s.send(report(t, "GK0001", 5, 1))
			require.True(t, s.Forget("GK0001"))
			s.sink.Fail(fault)
			s.sink.Stall(false)
			s.settle()
			_, known := s.Device("GK0001")
			assert.False(t, known)
			assert.Zero(t, s.Status().Devices)
		})
	}
}
