package doctor_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/examples/gateway/doctor"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/ipsectest"
	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/openvpn/openvpntest"
	"github.com/fieldgate/fieldgate/openvpn/pki"
	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/ser2net/ser2nettest"
	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/telemetrytest"
)

// findings runs the doctor and returns what it says, a line each.
func findings(t *testing.T, f doctor.Facts) []string {
	t.Helper()
	all := []string{}
	for _, found := range doctor.Run(t.Context(), f) {
		assert.NotEmpty(t, found.Todo, found.Sentence)
		assert.NotContains(t, found.String(), "very secret")
		all = append(all, found.String())
	}
	return all
}

// document with a tunnel that is kept up.
func tunnels(change func(*ipsec.Config)) document.Document {
	doc := document.Default()
	doc.IPsec = ipsec.Config{
		Enabled: true,
		Connections: []ipsec.Connection{{
			Name: "demo0", Enabled: true, Gateway: "192.0.2.10", LocalSubnets: ipsec.Subnets{"10.10.12.0/24"},
			RemoteSubnets: ipsec.Subnets{"10.10.10.0/24"}, PreSharedKey: ipsec.NewSecret("very secret"),
			Phase1: ipsec.Names{"ike"}, Phase2: ipsec.Names{"esp"}, StartAction: ipsec.StartNow,
		}},
		Phase1Proposals: []ipsec.Phase1Proposal{{Name: "ike", Encryption: ipsec.EncryptionAES256, Hash: ipsec.HashSHA256, DH: ipsec.Group14}},
		Phase2Proposals: []ipsec.Phase2Proposal{{Name: "esp", Encryption: ipsec.EncryptionAES128, Hash: ipsec.HashSHA256}},
	}
	if change != nil {
		change(&doc.IPsec)
	}
	return doc
}

