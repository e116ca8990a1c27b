package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"aead.dev/minisign"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/internal/ptypair"
	"github.com/fieldgate/fieldgate/internal/twohosts"
	"github.com/fieldgate/fieldgate/openvpn/filestore"
	"github.com/fieldgate/fieldgate/openvpn/pki"
)

// soak is two hosts: the gateway on one, its peers on the other.
type soak struct {
	seed     uint64
	begun    time.Time
	rounds   uint64        // in which the gateway was treated badly
	slowest  time.Duration // that everything took to be as it should be
	dir      string
	ledger   *ledger
	failures *os.File // what failed while it was disturbed, and why
	hosts    *twohosts.Pair

	mounted  bool // the state folder has a disk of its own
	gateway  *gateway
	key      string // of the API
	password string // of admin on the pages
	token    string // of admin for programs

	telemetryKey                                   string
	peers                                          []*peer
	collector, vpnServer, vpnClient, modbus, traps *peer
	lines                                          []*line

	reports reportLog
	before  figures
	after   figures
	dump    bool // the gateway is to tell at its end what its goroutines do
}

const telemetrySerial = "SOAK0001"

// programs are what is run besides what twohosts needs.
var programs = []string{"openvpn", "snmpbulkwalk", "snmpget", "snmptrapd", "nft", python}

func newSoak(ctx context.Context, seed uint64) (_ *soak, err error) {
	for _, name := range programs {
		if _, err := exec.LookPath(name); err != nil {
			return nil, fmt.Errorf("%w (make peers installs it)", err)
		}
	}
	s := &soak{seed: seed, begun: time.Now(), key: api.NewKey()}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if s.dir, err = os.MkdirTemp("", "fg"); err != nil { // a short name: there are sockets below
		return s, err
	}
	if s.failures, err = os.Create(filepath.Join(s.dir, "failures.log")); err != nil {
		return s, err
	}
	s.ledger = newLedger(s.failures)
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails
	s.telemetryKey = hex.EncodeToString(secret)
	if s.hosts, err = twohosts.New(twohosts.Options{}); err != nil {
		return s, err
	}
	if err := s.hosts.B.Load(ctx, charonPeer); err != nil {
		return s, err
	}
	if err := s.newLines(); err != nil {
		return s, err
	}
	if err := s.newPeers(ctx); err != nil {
		return s, err
	}
	if err := s.newState(); err != nil {
		return s, err
	}
	log, err := os.Create(filepath.Join(s.dir, "gateway.log"))
	if err != nil {
		return s, err
	}
	s.gateway = &gateway{
		ledger: s.ledger, host: s.hosts.A.NS, program: filepath.Join(s.dir, "gateway"),
		state: filepath.Join(s.dir, "disk", "state"), run: filepath.Join(s.dir, "run"), charon: s.hosts.A.Socket(), log: log,
	}
	if err := build(ctx, s.gateway.program); err != nil {
		return s, err
	}
	for _, p := range s.peers {
		if err := p.start(); err != nil {
			return s, err
		}
	}
	return s, nil
}

// close ends all that still runs.
func (s *soak) close() error {
	var errs []error
	if s.gateway != nil && s.gateway.cmd != nil {
		_, _ = s.gateway.end(syscall.SIGTERM) // it may have ended long ago
		_ = s.gateway.log.Close()
		pids, err := s.gateway.children()
		errs = append(errs, err)
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	for _, p := range s.peers {
		errs = append(errs, p.end(syscall.SIGKILL))
	}
	for _, l := range s.lines {
		l.close()
	}
	if s.hosts != nil {
		errs = append(errs, s.hosts.Close())
	}
	if s.mounted {
		errs = append(errs, syscall.Unmount(filepath.Join(s.dir, "disk"), syscall.MNT_DETACH))
	}
	if s.failures != nil {
		errs = append(errs, s.failures.Close())
	}
	return errors.Join(errs...)
}

// newState makes the state folder on a disk of its own, with a configuration of everything, and the
// files of OpenVPN on both hosts.
func (s *soak) newState() error {
	disk := filepath.Join(s.dir, "disk")
	if err := os.Mkdir(disk, 0o700); err != nil {
		return err
	}
	if err := syscall.Mount("soak", disk, "tmpfs", 0, "size=32m,mode=0700"); err != nil {
		return fmt.Errorf("mount %s: %w", disk, err)
	}
	s.mounted = true
	state := filepath.Join(disk, "state")
	if err := os.Mkdir(state, 0o700); err != nil {
		return err
	}
	authority, err := pki.CreateAuthority(filepath.Join(s.dir, "ca"), pki.AuthorityConfig{})
	if err != nil {
		return err
	}
	files, err := filestore.Open(filepath.Join(state, "openvpn"))
	if err != nil {
		return err
	}
	server, err := authority.IssueServer(pki.Request{Name: "server"})
	if err != nil {
		return err
	}
	client, err := authority.IssueClient(pki.Request{Name: "client"})
	if err != nil {
		return err
	}
	for _, of := range []struct {
		peer, config string // on the other host
		own          pki.Identity
		instances    []string // of the gateway, on the other side
		theirs       pki.Identity
	}{
		{"vpn-server", openvpnServer, server, []string{"office", "spare"}, client},
		{"vpn-client", openvpnClient, client, []string{"service"}, server},
	} {
		dir := filepath.Join(s.dir, of.peer)
		if err := os.Mkdir(dir, 0o700); err != nil {
			return err
		}
		for name, content := range map[string][]byte{
			"ca.crt": authority.CAPEM(), "cert.crt": of.own.CertificatePEM(), "key.key": of.own.KeyPEM(), "config": []byte(of.config),
		} {
			if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
				return err
			}
		}
		for _, instance := range of.instances {
			for name, content := range map[string][]byte{"ca.crt": authority.CAPEM(), "cert.crt": of.theirs.CertificatePEM(), "key.key": of.theirs.KeyPEM()} {
				if err := files.Put(instance, name, content); err != nil {
					return err
				}
			}
		}
	}
	text, err := s.configuration()
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(state, "gateway.yaml"), []byte(text), 0o600)
}

