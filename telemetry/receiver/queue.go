package receiver

import (
	"net/netip"
	"sync"

	"github.com/fieldgate/fieldgate/telemetry"
)

// item is a record on its way, with what its ack needs.
type item struct {
	record Record
	key    telemetry.Key
	socket *socket
	to     netip.Addr // see packet
}

// queue holds the items between the sockets and the sink. It never blocks
// who puts.
type queue struct {
	batch int           // from how many on full is signalled
	some  chan struct{} // holds one while there is anything
	full  chan struct{} // holds one while there is a batch

	mu   sync.Mutex
	ring []item
	head int
	n    int
}

func newQueue(size, batch int) *queue {
	return &queue{
		batch: min(batch, size),
		some:  make(chan struct{}, 1),
		full:  make(chan struct{}, 1),
		ring:  make([]item, size),
	}
}

// put appends as many items as there is room for, and returns how many.
func (q *queue) put(items []item) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	items = items[:min(len(items), len(q.ring)-q.n)]
	for i := range items {
		q.ring[(q.head+q.n)%len(q.ring)] = items[i]
		q.n++
	}
	q.signal()
	return len(items)
}

// take appends the oldest items to dst, up to a batch.
func (q *queue) take(dst []item) []item {
	q.mu.Lock()
	defer q.mu.Unlock()
	for range min(q.n, q.batch) {
		dst = append(dst, q.ring[q.head])
		q.ring[q.head] = item{} // let go of the message
		q.head = (q.head + 1) % len(q.ring)
		q.n--
	}
	q.signal()
	return dst
}

func (q *queue) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.n
}

func (q *queue) signal() {
	hold(q.some, q.n > 0)
	hold(q.full, q.n >= q.batch)
}

// hold puts a token into c or takes it out.
func hold(c chan struct{}, want bool) {
	if want {
		select {
		case c <- struct{}{}:
		default:
		}
		return
	}
	select {
	case <-c:
	default:
	}
}