// A tunnel that does not come up is told with its own sentence.
func TestIPsec(t *testing.T) {
	for name, c := range map[string]struct {
		peer   func(want *ipsec.Definition) // what it wants instead
		config func(*ipsec.Config)          // what is configured instead
		fault  func(d *ipsectest.Daemon)    // before the start
		later  func(d *ipsectest.Daemon)    // after it
		want   string                       // the only finding; none: healthy
		host   doctor.Host                  //
		stop   bool                         // somebody stops the tunnel
		lacks  []control.Missing
	}{
		"healthy": {},
		"wrong PSK": {
			peer: func(want *ipsec.Definition) { want.PreSharedKey = ipsec.NewSecret("another one") },
			want: "fault: ipsec demo0: The peer 192.0.2.10 and this device do not take each other's key or identity. Give both ends the same pre-shared key, and compare local_id here with the remote id there and the other way round.",
		},
		"phase 1": {
			peer: func(want *ipsec.Definition) { want.Phase1[0].DH = ipsec.Group15 },
			want: "fault: ipsec demo0: The peer 192.0.2.10 takes none of the phase 1 proposals. Give both ends the same encryption, hash and DH group in phase 1.",
		},
		"phase 2": {
			peer: func(want *ipsec.Definition) { want.Phase2[0].Encryption = ipsec.EncryptionAES256 },
			want: "fault: ipsec demo0: The peer 192.0.2.10 takes none of the phase 2 proposals. Give both ends the same encryption, hash and PFS group in phase 2.",
		},
		"other subnets": {
			peer: func(want *ipsec.Definition) { want.RemoteSubnets = ipsec.Subnets{"172.16.0.0/16"} },
			want: "fault: ipsec demo0: The peer 192.0.2.10 wants other subnets. Let local_subnets here be the remote ones there, and the other way round.",
		},
		"silent peer": {
			fault: func(d *ipsectest.Daemon) { d.SetPeer("demo0", ipsectest.PeerSilent) },
			want:  "fault: ipsec demo0: The peer 192.0.2.10 does not answer. Make sure that it is switched on and that UDP ports 500 and 4500 are open on the way to it.",
		},
		"stopped by somebody": {
			fault: func(d *ipsectest.Daemon) { d.SetPeer("demo0", ipsectest.PeerSilent) },
			stop:  true,
		},
		"unknown name": {
			config: func(c *ipsec.Config) { c.Connections[0].Gateway = "ipsec.vpn.example" },
			fault:  func(d *ipsectest.Daemon) { d.SetPeer("demo0", ipsectest.PeerNameless) },
			want:   "fault: ipsec demo0: The name of the peer, ipsec.vpn.example, is not known to the DNS servers, or they do not answer. Look at the name, at the DNS servers in /etc/resolv.conf and at the uplink.",
		},
		"DNS is told once": {
			config: func(c *ipsec.Config) { c.Connections[0].Gateway = "ipsec.vpn.example" },
			fault:  func(d *ipsectest.Daemon) { d.SetPeer("demo0", ipsectest.PeerNameless) },
			host:   doctor.Host{Resolve: func(context.Context, string) error { return errors.New("no such host") }},
			want:   "fault: ipsec demo0: The name ipsec.vpn.example is not known to the DNS servers, or they do not answer. Look at the name, at the DNS servers in /etc/resolv.conf and at the uplink.",
		},
		"closed by the peer, to come up on demand": {
			config: func(c *ipsec.Config) { c.Connections[0].StartAction = ipsec.StartTrap },
			later: func(d *ipsectest.Daemon) {
				d.Pass("demo0", 100)
				time.Sleep(time.Second)
				d.PeerCloses("demo0")
			},
		},
		"charon killed": {
			later: func(d *ipsectest.Daemon) { d.Kill() },
			want:  "fault: ipsec: The IKE daemon, charon, does not answer: fake: the IKE daemon is not available. Start it, for example with systemctl start strongswan; the connections then come back by themselves.",
		},
		"charon missing": {
			later: func(d *ipsectest.Daemon) { d.Kill() },
			lacks: []control.Missing{{Service: "ipsec", What: "charon, the IKE daemon, is not installed", Command: "apt install charon-systemd"}},
			want:  "fault: ipsec: charon, the IKE daemon, is not installed. Mend it with: apt install charon-systemd",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				doc, daemon := tunnels(c.config), ipsectest.NewDaemon()
				if c.peer != nil {
					want := ipsec.Definition{
						Connection: doc.IPsec.Connections[0], Phase1: slices.Clone(doc.IPsec.Phase1Proposals), Phase2: slices.Clone(doc.IPsec.Phase2Proposals),
					}
					want.Authentication = ipsec.AuthPSK
					c.peer(&want)
					daemon.Expect(want)
				}
				if c.fault != nil {
					c.fault(daemon)
				}
				s, err := ipsec.New(doc.IPsec, ipsec.Options{Backend: daemon.Backend("fieldgate")})
				require.NoError(t, err)
				require.NoError(t, s.Start(t.Context()))
				defer func() { require.NoError(t, s.Stop(context.Background())) }()
				time.Sleep(time.Minute)
				if c.later != nil {
					c.later(daemon)
					time.Sleep(time.Minute)
				}
				if c.stop {
					require.NoError(t, s.Terminate(t.Context(), "demo0"))
				}
				synctest.Wait()
				status := s.Status()
				want := []string{}
				if c.want != "" {
					want = append(want, c.want)
				}
				assert.Equal(t, want, findings(t, doctor.Facts{Document: doc, IPsec: &status, Host: c.host, Missing: c.lacks}))
			})
		})
	}
}

