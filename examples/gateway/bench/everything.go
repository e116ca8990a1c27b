package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/fieldgate/fieldgate/internal/ptypair"
	"github.com/fieldgate/fieldgate/ipsec/ipsectest/fakecharon"
)

// What the gateway has to do when its memory is measured.
const (
	apiClients = 64
	sessions   = 8
	polled     = 10 // devices, of a hundred tags each
	loadedFor  = 20 * time.Second
	// goLimit and goGC are what the gateway chooses on a device with 64 MB.
	goLimit = "16MiB"
	goGC    = "50"
)

// everything is a gateway with all its services at work: telemetry that is
// received, devices that are polled, an IPsec connection in a charon, an
// OpenVPN client whose server does not answer, lines with something behind
// them, SNMP and the API. L2TP, modem and upgrade need what a machine of
// developers does not have.
type everything struct {
	*device
	agent  string // address of the SNMP agent
	api    string
	lines  []*ptypair.Pair
	ports  []string
	charon *fakecharon.Daemon
	sink   net.PacketConn
}

func (e *everything) stop() {
	if e.device != nil {
		e.device.stop()
	}
	for _, line := range e.lines {
		_ = line.Close()
	}
	if e.charon != nil {
		_ = e.charon.Close()
	}
	if e.sink != nil {
		_ = e.sink.Close()
	}
}

// everything starts one, as on a device with 64 MB.
func (b *bench) everything(ctx context.Context, name string) (_ *everything, err error) {
	e := new(everything)
	defer func() {
		if err != nil {
			e.stop()
		}
	}()
	addresses, err := freePorts(2 + sessions)
	if err != nil {
		return nil, err
	}
	e.api, e.agent, e.ports = addresses[0], addresses[1], addresses[2:]
	if e.sink, err = net.ListenPacket("udp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	dir := filepath.Join(b.dir, name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	if e.charon, err = fakecharon.Start(filepath.Join(dir, "vici"), fakecharon.Options{}); err != nil {
		return nil, err
	}
	e.charon.SetPeer("fieldgate-site", fakecharon.Peer{Key: "a long random text"})
	var lines strings.Builder
	for i, address := range e.ports {
		line, err := ptypair.Open()
		if err != nil {
			return nil, err
		}
		e.lines = append(e.lines, line)
		fmt.Fprintf(&lines, "    - {name: p%d, enabled: true, listen: %q, device: %q}\n", i, address, line.Name())
	}
	config := fmt.Sprintf(`web: {listen: %q}
telemetry: {enabled: true, period: 1s, destinations: [{host: 127.0.0.1, port: %d}]}
api:
  enabled: true
  authentication: none
  endpoints: {version: true, sync: true, syslog: true, system_info: true, devices: true, device_tags: true, device_tag_value: true, tags: true}
  limits: {max_connections: %d}
snmp: {enabled: true, listen: [%q], communities: [{community: bench, version: v2c, read: all}]}
points: {source: hub}
ipsec:
  enabled: true
  phase1_proposals: [{name: ike, encryption: aes256, hash: sha256, dh: 14}]
  phase2_proposals: [{name: esp, encryption: aes128, hash: sha256}]
  connections:
    - {name: site, enabled: true, gateway: 127.0.0.2, local_subnets: 10.10.12.0/24, remote_subnets: 10.10.10.0/24, local_id: gateway, remote_id: site, pre_shared_key: a long random text, phase1: ike, phase2: esp, start_action: start}
openvpn:
  enabled: true
  instances:
    - {name: office, enabled: true, remotes: [{host: 127.0.0.1, port: %d}], username: site, password: secret, peer_fingerprints: [%q]}
ser2net:
  enabled: true
  ports:
%s`, e.api, e.sink.LocalAddr().(*net.UDPAddr).Port, apiClients+16, e.agent, e.sink.LocalAddr().(*net.UDPAddr).Port,
		strings.Repeat("AB:", 31)+"AB", lines.String())
	if err := os.WriteFile(filepath.Join(dir, "gateway.yaml"), []byte(config), 0o600); err != nil {
		return nil, err
	}
	e.device, _, err = b.startDevice(ctx, dir, []string{"GOMEMLIMIT=" + goLimit, "GOGC=" + goGC}, "-charon", e.charon.Socket())
	if err != nil {
		return nil, err
	}
	return e, e.ready(ctx, b.plant)
}

// ready gives the gateway its devices, and waits until all it has runs.
func (e *everything) ready(ctx context.Context, p *plant) error {
	g := gateway{Program: e.Program, address: e.api}
	if err := g.send(ctx, "sync", strings.NewReader(p.configuration(polled))); err != nil {
		return err
	}
	if err := e.login(ctx); err != nil {
		return err
	}
	for service, state := range map[string]string{"ipsec": "up", "openvpn": "", "ser2net": ""} {
		err := e.Wait(ctx, "run "+service, func() (bool, error) {
			text, err := e.ask(ctx, "/services/items/"+service, nil)
			var all struct {
				Items []struct{ Name, State string }
			}
			if err == nil {
				err = json.Unmarshal([]byte(text), &all)
			}
			if err != nil || len(all.Items) == 0 {
				return false, err
			}
			for _, item := range all.Items {
				if state != "" && item.State != state {
					return false, nil
				}
			}
			return true, nil
		})
		if err != nil {
			return fmt.Errorf("%w: %s", err, e.Output())
		}
	}
	return nil
}

