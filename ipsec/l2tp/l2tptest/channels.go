package l2tptest

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/l2tp"
)

// ikeTime is how long the fake takes for IKE.
const ikeTime = 50 * time.Millisecond

// Channels is a fake of an ipsec service: a [l2tp.ChannelService] in memory.
type Channels struct {
	mu    sync.Mutex
	peers map[string]netip.Addr
	up    map[string]bool
	down  map[string]ipsec.ConnectionState // other than armed
	fail  map[string]error
	calls []string
}

var _ l2tp.ChannelService = (*Channels)(nil)

// NewChannels returns a service with connections of these names to these
// peers.
func NewChannels(peers map[string]netip.Addr) *Channels {
	return &Channels{peers: peers, up: make(map[string]bool), down: make(map[string]ipsec.ConnectionState), fail: make(map[string]error)}
}

// Fail lets every Initiate of a connection fail with err; nil ends that.
func (c *Channels) Fail(name string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fail[name] = err
}

// Calls returns what was asked for, such as "initiate l2tp_to_a", and forgets
// it.
func (c *Channels) Calls() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	calls := c.calls
	c.calls = nil
	return calls
}

// Up returns the connections that are up, sorted.
func (c *Channels) Up() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Sorted(maps.Keys(c.up))
}

// Initiate implements [l2tp.ChannelService].
func (c *Channels) Initiate(ctx context.Context, name string) error {
	c.mu.Lock()
	c.calls = append(c.calls, "initiate "+name)
	c.mu.Unlock()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(ikeTime):
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.fail[name]; err != nil {
		return err
	}
	if !c.peers[name].IsValid() {
		return fmt.Errorf("l2tptest: %s: %w", name, ipsec.ErrUnknownConnection)
	}
	c.up[name] = true
	return nil
}

// Terminate implements [l2tp.ChannelService].
func (c *Channels) Terminate(_ context.Context, name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls = append(c.calls, "terminate "+name)
	delete(c.up, name)
	return nil
}

// End ends a connection, as the network does: it is in this state then.
func (c *Channels) End(name string, state ipsec.ConnectionState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.up, name)
	c.down[name] = state
}

// Status implements [l2tp.ChannelService].
func (c *Channels) Status() ipsec.Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	st := ipsec.Status{At: time.Now(), Daemon: ipsec.DaemonStatus{State: ipsec.DaemonReady}}
	for _, name := range slices.Sorted(maps.Keys(c.peers)) {
		one := ipsec.ConnectionStatus{Name: name, Enabled: true, Configured: true, State: ipsec.StateArmed}
		if state, ended := c.down[name]; ended {
			one.State = state
		}
		if c.up[name] {
			one.State = ipsec.StateUp
			one.SAs = []ipsec.SA{{
				Connection: name, State: "ESTABLISHED", RemoteHost: netip.AddrPortFrom(c.peers[name], 500),
				Children: []ipsec.ChildSA{{Name: name, State: "INSTALLED", Mode: "TRANSPORT"}},
			}}
		}
		st.Connections = append(st.Connections, one)
	}
	return st
}