// A certificate that has expired is told with its date.
func TestExpiredCertificateOfIPsec(t *testing.T) {
	folder := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		authority, err := pki.CreateAuthority(folder+"/ca", pki.AuthorityConfig{})
		require.NoError(t, err)
		identity, err := authority.IssueIKE(pki.Request{Name: "gate", Lifetime: pki.Duration(2 * time.Hour)})
		require.NoError(t, err)
		doc := tunnels(func(c *ipsec.Config) {
			c.Connections[0].Authentication, c.Connections[0].CertificateSet, c.Connections[0].PreSharedKey = ipsec.AuthRSA, "own", ipsec.Secret{}
			c.CertificateSets = []ipsec.CertificateSet{{
				Name: "own", CA: string(authority.CAPEM()), Certificate: string(identity.CertificatePEM()), Key: ipsec.NewSecret(string(identity.KeyPEM())),
			}}
		})
		time.Sleep(48 * time.Hour)
		s, err := ipsec.New(doc.IPsec, ipsec.Options{Backend: ipsectest.NewDaemon().Backend("fieldgate")})
		require.NoError(t, err)
		require.NoError(t, s.Start(t.Context()))
		defer func() { require.NoError(t, s.Stop(context.Background())) }()
		synctest.Wait()
		status := s.Status()
		all := findings(t, doctor.Facts{Document: doc, IPsec: &status})
		require.Len(t, all, 1)
		assert.Contains(t, all[0], "fault: ipsec demo0: A certificate is of no use: ")
		assert.Contains(t, all[0], "it expired on 2000-01-01")
		assert.Contains(t, all[0], "Renew it, and put the new one into the certificate set.")
	})
}

