package hostmib_test

import (
	"fmt"
	"sync"

	"github.com/fieldgate/fieldgate/snmp"
)

// notifications keeps what a Watch has told.
type notifications struct {
	mu   sync.Mutex
	list []string
}

func (n *notifications) add(m snmp.Notification) {
	n.mu.Lock()
	defer n.mu.Unlock()
	text := m.Trap.String()
	for _, b := range m.Binds {
		text += fmt.Sprintf(" %v=%v", b.OID, b.Value)
	}
	n.list = append(n.list, text)
}

// take returns what was told since the last call.
func (n *notifications) take() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	list := n.list
	n.list = nil
	return list
}
