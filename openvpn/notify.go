package openvpn

import (
	"context"
	"sync"
)

// maxQueue bounds the changes that wait for a slow OnChange; above it only the
// last of each instance waits.
const maxQueue = 256

// notifier hands changes to OnChange, outside of all locks.
type notifier struct {
	call func(InstanceStatus)
	wake chan struct{} // holds one: the queue is not empty

	mu    sync.Mutex
	queue []InstanceStatus
}

// add queues a change.
func (n *notifier) add(st InstanceStatus) {
	if n.call == nil {
		return
	}
	n.mu.Lock()
	if len(n.queue) >= maxQueue {
		n.shrink()
	}
	n.queue = append(n.queue, st)
	n.mu.Unlock()
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// shrink leaves the last change of each instance.
func (n *notifier) shrink() {
	last := make(map[string]int, len(n.queue))
	for i, st := range n.queue {
		last[st.Name] = i
	}
	kept := n.queue[:0]
	for i, st := range n.queue {
		if last[st.Name] == i {
			kept = append(kept, st)
		}
	}
	clear(n.queue[len(kept):])
	n.queue = kept
}

// run serves until ctx ends, and then what still waits.
func (n *notifier) run(ctx context.Context) {
	for {
		n.mu.Lock()
		queue := n.queue
		n.queue = nil
		n.mu.Unlock()
		for _, st := range queue {
			n.call(st)
		}
		if len(queue) > 0 {
			continue
		}
		select {
		case <-n.wake:
		case <-ctx.Done():
			n.mu.Lock()
			empty := len(n.queue) == 0
			n.mu.Unlock()
			if empty {
				return
			}
		}
	}
}
