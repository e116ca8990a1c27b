package fieldgatemib_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/snmp/fieldgatemib"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// gateway is what the functions of Options tell.
type gateway struct {
	mu       sync.Mutex
	asked    int
	services []fieldgatemib.Service
	tunnels  []fieldgatemib.Tunnel
	vpns     []fieldgatemib.Instance
	ports    []fieldgatemib.SerialPort
	modems   []fieldgatemib.Modem
	disks    []fieldgatemib.Disk
}

func newGateway() *gateway {
	return &gateway{
		services: []fieldgatemib.Service{
			{Name: "telemetry", State: fieldgatemib.ServiceRunning},
			{Name: "ipsec", State: fieldgatemib.ServiceFailed, LastError: "no such file"},
		},
		tunnels: []fieldgatemib.Tunnel{
			{Name: "site-a", State: fieldgatemib.TunnelUp, Remote: "192.0.2.1", UpTime: 90 * time.Second, InOctets: 1 << 40, OutOctets: 7},
			{Name: "b", State: fieldgatemib.TunnelDown, LastError: "no answer"},
		},
		vpns: []fieldgatemib.Instance{{
			Name: "office", Role: fieldgatemib.RoleServer, State: fieldgatemib.InstanceConnected, Clients: 3, InOctets: 5, OutOctets: 6,
		}},
		ports: []fieldgatemib.SerialPort{{
			Name: "meter", Device: "/dev/ttyUSB0", State: fieldgatemib.PortOpen, Clients: 1, ToDevice: 8, ToNetwork: 9, Losses: 2, LastError: "unplugged",
		}},
		modems: []fieldgatemib.Modem{{
			Name: "wwan0", Operator: "Tele", Registration: fieldgatemib.RegisteredRoaming, Technology: "LTE", SignalDBm: -71,
			IMEI: "490154203237518", ICCID: "8931", Address: "192.0.2.9",
		}},
		disks: []fieldgatemib.Disk{{Path: "/overlay", Used: 40, Limit: 90}},
	}
}

func tell[Row any](g *gateway, rows *[]Row) func() []Row {
	return func() []Row {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.asked++
		return append([]Row(nil), *rows...)
	}
}

func (g *gateway) options() fieldgatemib.Options {
	return fieldgatemib.Options{
		Device: func() fieldgatemib.Device {
			return fieldgatemib.Device{HostName: "gw", Model: "M1", SerialNumber: "S2", Firmware: "1.2.11", Kernel: "6.1"}
		},
		Services:    tell(g, &g.services),
		Tunnels:     tell(g, &g.tunnels),
		Instances:   tell(g, &g.vpns),
		SerialPorts: tell(g, &g.ports),
		Modems:      tell(g, &g.modems),
		Disks:       tell(g, &g.disks),
		TTL:         time.Nanosecond,
		Interval:    time.Second,
	}
}

// change changes what is told.
func (g *gateway) change(f func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	f()
}

func newHandler(t testing.TB, o fieldgatemib.Options) *fieldgatemib.Handler {
	t.Helper()
	h, err := fieldgatemib.New(o)
	require.NoError(t, err)
	return h
}

// print lists instances below the root.
func print(h *fieldgatemib.Handler) string {
	var b strings.Builder
	s := h.Snapshot()
	for v, ok := s.Next(nil); ok; v, ok = s.Next(v.OID) {
		fmt.Fprintf(&b, "%v = %v\n", v.OID[len(h.Root()):], v.Value)
	}
	return b.String()
}

var _ snmp.Watcher = (*fieldgatemib.Handler)(nil)
