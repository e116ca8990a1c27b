//go:build !no_simulate

package simulate_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/gateway/control"
	"github.com/fieldgate/fieldgate/examples/gateway/doctor"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/examples/gateway/simulate"
	"github.com/fieldgate/fieldgate/ipsec"
	"github.com/fieldgate/fieldgate/ipsec/l2tp"
	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/ser2net"
	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/snmp/enginefile"
	"github.com/fieldgate/fieldgate/telemetry"
	"github.com/fieldgate/fieldgate/telemetry/telemetrytest"
)

// patience is for a machine that has other things to do, too.
const patience = 30 * time.Second

// device is a simulated device with all services.
type device struct {
	t         *testing.T
	fakes     *simulate.Device
	doc       document.Document
	collector *telemetrytest.Collector
	telemetry *telemetry.Service
	ipsec     *ipsec.Service
	l2tp      *l2tp.Service
	openvpn   *openvpn.Service
	ser2net   *ser2net.Service
	snmp      *snmp.Service
}

func (d *device) Telemetry() *telemetry.Service { return d.telemetry }
func (d *device) IPsec() *ipsec.Service         { return d.ipsec }
func (d *device) L2TP() *l2tp.Service           { return d.l2tp }
func (d *device) OpenVPN() *openvpn.Service     { return d.openvpn }
func (d *device) Ser2net() *ser2net.Service     { return d.ser2net }
func (d *device) SNMP() *snmp.Service           { return d.snmp }

// parts is as much of a control.Control as the doctor asks.
type parts struct {
	control.Control
	doc document.Document
}

func (p parts) Applied() (document.Document, control.Revision) { return p.doc, 1 }
func (p parts) Services() []control.ServiceState               { return nil }
func (p parts) Missing() []control.Missing                     { return nil }

type running interface {
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
}

func newDevice(t *testing.T) *device {
	t.Helper()
	fakes, err := simulate.New()
	require.NoError(t, err)
	d := &device{t: t, fakes: fakes, doc: document.Default(), collector: telemetrytest.NewCollector()}
	t.Cleanup(d.collector.Close)
	fakes.Fill(&d.doc)
	require.Empty(t, d.doc.Faults())
	d.doc.Telemetry.Enabled, d.doc.Telemetry.Period = true, telemetry.Duration(time.Second)
	d.doc.Telemetry.Destinations = []telemetry.Destination{d.collector.Destination()}
	for i := range d.doc.Ser2net.Ports {
		d.doc.Ser2net.Ports[i].Listen = "127.0.0.1:0"
	}
	d.doc.SNMP.Listen = []string{"127.0.0.1:0"}

	d.telemetry, err = telemetry.New(d.doc.Telemetry, telemetry.Options{Source: fakes.Source, Serial: "sim"})
	require.NoError(t, err)
	d.ipsec, err = ipsec.New(d.doc.L2TP.Extend(d.doc.IPsec), ipsec.Options{Backend: fakes.IKE.Backend("fieldgate")})
	require.NoError(t, err)
	d.l2tp, err = l2tp.New(d.doc.L2TP, l2tp.Options{Backend: fakes.PPP, Channel: d.ipsec})
	require.NoError(t, err)
	d.openvpn, err = openvpn.New(d.doc.OpenVPN, openvpn.Options{Runner: fakes.OpenVPN, Store: fakes.Files})
	require.NoError(t, err)
	d.ser2net, err = ser2net.New(d.doc.Ser2net, ser2net.Options{Opener: fakes.Serial})
	require.NoError(t, err)
	d.snmp, err = snmp.New(d.doc.SNMP, snmp.Options{Store: enginefile.New(filepath.Join(t.TempDir(), "engine"))})
	require.NoError(t, err)
	for _, s := range []running{d.telemetry, d.ipsec, d.l2tp, d.openvpn, d.ser2net, d.snmp} {
		require.NoError(t, s.Start(t.Context()))
		t.Cleanup(func() { assert.NoError(t, s.Stop(context.Background())) })
	}
	playing, end := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { fakes.Play(playing) })
	t.Cleanup(func() { end(); wg.Wait() })
	soon(t, "everything is up", func() bool {
		c := d.ipsec.Status().Connections
		return c[0].State == ipsec.StateUp && c[1].State == ipsec.StateUp && d.l2tp.Status().Clients[0].State == l2tp.StateUp &&
			d.instance("service").State == openvpn.StateConnected && d.instance("cloud").State == openvpn.StateConnected
	})
	return d
}

func (d *device) instance(name string) openvpn.InstanceStatus {
	for _, i := range d.openvpn.Status().Instances {
		if i.Name == name {
			return i
		}
	}
	return openvpn.InstanceStatus{}
}