// An instance that is not connected is told with its own sentence.
func TestOpenVPN(t *testing.T) {
	const told = "fault: openvpn office: "
	said := func(lines ...string) func(*openvpntest.Runner) {
		return func(r *openvpntest.Runner) { r.Script("office", openvpntest.Script{Output: lines}) }
	}
	for name, c := range map[string]struct {
		role     openvpn.Role
		lifetime time.Duration // of the certificate
		fault    func(r *openvpntest.Runner)
		later    func(r *openvpntest.Runner)
		host     doctor.Host
		lacks    []control.Missing
		want     string
	}{
		"healthy": {},
		"not installed": {
			fault: func(r *openvpntest.Runner) { r.Uninstall() },
			want:  "fault: openvpn: openvpn is not installed, or does not run: ",
		},
		"missing, with the command": {
			fault: func(r *openvpntest.Runner) { r.Uninstall() },
			lacks: []control.Missing{{Service: "openvpn", What: "openvpn is not installed", Command: "apt install openvpn"}},
			want:  "fault: openvpn: openvpn is not installed. Mend it with: apt install openvpn",
		},
		"no tun": {
			fault: func(r *openvpntest.Runner) { r.Script("office", openvpntest.NoDevice()) },
			want:  told + "The tun device cannot be made. Load the kernel module: modprobe tun; end another program that uses the same device.",
		},
		"port taken": {
			role:  openvpn.RoleServer,
			fault: func(r *openvpntest.Runner) { r.Script("office", openvpntest.Bind()) },
			host: doctor.Host{Listener: func(network string, port int) (doctor.Process, bool) {
				return doctor.Process{ID: 77, Name: "named"}, network == "udp" && port == 1194
			}},
			want: told + "The port udp/:1194 is taken by named (process 77). End that program, or choose another port.",
		},
		"expired revocation list": {
			role: openvpn.RoleServer,
			later: func(r *openvpntest.Runner) {
				r.Process("office").Emit(openvpn.LogLine{Text: "198.51.100.9:4000 VERIFY ERROR: depth=0, error=CRL has expired: CN=x"})
			},
			want: told + "The revocation list has expired, which refuses every client. Issue a new list, and upload it as crl-verify",
		},
		"expired certificate": {
			lifetime: 2 * time.Hour,
			fault:    said("VERIFY ERROR: depth=0, error=certificate has expired: CN=office"),
			want:     told + "A certificate has expired: office: it expired on ",
		},
		"silent": {
			fault: said("TLS Error: TLS key negotiation failed to occur within 60 seconds"),
			want:  told + "The other end does not answer. Make sure that it runs",
		},
		"wrong password": {
			fault: said("AUTH: Received control message: AUTH_FAILED"),
			want:  told + "The other end does not take the user name or the password. Correct username and password.",
		},
		"unknown name": {
			fault: said("RESOLVE: Cannot resolve host address: vpn.example.org:1194"),
			want:  told + "The name of the other end is not known to the DNS servers, or they do not answer. Look at the name",
		},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				authority, err := pki.CreateAuthority(folder+"/ca", pki.AuthorityConfig{})
				require.NoError(t, err)
				runner, store := openvpntest.NewRunner(), openvpntest.NewStore()
				i := openvpn.Instance{
					Name: "office", Enabled: true, Role: openvpn.RoleClient, Remotes: []openvpn.Remote{{Host: "vpn.example.org"}},
					Files: map[openvpn.FileKind]string{"ca": "ca.crt", "cert": "own.crt", "key": "own.key"},
				}
				issue := authority.IssueClient
				if c.role == openvpn.RoleServer {
					i.Role, i.Remotes, i.Server = c.role, nil, "10.8.0.0/24"
					issue = authority.IssueServer
				}
				identity, err := issue(pki.Request{Name: "office", Lifetime: pki.Duration(c.lifetime)})
				require.NoError(t, err)
				for name, content := range map[string][]byte{"ca.crt": authority.CAPEM(), "own.crt": identity.CertificatePEM(), "own.key": identity.KeyPEM()} {
					require.NoError(t, store.Put("office", name, content))
				}
				if c.lifetime > 0 {
					time.Sleep(48 * time.Hour)
				}
				if c.fault != nil {
					c.fault(runner)
				}
				doc := document.Default()
				doc.OpenVPN = openvpn.Config{Enabled: true, Instances: []openvpn.Instance{i}}
				s, err := openvpn.New(doc.OpenVPN, openvpn.Options{Runner: runner, Store: store})
				require.NoError(t, err)
				require.NoError(t, s.Start(t.Context()))
				defer func() { require.NoError(t, s.Stop(context.Background())) }()
				time.Sleep(2 * time.Second)
				if c.later != nil {
					c.later(runner)
					time.Sleep(time.Second)
				}
				synctest.Wait()
				status := s.Status()
				all := findings(t, doctor.Facts{Document: doc, OpenVPN: &status, Host: c.host, Missing: c.lacks})
				if c.want == "" {
					assert.Empty(t, all)
					return
				}
				require.Len(t, all, 1, "%q", all)
				assert.Contains(t, all[0], c.want)
			})
		})
	}
}

// Nobody gets telemetry: the sentence says why.
func TestTelemetry(t *testing.T) {
	to := telemetry.Destination{Host: "192.0.2.5", Port: 5150}
	now := time.Now()
	for name, c := range map[string]struct {
		status telemetry.DestinationStatus
		want   string
	}{
		"healthy":               {telemetry.DestinationStatus{Sent: 5, LastError: "connection refused", LastErrorAt: now}, ""},
		"no ack":                {telemetry.DestinationStatus{Failing: true, LastError: "no acks come"}, "The collector acknowledges nothing: the reports leave, and no ack comes back. Make sure that the collector runs"},
		"wrong MAC key":         {telemetry.DestinationStatus{Failing: true, BadAcks: 3, LastError: "no acks come", LastErrorAt: now}, "The collector answers with acks that do not fit the key of this device (3 so far). Give both ends the same key"},
		"no way":                {telemetry.DestinationStatus{Failing: true, LastError: "dial udp: connect: network is unreachable"}, "There is no way to the collector: dial udp: connect: network is unreachable. Look at the uplink"},
		"unknown name":          {telemetry.DestinationStatus{Failing: true, LastError: "lookup c.example: no such host"}, "The name of the collector is not known to the DNS servers, or they do not answer. Look at the name"},
		"anything else":         {telemetry.DestinationStatus{Failing: true, LastError: "odd."}, "Reports do not get through: odd. Look at"},
		"an old key, long past": {telemetry.DestinationStatus{BadAcks: 3, LastAck: now}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c.status.Destination = to
			all := findings(t, doctor.Facts{Telemetry: &telemetry.Status{Destinations: []telemetry.DestinationStatus{c.status}}})
			if c.want == "" {
				assert.Empty(t, all)
				return
			}
			require.Len(t, all, 1)
			assert.Contains(t, all[0], "fault: telemetry 192.0.2.5:5150: "+c.want)
		})
	}
}