// configuration is gateway.yaml with every service that this host can have.
func (s *soak) configuration() (string, error) {
	hash, err := api.HashKey(s.key)
	if err != nil {
		return "", err
	}
	vendor, _, err := minisign.GenerateKey(rand.Reader)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf(`
device: {model: soak-0, serial: %[1]s}
web: {listen: %[2]q}
telemetry:
  enabled: true
  period: 1s
  destinations: [{host: %[4]s, port: 5150}]
  key_file: %[5]q
  ring: 32
  acks: true
ipsec:
  enabled: true
  connections:
    - {name: demo0, enabled: true, gateway: %[4]s, local_subnets: 10.10.12.0/24, remote_subnets: 10.10.10.0/24,
       pre_shared_key: thebigsecret, phase1: ike, phase2: esp, start_action: start, dpd_action: restart, dpd_delay: 3}
    - {name: demo1, enabled: true, gateway: %[4]s, local_subnets: 10.10.13.0/24, remote_subnets: 10.10.14.0/24,
       pre_shared_key: thebigsecret, phase1: ike, phase2: esp, start_action: none}
  phase1_proposals: [{name: ike, encryption: aes256, hash: sha256, dh: 14}]
  phase2_proposals: [{name: esp, encryption: aes128, hash: sha256}]
openvpn:
  enabled: true
  instances:
    - name: office
      enabled: true
      remotes: [{host: %[4]s}]
      files: {ca: ca.crt, cert: cert.crt, key: key.key}
      options: [{name: remote-cert-tls, args: [server]}, {name: connect-retry, args: ["1", "4"]}]
    - name: service
      enabled: true
      role: server
      server: 10.9.0.0/24
      port: 1195
      files: {ca: ca.crt, cert: cert.crt, key: key.key}
      options: [{name: keepalive, args: ["2", "10"]}, {name: duplicate-cn, args: []}]
    - name: spare
      enabled: false
      remotes: [{host: %[4]s, port: 1196}]
      files: {ca: ca.crt, cert: cert.crt, key: key.key}
      options: [{name: remote-cert-tls, args: [server]}]
ser2net:
  enabled: true
  ports:
    - {name: raw, enabled: true, listen: "%[3]s:5000", device: %[6]q}
    - {name: telnet, enabled: true, listen: "%[3]s:5001", protocol: telnet, rfc2217: true, device: %[7]q}
    - {name: flood, enabled: true, listen: "%[3]s:5002", device: %[8]q, max_clients: 8, slow_client: disconnect, queue: 1048576, banner: "soak\n"}
snmp:
  enabled: true
  listen: ["%[3]s:161"]
  system: {location: soak-0}
  communities: [{community: %[9]s, version: v2c, sources: [192.0.2.0/24], read: all}]
  users: [{name: %[10]s, auth: sha256, auth_password: %[11]q, priv: aes, priv_password: %[11]q, read: all}]
  notifications:
    authentication_failures: true
    destinations: [{name: ops, address: "%[4]s:162", version: v2c, community: %[9]s}]
api:
  enabled: true
  keys: [{name: soak, hash: %[12]q}]
  endpoints: {version: true, actions: true, sync_version: true, sync: true, syslog: true, system_info: true, gsm_info: true,
    devices: true, device_info: true, device_tags: true, device_tag_value: true, tags: true, sysupgrade: true}
points: {source: hub}
upgrade: {enabled: true, boards: [soak], oldest_version: any, trusted_keys: [%[13]q], folder: %[14]q, test_command: [], apply_command: [/bin/true, "{file}"]}
`, telemetrySerial, webAddress, gatewayHost, peerHost, filepath.Join(s.dir, "telemetry.key"),
		s.lines[0].name(), s.lines[1].name(), s.lines[2].name(), community, snmpUser, snmpPassword, hash.Reveal(), vendor, filepath.Join(s.dir, "firmware")), nil
}

// newLines plugs the serial lines in.
func (s *soak) newLines() error {
	for i, play := range []func(*ptypair.Pair) error{echo, echo, flood()} {
		l, err := newLine(filepath.Join(s.dir, fmt.Sprintf("line%d", i)), play)
		if err != nil {
			return err
		}
		s.lines = append(s.lines, l)
	}
	return nil
}