func (d *device) findings() string {
	var all []string
	for _, f := range doctor.Run(d.t.Context(), doctor.Gather(parts{doc: d.doc}, d, d.fakes.Host())) {
		all = append(all, f.String())
	}
	return strings.Join(all, "\n")
}

func soon(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			require.FailNow(t, "it does not come that "+what)
		}
	}
}

// Everything works and lives, and the doctor finds nothing.
func TestHealthy(t *testing.T) {
	d := newDevice(t)
	assert.Empty(t, d.findings())
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_, err := d.collector.Next(ctx)
	require.NoError(t, err)
	soon(t, "traffic is counted everywhere", func() bool {
		sas := d.ipsec.Status().Connections[0].SAs
		return len(sas) > 0 && sas[0].Children[0].BytesIn > 0 && d.instance("cloud").BytesIn > 0 && len(d.instance("service").Clients) == 1
	})
	line := d.dial("meter")
	text, err := bufio.NewReader(line).ReadString('\n')
	require.NoError(t, err)
	assert.Contains(t, text, " W\r\n")
	assert.Empty(t, d.findings())
}

// dial connects to a serial port.
func (d *device) dial(port string) net.Conn {
	d.t.Helper()
	for _, p := range d.ser2net.Status().Ports {
		if p.Name != port {
			continue
		}
		conn, err := net.DialTCP("tcp", nil, net.TCPAddrFromAddrPort(netip.MustParseAddrPort(p.Listening)))
		require.NoError(d.t, err)
		d.t.Cleanup(func() { _ = conn.Close() })
		require.NoError(d.t, conn.SetDeadline(time.Now().Add(patience)))
		return conn
	}
	require.FailNow(d.t, "there is no port "+port)
	return nil
}

// Each switch makes its fault, which the doctor tells in its own words, and
// mends it again.
func TestFaults(t *testing.T) {
	for fault, want := range map[simulate.Switch]string{
		simulate.UnplugSerial:     "fault: ser2net meter: There is no device /dev/ttyUSB0. Plug it in",
		simulate.OccupySerial:     "fault: ser2net meter: The device /dev/ttyUSB0 is held by minicom (process 4711). End that program",
		simulate.KillCharon:       "fault: ipsec: The IKE daemon, charon, does not answer",
		simulate.DropPeer:         "fault: ipsec head_office: The peer 192.0.2.10 does not answer.",
		simulate.UninstallOpenVPN: "fault: openvpn",
		simulate.ExpireCRL:        "fault: openvpn service: The revocation list has expired, which refuses every client. Issue a new list",
		simulate.FillDisk:         "fault: system the state folder: The disk is full: 0 KiB are left",
		simulate.UnsetClock:       "fault: system clock: The clock of the system is not set: it stands at 1 January 1970 00:03",
	} {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			d := newDevice(t)
			faults := d.fakes.Faults()
			require.NoError(t, faults.Set(fault, true))
			require.NoError(t, faults.Set(fault, true), "once more does nothing")
			for _, s := range faults.All() {
				assert.Equal(t, s.Switch == fault, s.On, s.Title)
			}
			soon(t, "the doctor finds "+want, func() bool { return strings.Contains(d.findings(), want) })
			require.NoError(t, faults.Set(fault, false))
			soon(t, fmt.Sprintf("%s is mended", fault), func() bool { return d.findings() == "" })
		})
	}
	d, err := simulate.New()
	require.NoError(t, err)
	assert.ErrorIs(t, d.Faults().Set("moon", true), simulate.ErrUnknown)
	assert.False(t, d.Faults().DiskFull())
	require.NoError(t, d.Faults().Set(simulate.FillDisk, true))
	assert.True(t, d.Faults().DiskFull())
	info, err := d.System().SystemInfo(t.Context())
	require.NoError(t, err)
	assert.Zero(t, *info.DiskAvailable)
}

// What is plugged in is lost while it is used, and the same client is served
// again when it is back.
func TestUnplugInUse(t *testing.T) {
	d := newDevice(t)
	conn := d.dial("inverter")
	state := func() ser2net.PortState { return d.ser2net.Status().Ports[1].State }
	soon(t, "the device is open", func() bool { return state() == ser2net.StateOpen })
	require.NoError(t, d.fakes.Faults().Set(simulate.UnplugSerial, true))
	soon(t, "the port is no longer open", func() bool { return state() != ser2net.StateOpen })
	_ = conn.Close()
	require.NoError(t, d.fakes.Faults().Set(simulate.UnplugSerial, false))
	conn = d.dial("inverter")
	soon(t, "the device is open again", func() bool { return state() == ser2net.StateOpen })
	_ = conn.Close()
}
