package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/fieldgate/fieldgate/internal/netns"
)

// peer is a program on the other host, which can be killed and started again.
type peer struct {
	host *netns.Namespace
	name string
	args []string
	log  string // path of what it says

	mu    sync.Mutex
	cmd   *exec.Cmd
	ended chan struct{}
}

func (p *peer) start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	out, err := os.OpenFile(p.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = out.Close() }() // the child has its own
	cmd := p.host.Command(context.Background(), p.name, p.args...)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	p.cmd, p.ended = cmd, ended
	return nil
}

// end ends it with a signal.
func (p *peer) end(sig syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return nil
	}
	if err := p.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.ended:
	case <-time.After(endTime):
		return fmt.Errorf("%s does not end", p.name)
	}
	p.cmd = nil
	return nil
}

// Where the peers are.
const (
	collectorHTTP = "127.0.0.1:5151"
	community     = "plant"
	snmpUser      = "ops"
	snmpPassword  = "correct horse battery"
	tunnelServer  = "10.8.0.1" // of the openvpn there
	tunnelGateway = "10.9.0.1" // of the gateway's own
	modbusPort    = 1502
)

// python is that of the distribution, which its packages are for.
const python = "/usr/bin/python3"

// modbusServer serves 2,000 registers of two units with pymodbus: each holds
// its address and the unit.
const modbusServer = `
import asyncio, sys
from pymodbus.datastore import ModbusSequentialDataBlock, ModbusSlaveContext, ModbusServerContext
from pymodbus.server.async_io import ModbusTcpServer

def unit(n):
    block = ModbusSequentialDataBlock(0, [10 * address + n for address in range(2000)])
    return ModbusSlaveContext(hr=block, zero_mode=True)

async def main():
    server = ModbusTcpServer(ModbusServerContext(slaves={n: unit(n) for n in (1, 2)}, single=False),
        address=(sys.argv[1], int(sys.argv[2])))
    await server.serve_forever()

asyncio.run(main())
`

// The devices and tags of the hub.
const (
	hubDevices = 2
	hubTags    = 20
)

// hubConfiguration is what /api/sync is sent.
func hubConfiguration() string {
	var b strings.Builder
	b.WriteString("devices:\n")
	for d := range hubDevices {
		fmt.Fprintf(&b, "  - {device_alias: DEV%d, protocol: modbus tcp, host: %s, port: %d, slave_id: %d, scan_rate_ms: 500, timeout_ms: 3000}\n",
			d+1, peerHost, modbusPort, d+1)
	}
	b.WriteString("signals:\n")
	for d := range hubDevices {
		for t := range hubTags {
			fmt.Fprintf(&b, "  - {signal_name: Tag %d of device %d, device_alias: DEV%d, signal_alias: TAG%d, job_todo: 3;%d;1, number_type: unsigned16}\n",
				t, d+1, d+1, t, t)
		}
	}
	return b.String()
}

// openvpnServer is the plain server that the gateway's client calls.
const openvpnServer = `dev-type tun
dev tun0
proto udp
port 1194
ca ca.crt
cert cert.crt
key key.key
dh none
server 10.8.0.0 255.255.255.0
topology subnet
keepalive 2 10
duplicate-cn
verb 3
`

// openvpnClient is the plain client that calls the gateway's server.
const openvpnClient = `client
dev-type tun
dev tun1
proto udp
nobind
remote ` + gatewayHost + ` 1195
ca ca.crt
cert cert.crt
key key.key
remote-cert-tls server
connect-retry 1 4
connect-timeout 10
resolv-retry infinite
verb 3
`

// charonPeer is the configuration of the charon there.
const charonPeer = `
connections {
  gateway {
    version = 2
    local_addrs = ` + peerHost + `
    remote_addrs = ` + gatewayHost + `
    proposals = aes256-sha256-modp2048
    dpd_delay = 3s
    local { auth = psk }
    remote { auth = psk }
    children { net { local_ts = 10.10.10.0/24
      remote_ts = 10.10.12.0/24
      esp_proposals = aes128-sha256
      dpd_action = clear } }
  }
}
secrets { ike-gateway { secret = "thebigsecret" } }
`

// trapConfiguration lets snmptrapd take all with the community.
const trapConfiguration = "authCommunity log " + community + "\ndisableAuthorization no\n"

// newPeers makes the programs on the other host; nothing runs yet.
func (s *soak) newPeers(ctx context.Context) error {
	there := s.hosts.B.NS
	collector := filepath.Join(s.dir, "collector")
	if text, err := exec.CommandContext(ctx, "go", "build", "-race", "-buildvcs=false", "-o", collector, "./examples/collector").CombinedOutput(); err != nil {
		return fmt.Errorf("go build ./examples/collector: %w: %s", err, text)
	}
	for name, text := range map[string]string{
		"collector.keys": telemetrySerial + " " + s.telemetryKey + "\n",
		"telemetry.key":  s.telemetryKey + "\n",
		"snmptrapd.conf": trapConfiguration,
		"modbus.py":      modbusServer,
	} {
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	if err := os.Mkdir(filepath.Join(s.dir, "store"), 0o700); err != nil {
		return err
	}
	add := func(name, program string, args ...string) *peer {
		p := &peer{host: there, name: program, args: args, log: filepath.Join(s.dir, name+".log")}
		s.peers = append(s.peers, p)
		return p
	}
	s.collector = add("collector", collector, "-listen", net.JoinHostPort(peerHost, "5150"), "-http", collectorHTTP,
		"-data", filepath.Join(s.dir, "store"), "-keys", filepath.Join(s.dir, "collector.keys"), "-acks", "-fsync", "200ms")
	s.vpnServer = add("vpn-server", "openvpn", "--cd", filepath.Join(s.dir, "vpn-server"), "--config", "config")
	s.vpnClient = add("vpn-client", "openvpn", "--cd", filepath.Join(s.dir, "vpn-client"), "--config", "config")
	s.modbus = add("modbus", python, filepath.Join(s.dir, "modbus.py"), peerHost, fmt.Sprint(modbusPort))
	s.traps = add("traps", "snmptrapd", "-f", "-Lo", "-On", "-m", "", "-C", "-c", filepath.Join(s.dir, "snmptrapd.conf"), "udp:"+net.JoinHostPort(peerHost, "162"))
	return nil
}
