package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

// The plant: so many devices with so many tags each.
const (
	devices    = 100
	tagsOfEach = 100
	tags       = devices * tagsOfEach
)

func deviceAlias(i int) string { return fmt.Sprintf("DEV%03d", i) }
func signalAlias(i int) string { return fmt.Sprintf("TAG%03d", i) }

// plant is a Modbus TCP server that is all devices, each by its unit number.
// A register holds how often its device has been asked.
type plant struct {
	listener net.Listener
	serving  sync.WaitGroup

	mu     sync.Mutex
	conns  map[net.Conn]bool
	rounds [devices][]round
}

// round is one reading of all registers of a device.
type round struct{ asked, answered time.Time }

func newPlant() (*plant, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &plant{listener: l, conns: make(map[net.Conn]bool)}
	p.serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			p.mu.Lock()
			p.conns[conn] = true
			p.mu.Unlock()
			p.serving.Go(func() { p.serve(conn) })
		}
	})
	return p, nil
}

func (p *plant) close() {
	_ = p.listener.Close()
	p.mu.Lock()
	for conn := range p.conns {
		_ = conn.Close()
	}
	p.mu.Unlock()
	p.serving.Wait()
}

// serve answers requests to read holding registers (function 3).
func (p *plant) serve(conn net.Conn) {
	defer func() {
		_ = conn.Close()
		p.mu.Lock()
		delete(p.conns, conn)
		p.mu.Unlock()
	}()
	request := make([]byte, 12)
	for {
		if _, err := io.ReadFull(conn, request); err != nil {
			return
		}
		asked := time.Now()
		device, count := int(request[6])-1, int(binary.BigEndian.Uint16(request[10:]))
		if request[7] != 3 || device < 0 || device >= devices || count != tagsOfEach {
			return // the gateway is to ask for all registers at once
		}
		value := p.count(device)
		answer := append(request[:4:4], 0, byte(3+2*count), request[6], 3, byte(2*count))
		for range count {
			answer = binary.BigEndian.AppendUint16(answer, value)
		}
		_, err := conn.Write(answer)
		if err != nil {
			return
		}
		p.note(device, round{asked, time.Now()})
	}
}

func (p *plant) count(device int) uint16 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return uint16(len(p.rounds[device]))
}

func (p *plant) note(device int, r round) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rounds[device] = append(p.rounds[device], r)
}

// last returns when a device last answered.
func (p *plant) last(device int) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := p.rounds[device]
	if len(all) == 0 {
		return time.Time{}
	}
	return all[len(all)-1].answered
}

// since returns the rounds of each device that have begun since then.
func (p *plant) since(begin time.Time) (rounds [devices][]round) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, all := range p.rounds {
		for _, r := range all {
			if !r.asked.Before(begin) {
				rounds[i] = append(rounds[i], r)
			}
		}
	}
	return rounds
}

// configuration is that of a hub with so many devices of the plant, as YAML
// for /api/sync.
func (p *plant) configuration(devices int) string {
	var text strings.Builder
	port := p.listener.Addr().(*net.TCPAddr).Port
	text.WriteString("devices:\n")
	for d := range devices {
		fmt.Fprintf(&text, "  - {device_alias: %s, protocol: modbus tcp, host: 127.0.0.1, port: %d, slave_id: %d, scan_rate_ms: 1000, timeout_ms: 5000}\n",
			deviceAlias(d), port, d+1)
	}
	text.WriteString("signals:\n")
	for d := range devices {
		for s := range tagsOfEach {
			fmt.Fprintf(&text, "  - {signal_name: Signal %d of device %d, device_alias: %s, signal_alias: %s, job_todo: 3;%d;1, number_type: unsigned16}\n",
				s, d, deviceAlias(d), signalAlias(s), s)
		}
	}
	return text.String()
}
