package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// act is something that an actor does. It undoes it before it returns, also
// when ctx ends meanwhile.
type act struct {
	name   string
	weight int
	do     func(ctx context.Context, rng *rand.Rand) error
}

// actors starts both actors.
func (s *soak) actors(ctx context.Context, deaths bool) *sync.WaitGroup {
	var all sync.WaitGroup
	all.Go(func() { s.play(ctx, s.rng(1), s.fate(deaths), 3*time.Second) })
	all.Go(func() {
		o := newOperator(s)
		defer o.close()
		s.play(ctx, s.rng(2), o.acts(), 2*time.Second)
	})
	return &all
}

// play does what comes next until ctx ends.
func (s *soak) play(ctx context.Context, rng *rand.Rand, acts []act, pause time.Duration) {
	total := 0
	for _, a := range acts {
		total += a.weight
	}
	for wait(ctx, time.Duration(rng.Int64N(int64(pause)))) {
		next := rng.IntN(total)
		own := rand.New(rand.NewPCG(rng.Uint64(), 0)) // so that what one draws does not change what comes next
		for _, a := range acts {
			if next -= a.weight; next < 0 {
				if err := a.do(ctx, own); err != nil {
					s.ledger.fault("%s: %v", a.name, err)
				}
				break
			}
		}
	}
}

// fate kills, cuts and unplugs.
func (s *soak) fate(deaths bool) []act {
	acts := []act{
		{"kill charon", 3, s.during("kill charon", tunnels, 4*time.Second, s.hosts.A.Kill, s.hosts.A.Start)},
		{"kill the other charon", 2, s.during("kill the other charon", tunnels, 4*time.Second, s.hosts.B.Kill, func() error {
			if err := s.hosts.B.Start(); err != nil {
				return err
			}
			return s.hosts.B.Load(context.Background(), charonPeer)
		})},
		{"freeze charon", 2, s.during("freeze charon", tunnels, 5*time.Second, s.hosts.A.Freeze, s.hosts.A.Thaw)},
		{"kill an openvpn of the gateway", 4, s.killInstance},
		{"kill the other openvpn", 3, s.kill("kill the other openvpn", vpn, s.vpnServer)},
		{"kill the openvpn that calls", 2, s.kill("kill the openvpn that calls", vpn, s.vpnClient)},
		{"kill the collector", 3, s.kill("kill the collector", reports, s.collector)},
		{"kill the Modbus device", 2, s.kill("kill the Modbus device", devices, s.modbus)},
		{"take the link down", 3, s.during("take the link down", network, 5*time.Second, s.link("down"), s.link("up"))},
		{"lose all packets", 3, s.during("lose all packets", network, 8*time.Second, s.hosts.Blackhole, s.hosts.Restore)},
		{"drop packets", 4, s.drop},
		{"crowd", 2, s.crowd},
		{"hang up", 2, s.hangUp},
		{"freeze the gateway", 2, s.during("freeze the gateway", everything, 5*time.Second, s.signal(syscall.SIGSTOP), s.signal(syscall.SIGCONT))},
		{fullDisk, 2, s.during(fullDisk, 0, 4*time.Second, s.fill, s.unfill)},
	}
	for i, l := range s.lines {
		what := fmt.Sprintf("unplug line %d", i)
		acts = append(acts, act{what, 3, s.during(what, line0<<i, 4*time.Second, l.unplug, l.plug)})
	}
	if deaths {
		acts = append(acts,
			act{"kill the gateway", 10, s.killGateway},
			act{"hand over", 6, s.replace("hand over", syscall.SIGUSR2)},
			act{"restart the gateway", 6, s.replace("restart the gateway", syscall.SIGTERM)},
		)
	}
	return acts
}

// during returns what does something, and undoes it after a time up to most.
func (s *soak) during(what string, areas area, most time.Duration, do, undo func() error) func(context.Context, *rand.Rand) error {
	return func(ctx context.Context, rng *rand.Rand) error {
		end := s.ledger.disturb(what, areas)
		defer end()
		if err := do(); err != nil {
			return err
		}
		wait(ctx, time.Duration(rng.Int64N(int64(most))))
		return undo()
	}
}

func (s *soak) kill(what string, areas area, p *peer) func(context.Context, *rand.Rand) error {
	return s.during(what, areas, 5*time.Second, func() error { return p.end(syscall.SIGKILL) }, p.start)
}

func (s *soak) link(state string) func() error {
	return func() error { return s.hosts.A.NS.IP("link", "set", "dev", "wan0", state) }
}