// memory measures what the gateway takes with all services on: while nobody
// asks anything, and while everybody does.
func (b *bench) memory(ctx context.Context) (figures []figure, err error) {
	if _, err := exec.LookPath("snmpbulkwalk"); err != nil {
		return nil, errors.New("needs snmpbulkwalk (make peers)")
	}
	idle, err := b.everything(ctx, "all")
	if err != nil {
		return nil, err
	}
	defer idle.stop()
	if err := pause(ctx, b.rest); err != nil {
		return nil, err
	}
	now, err := idle.Resident()
	if err != nil {
		return nil, err
	}
	idle.stop()
	figures = append(figures,
		plain("all services at work, nobody asks, as on a host with 64 MB: memory", float64(now.All)/mega, "MB").atMost(24),
		plain("the same, of its own", float64(now.Own)/mega, "MB"),
		plain("the same, pages of the program", float64(now.Program)/mega, "MB"),
	)
	e, err := b.everything(ctx, "loaded")
	if err != nil {
		return nil, err
	}
	defer e.stop()
	if err := e.ForgetPeak(); err != nil {
		return nil, err
	}
	answers, err := e.load(ctx, b.loaded)
	if err != nil {
		return nil, err
	}
	peak, err := e.Peak()
	if err != nil {
		return nil, err
	}
	if now, err = e.Resident(); err != nil {
		return nil, err
	}
	figures = append(figures,
		plain(fmt.Sprintf("%d API clients, %d serial sessions and a walk at once: memory at the peak", apiClients, sessions), float64(peak)/mega, "MB").atMost(40),
		plain("the same, of its own at the end", float64(now.Own)/mega, "MB"),
		plain("the same, answers of the API", float64(answers.api)/b.loaded.Seconds(), "/s"),
		plain("the same, bytes through the lines", float64(answers.serial)/b.loaded.Seconds()/1000, "kB/s"),
		plain("the same, walks", float64(answers.walks)/b.loaded.Seconds(), "/s"),
	)
	if err := pause(ctx, b.rest); err != nil {
		return nil, err
	}
	if now, err = e.Resident(); err != nil {
		return nil, err
	}
	return append(figures, plain("the same, memory when all have gone", float64(now.All)/mega, "MB")), nil
}

// answered is what a gateway has done under load.
type answered struct{ api, serial, walks int }

// load lets everybody ask for a while.
func (e *everything) load(ctx context.Context, while time.Duration) (total answered, err error) {
	ctx, cancel := context.WithTimeout(ctx, while)
	defer cancel()
	var all sync.WaitGroup
	var mu sync.Mutex
	run := func(work func(context.Context) (answered, error)) {
		all.Go(func() {
			done, failed := work(ctx)
			mu.Lock()
			defer mu.Unlock()
			total.api, total.serial, total.walks = total.api+done.api, total.serial+done.serial, total.walks+done.walks
			err = errors.Join(err, failed)
		})
	}
	clients, err := connect(e.api, apiClients)
	if err != nil {
		return total, err
	}
	defer disconnect(clients)
	for i, c := range clients {
		run(func(ctx context.Context) (done answered, err error) {
			request := tagRequest(e.api, "", deviceAlias(i%polled), signalAlias(i))
			for ctx.Err() == nil {
				status, body, err := c.ask(request)
				if err != nil || status != http.StatusOK {
					return done, fmt.Errorf("status %d, %s: %w", status, body, err)
				}
				done.api++
			}
			return done, nil
		})
	}
	for i, line := range e.lines {
		run(func(ctx context.Context) (answered, error) { return session(ctx, e.ports[i], line) })
	}
	run(func(ctx context.Context) (done answered, err error) {
		for ctx.Err() == nil {
			out, err := exec.CommandContext(ctx, "snmpbulkwalk", "-v2c", "-c", "bench", "-On", e.agent, ".1").CombinedOutput()
			if ctx.Err() == nil && err != nil {
				return done, fmt.Errorf("snmpbulkwalk: %w: %.300s", err, out)
			}
			done.walks++
		}
		return done, nil
	})
	all.Wait()
	return total, err
}

// session sends what a meter would, from the client to the line and back.
func session(ctx context.Context, address string, line *ptypair.Pair) (done answered, err error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return done, err
	}
	defer func() { _ = conn.Close() }()
	for out, in := make([]byte, 256), make([]byte, 256); ctx.Err() == nil; {
		for _, way := range []struct {
			from io.Writer
			to   interface {
				io.Reader
				SetReadDeadline(time.Time) error
			}
		}{{conn, line}, {line, conn}} {
			if _, err := way.from.Write(out); err != nil {
				return done, err
			}
			if err := way.to.SetReadDeadline(time.Now().Add(patience)); err != nil {
				return done, err
			}
			n, err := io.ReadFull(way.to, in)
			done.serial += n
			if err != nil {
				return done, fmt.Errorf("%s: %w", address, err)
			}
		}
	}
	return done, nil
}
