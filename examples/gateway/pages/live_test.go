package pages_test

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/apitest"
	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/ipsectest"
	"github.com/fieldgate/fieldgate/ipsec/l2tp"
	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/openvpn/openvpntest"
	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/ser2net/ser2nettest"
	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/snmp/fieldgatemib"
	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/telemetrytest"
)

// live are the services that run; at first none.
type live struct {
	telemetry *telemetry.Service
	ipsec     *ipsec.Service
	openvpn   *openvpn.Service
	ser2net   *ser2net.Service
	snmp      *snmp.Service
	points    api.Points
	upgrade   api.Upgrade
}

func (l live) Telemetry() *telemetry.Service { return l.telemetry }
func (l live) IPsec() *ipsec.Service         { return l.ipsec }
func (l live) L2TP() *l2tp.Service           { return nil }
func (l live) OpenVPN() *openvpn.Service     { return l.openvpn }
func (l live) Ser2net() *ser2net.Service     { return l.ser2net }
func (l live) SNMP() *snmp.Service           { return l.snmp }
func (l live) APIStatus() (api.Status, bool) { return api.Status{}, l.snmp != nil }
func (l live) System() api.System            { return apitest.NewSystem() }
func (l live) Modem() api.Modem              { return nil }
func (l live) Points() api.Points            { return l.points }
func (l live) Upgrade() api.Upgrade          { return l.upgrade }

// ServeHTTP plays the API.
func (l live) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("apiKey") != "right" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	_, _ = fmt.Fprintf(w, "<b>%s %s</b>", r.URL.Path, r.FormValue("device_alias"))
}

// mib serves FIELDGATE-MIB.
func (l live) mib() []snmp.Mount {
	mib, err := fieldgatemib.New(fieldgatemib.Options{
		Device: func() fieldgatemib.Device { return fieldgatemib.Device{HostName: "<i>gate</i>"} },
		Services: func() []fieldgatemib.Service {
			return []fieldgatemib.Service{{Name: "ipsec", State: fieldgatemib.ServiceRunning}}
		},
	})
	if err != nil {
		return nil
	}
	interfaces, err := snmp.NewList(
		[]snmp.OID{snmp.MustParseOID(".1.3.6.1.2.1.2.2.1.2"), snmp.MustParseOID(".1.3.6.1.2.1.2.2.1.6")},
		[]snmp.VarBind{
			{OID: snmp.MustParseOID(".1.3.6.1.2.1.2.2.1.2.1"), Value: snmp.OctetString("lo")},
			{OID: snmp.MustParseOID(".1.3.6.1.2.1.2.2.1.6.1"), Value: snmp.OctetString("\x02\x00\x00\x00\x00\x01")},
		})
	if err != nil {
		return nil
	}
	return []snmp.Mount{{Prefix: mib.Root(), Handler: mib}, {Prefix: snmp.MustParseOID(".1.3.6.1.2.1.2"), Handler: interfaces}}
}

// hostile is what a page must not become a part of.
const hostile = `<script>alert("x")</script>`

// run starts services on fakes that have something to tell.
func (s *site) run() (*openvpntest.Runner, *ipsectest.Daemon) {
	s.t.Helper()
	ctx := s.t.Context()
	stop := func(stop func(context.Context) error) {
		s.t.Cleanup(func() { assert.NoError(s.t, stop(context.Background())) })
	}
	tunnels := ipsec.Config{
		Enabled:         true,
		Phase1Proposals: []ipsec.Phase1Proposal{{Name: "ike", Encryption: ipsec.EncryptionAES256, Hash: ipsec.HashSHA256, DH: ipsec.Group14}},
		Phase2Proposals: []ipsec.Phase2Proposal{{Name: "esp", Encryption: ipsec.EncryptionAES256GCM}},
		Connections: []ipsec.Connection{
			{Name: "demo0", Enabled: true, Gateway: "192.0.2.1", PreSharedKey: ipsec.NewSecret("hunter-two"), Phase1: ipsec.Names{"ike"}, Phase2: ipsec.Names{"esp"}},
			{Name: "demo1", Enabled: true, Gateway: "192.0.2.2", PreSharedKey: ipsec.NewSecret("hunter-two"), Phase1: ipsec.Names{"ike"}, Phase2: ipsec.Names{"esp"}, LocalID: hostile},
		},
	}
	daemon := ipsectest.NewDaemon()
	var err error
	s.live.ipsec, err = ipsec.New(tunnels, ipsec.Options{Backend: daemon.Backend("fieldgate")})
	require.NoError(s.t, err)
	require.NoError(s.t, s.live.ipsec.Start(ctx))
	stop(s.live.ipsec.Stop)
	require.NoError(s.t, s.live.ipsec.Ready(ctx))
	require.NoError(s.t, s.live.ipsec.Initiate(ctx, "demo0"))
	daemon.SetPeer("demo1", ipsectest.PeerNameless)
	require.Error(s.t, s.live.ipsec.Initiate(ctx, "demo1"))

	runner := openvpntest.NewRunner()
	server, err := openvpn.FromRecipe("server_tun", openvpn.Answers{Name: "office"})
	require.NoError(s.t, err)
	server.Enabled = true
	for _, name := range []string{"ca.crt", "server.crt", "server.key", "tls-crypt.key"} {
		require.NoError(s.t, s.files.Put("office", name, []byte("x")))
	}
	s.live.openvpn, err = openvpn.New(openvpn.Config{Enabled: true, Instances: []openvpn.Instance{server}}, openvpn.Options{Runner: runner, Store: s.files})
	require.NoError(s.t, err)
	require.NoError(s.t, s.live.openvpn.Start(ctx))
	stop(s.live.openvpn.Stop)
	require.Eventually(s.t, func() bool { return runner.Process("office") != nil }, 10*time.Second, 5*time.Millisecond)

	opener := new(ser2nettest.Opener)
	opener.Add("/dev/ttyS0", ser2nettest.Hardware{})
	port := ser2net.DefaultPort()
	port.Name, port.Enabled, port.Listen, port.Device = hostile, true, "127.0.0.1:0", "/dev/ttyS0"
	s.live.ser2net, err = ser2net.New(ser2net.Config{Enabled: true, Ports: []ser2net.PortConfig{port}}, ser2net.Options{Opener: opener})
	require.NoError(s.t, err)
	require.NoError(s.t, s.live.ser2net.Start(ctx))
	stop(s.live.ser2net.Stop)

	s.live.snmp, err = snmp.New(snmp.Config{Enabled: true, Listen: []string{"127.0.0.1:0"}}, snmp.Options{})
	require.NoError(s.t, err)
	require.NoError(s.t, s.live.snmp.Start(ctx))
	stop(s.live.snmp.Stop)

	agent := telemetry.DefaultConfig()
	agent.Enabled, agent.Destinations = true, []telemetry.Destination{{Host: "127.0.0.1", Port: 9}}
	s.live.telemetry, err = telemetry.New(agent, telemetry.Options{Source: telemetrytest.NewSource(), Serial: "1"})
	require.NoError(s.t, err)
	require.NoError(s.t, s.live.telemetry.Start(ctx))
	stop(s.live.telemetry.Stop)
	return runner, daemon
}