// killInstance kills one of the processes that the gateway has started.
func (s *soak) killInstance(_ context.Context, rng *rand.Rand) error {
	pids, err := s.gateway.children()
	if err != nil || len(pids) == 0 {
		return err
	}
	defer s.ledger.disturb("kill an openvpn of the gateway", vpn)()
	_ = syscall.Kill(pids[rng.IntN(len(pids))], syscall.SIGKILL) // it may have gone
	return nil
}

// drop lets a firewall drop what belongs to one service.
func (s *soak) drop(ctx context.Context, rng *rand.Rand) error {
	kinds := []struct {
		name, rule string
		areas      area
	}{
		{"IKE and ESP", "udp dport { 500, 4500 }", tunnels},
		{"OpenVPN", "udp dport { 1194, 1195 }", vpn},
		{"telemetry", "udp dport 5150", reports},
		{"acknowledgements", "udp sport 5150", reports},
		{"SNMP", "udp dport { 161, 162 }", snmp},
		{"Modbus", "tcp dport 1502", devices},
		{"the pages", "tcp dport 8443", web},
	}
	kind := kinds[rng.IntN(len(kinds))]
	nft := func(text string) error {
		_, err := s.hosts.A.Run(context.Background(), "nft", text)
		return err
	}
	return s.during("drop "+kind.name, kind.areas, 8*time.Second, func() error {
		return nft("add table inet soak; add chain inet soak in { type filter hook input priority 0; }; " +
			"add chain inet soak out { type filter hook output priority 0; }; " +
			"add rule inet soak in " + kind.rule + " drop; add rule inet soak out " + kind.rule + " drop")
	}, func() error { return nft("delete table inet soak") })(ctx, rng)
}

// signal returns what sends a signal to the gateway.
func (s *soak) signal(sig syscall.Signal) func() error {
	return func() error { return s.gateway.signal(sig) }
}

// fullDisk is the disturbance in which nothing can be stored.
const fullDisk = "fill the disk"

// fill fills the file system that the state folder is on.
func (s *soak) fill() error {
	f, err := os.Create(s.filling())
	if err != nil {
		return err
	}
	for size := 1 << 20; size > 0; {
		if _, err := f.Write(make([]byte, size)); err != nil {
			size /= 2 // to the last byte
		}
	}
	return f.Close()
}

func (s *soak) unfill() error { return os.Remove(s.filling()) }

func (s *soak) filling() string { return filepath.Join(s.dir, "disk", "filling") }

// crowd has more clients come than there is room for, who say nothing.
func (s *soak) crowd(ctx context.Context, rng *rand.Rand) error {
	defer s.ledger.disturb("crowd", web)()
	var conns []net.Conn
	for range 70 + rng.IntN(30) {
		dial, cancel := context.WithTimeout(ctx, 5*time.Second)
		conn, err := s.hosts.B.NS.Dial(dial, "tcp", webAddress)
		cancel()
		if err != nil {
			break // the gateway may be away
		}
		conns = append(conns, conn)
		if rng.IntN(2) == 0 {
			_, _ = io.WriteString(conn, "GET / HT")
		}
	}
	wait(ctx, time.Duration(rng.IntN(3000))*time.Millisecond)
	for _, conn := range conns {
		_ = conn.Close()
	}
	return nil
}

// hangUp has the gateway read its configuration again. That applies what the
// operator has saved and not applied.
func (s *soak) hangUp(context.Context, *rand.Rand) error {
	touches := area(0)
	for _, one := range settings() {
		touches |= one.areas
	}
	defer s.ledger.touch("hang up", touches)()
	return s.gateway.signal(syscall.SIGHUP)
}

// killGateway kills the gateway and starts it again.
func (s *soak) killGateway(ctx context.Context, rng *rand.Rand) error {
	defer s.ledger.disturb("kill the gateway", everything)()
	_, err := s.gateway.end(syscall.SIGKILL)
	wait(ctx, time.Duration(rng.IntN(2000))*time.Millisecond)
	return errors.Join(err, s.gateway.start(context.Background()))
}

// replace ends the gateway in order and starts the next one.
func (s *soak) replace(what string, sig syscall.Signal) func(context.Context, *rand.Rand) error {
	return func(context.Context, *rand.Rand) error {
		defer s.ledger.disturb(what, everything)()
		status, err := s.gateway.end(sig)
		if err == nil && status != 0 {
			err = fmt.Errorf("the gateway ends with status %d", status)
		}
		return errors.Join(err, s.gateway.start(context.Background()))
	}
}