// A closed collector is noticed on a real network, by what its host refuses.
func TestClosedCollector(t *testing.T) {
	collector := telemetrytest.NewCollector()
	closed := collector.Destination()
	collector.Close()
	c := telemetry.Config{Enabled: true, Period: telemetry.Duration(time.Second), Destinations: []telemetry.Destination{closed}}
	s, err := telemetry.New(c, telemetry.Options{Source: telemetrytest.NewSource(), Serial: "x"})
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context()))
	defer func() { require.NoError(t, s.Stop(context.Background())) }()
	assert.Eventually(t, func() bool {
		status := s.Status()
		all := findings(t, doctor.Facts{Telemetry: &status})
		return len(all) == 1 && strings.Contains(all[0], "Nobody listens at the collector: its host refuses the reports. Start the collector")
	}, 30*time.Second, 50*time.Millisecond)
}

// What keeps a serial port from serving, and who.
func TestSerialPorts(t *testing.T) {
	var hardware ser2nettest.Opener
	hardware.Add("/dev/ttyUSB0", ser2nettest.Hardware{})
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = taken.Close() }()
	serve := func(listen string) doctor.Facts {
		doc := document.Default()
		doc.Ser2net = ser2net.Config{Enabled: true, Ports: []ser2net.PortConfig{
			{Name: "meter", Enabled: true, Listen: listen, Device: "/dev/ttyUSB0"},
			{Name: "spare", Listen: "127.0.0.1:0", Device: "/dev/none"},
		}}
		s, err := ser2net.New(doc.Ser2net, ser2net.Options{Opener: &hardware})
		require.NoError(t, err)
		if err := s.Start(t.Context()); err != nil { // the gateway shows it as the error of the unit
			return doctor.Facts{Document: doc, Services: []control.ServiceState{{Name: "ser2net", State: "restarting", Error: err.Error()}}}
		}
		t.Cleanup(func() { assert.NoError(t, s.Stop(context.Background())) })
		status := s.Status()
		return doctor.Facts{Document: doc, Ser2net: &status}
	}
	f := serve("127.0.0.1:0")
	f.Host = doctor.Host{Exists: func(string) bool { return true }, Holder: func(string) (doctor.Process, bool) { return doctor.Process{}, false }}
	assert.Empty(t, findings(t, f))
	f.Host.Holder = func(device string) (doctor.Process, bool) {
		return doctor.Process{ID: 42, Name: "minicom"}, device == "/dev/ttyUSB0"
	}
	assert.Equal(t, []string{"fault: ser2net meter: The device /dev/ttyUSB0 is held by minicom (process 42). End that program, or use another device."}, findings(t, f))
	f.Host.Exists = func(string) bool { return false }
	assert.Equal(t, []string{"fault: ser2net meter: There is no device /dev/ttyUSB0. Plug it in, or correct the device: ls -l /dev/serial/by-id shows what there is."}, findings(t, f))

	f = serve(taken.Addr().String())
	f.Host.Listener = func(network string, port int) (doctor.Process, bool) {
		return doctor.Process{ID: 43, Name: "other"}, network == "tcp" && port == taken.Addr().(*net.TCPAddr).Port
	}
	all := findings(t, f)
	require.Len(t, all, 1)
	assert.Contains(t, all[0], "The port tcp/"+taken.Addr().String()+" is taken by other (process 43). End that program, or choose another port.")
	f.Host.Listener = nil
	assert.Contains(t, findings(t, f)[0], "is taken by another program.")
}

// The host itself: clock, disk, names, and a service that does not start.
func TestSystem(t *testing.T) {
	var left uint64 = 1 << 30
	set := true
	f := doctor.Facts{
		Services: []control.ServiceState{{Name: "snmp", State: "running", Error: "an old one"}, {Name: "api", State: "disabled"}},
		Missing:  []control.Missing{},
		Host: doctor.Host{
			Clock:   func() (time.Time, bool) { return time.Unix(60, 0), set },
			Folders: []string{"/data"}, Free: func(string) (uint64, error) { return left, nil },
		},
	}
	assert.Empty(t, findings(t, f))
	set = false
	f.Missing = append(f.Missing, control.Missing{Service: "clock", What: "the clock is not set"})
	assert.Equal(t, []string{"fault: system clock: The clock of the system is not set: it stands at 1 January 1970 00:01, so certificates cannot be judged, and telemetry is sent without the time. Let it be set by NTP, or set it by hand with date -s."}, findings(t, f))
	f.Host.Earliest = time.Unix(59, 0)
	assert.Equal(t, []string{"warning: system clock: Nothing keeps the clock of the system right: it stands at 1 January 1970 00:01 UTC, which may be wrong, and telemetry is sent without the time. Let it be kept by NTP."}, findings(t, f))
	f.Host.Earliest = time.Unix(61, 0)
	assert.Contains(t, findings(t, f)[0], "The clock of the system is not set")
	set, f.Missing = true, nil
	left = 4 << 20
	assert.Equal(t, []string{"warning: system /data: The disk is nearly full: 4096 KiB are left in /data. Delete what is not needed, such as old logs, or use a larger disk."}, findings(t, f))
	left = 100 << 10
	assert.Equal(t, []string{"fault: system /data: The disk is full: 100 KiB are left in /data, so no configuration can be saved. Delete what is not needed, such as old logs, or use a larger disk."}, findings(t, f))
	f.Host.Free = func(string) (uint64, error) { return 0, errors.New("statfs /data: gone") }
	assert.Contains(t, findings(t, f)[0], "cannot be looked at: statfs /data: gone.")

	f = doctor.Facts{Services: []control.ServiceState{{Name: "snmp", State: "restarting", Error: "snmp: listen udp 0.0.0.0:161: bind: address already in use"}}}
	f.Host.Listener = func(network string, port int) (doctor.Process, bool) {
		return doctor.Process{ID: 9, Name: "snmpd"}, network == "udp" && port == 161
	}
	assert.Equal(t, []string{"fault: snmp: The port udp/0.0.0.0:161 is taken by snmpd (process 9). End that program, or choose another port."}, findings(t, f))
	f.Services[0].Error = "it will not"
	assert.Equal(t, []string{"fault: snmp: The service does not start: it will not. Correct its settings, or see the log; it is tried again by itself."}, findings(t, f))

	doc := document.Default()
	doc.Telemetry.Enabled = true
	doc.Telemetry.Destinations = []telemetry.Destination{{Host: "c.example", Port: 1}, {Host: "192.0.2.1", Port: 2}, {Host: "c.example", Port: 3}}
	f = doctor.Facts{Document: doc}
	asked := make(chan string, 10)
	f.Host.Resolve = func(_ context.Context, name string) error { asked <- name; return errors.New("no answer") }
	assert.Equal(t, []string{"fault: telemetry c.example:1: The name c.example is not known to the DNS servers, or they do not answer (needed by telemetry c.example:3 too). Look at the name, at the DNS servers in /etc/resolv.conf and at the uplink."}, findings(t, f))
	assert.Len(t, asked, 1, "each name is asked for once, and no address")
}
