//go:build !no_simulate

package simulate

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"sync"
	"time"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/apitest"
	"github.com/fieldgate/fieldgate/examples/gateway/doctor"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/ipsec/ipsectest"
	"github.com/fieldgate/fieldgate/ipsec/l2tp/l2tptest"
	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/openvpn/openvpntest"
	"github.com/fieldgate/fieldgate/openvpn/pki"
	"github.com/fieldgate/fieldgate/ser2net/ser2nettest"
	"github.com/fieldgate/fieldgate/telemetry/telemetrytest"
)

//go:embed example.yaml
var example []byte

// Device is the fakes. Make it with [New].
type Device struct {
	IKE     *ipsectest.Daemon
	PPP     *l2tptest.Host
	OpenVPN *openvpntest.Runner
	Files   *openvpntest.Store // those of OpenVPN instances
	Serial  *ser2nettest.Opener
	Source  *telemetrytest.Source
	Modem   *apitest.Modem
	Syslog  *apitest.Syslog
	Upgrade *apitest.Upgrade

	system *apitest.System
	lines  map[string]*ser2nettest.Line // by device
	doc    document.Document            // the example

	mu      sync.Mutex
	on      map[Switch]bool
	members map[string]member // the client of each server
	// silent are the connections whose peers were dropped.
	silent []string
}

// lineNames are the serial devices.
var lineNames = []string{"/dev/ttyUSB0", "/dev/ttyS1", "/dev/ttyS0"}

// New returns a device on which everything works.
func New() (*Device, error) {
	doc, faults := document.Parse(example)
	if len(faults) > 0 {
		return nil, fmt.Errorf("simulate: the example: %s: %s", faults[0].Path, faults[0].Problem)
	}
	d := &Device{
		IKE: ipsectest.NewDaemon(), PPP: l2tptest.NewHost(),
		OpenVPN: openvpntest.NewRunner(), Files: openvpntest.NewStore(), Serial: new(ser2nettest.Opener),
		Source: telemetrytest.NewSource(), Modem: apitest.NewModem(), Syslog: apitest.NewSyslog(), Upgrade: new(apitest.Upgrade),
		system: apitest.NewSystem(), lines: make(map[string]*ser2nettest.Line), doc: doc, on: make(map[Switch]bool), members: make(map[string]member),
	}
	for _, name := range lineNames {
		d.lines[name] = d.Serial.Add(name, ser2nettest.Hardware{Paced: true})
	}
	for _, c := range doc.L2TP.Clients {
		at, err := netip.ParseAddr(c.Gateway)
		if err != nil {
			return nil, fmt.Errorf("simulate: the example: %w", err)
		}
		d.PPP.Serve(at, l2tptest.Server{
			Users: map[string]string{c.Username: c.Password.Reveal()},
			Local: netip.MustParseAddr("10.20.30.1"), First: netip.MustParseAddr("10.20.30.10"),
		})
	}
	return d, d.issue()
}

// issue brings the certificates of the instances.
func (d *Device) issue() (err error) {
	folder, err := os.MkdirTemp("", "simulate-*")
	if err != nil {
		return fmt.Errorf("simulate: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	authority, err := pki.CreateAuthority(folder+"/authority", pki.AuthorityConfig{Name: "Simulated CA"})
	if err != nil {
		return fmt.Errorf("simulate: %w", err)
	}
	for _, i := range d.doc.OpenVPN.Instances {
		if err := openvpn.IssueFiles(i, i.Name, authority, d.Files); err != nil {
			return fmt.Errorf("simulate: files of %s: %w", i.Name, err)
		}
	}
	return nil
}

// Fill gives a configuration the connections, instances, ports and the like
// of the example.
func (d *Device) Fill(doc *document.Document) {
	doc.IPsec, doc.L2TP, doc.OpenVPN, doc.Ser2net, doc.SNMP = d.doc.IPsec, d.doc.L2TP, d.doc.OpenVPN, d.doc.Ser2net, d.doc.SNMP
}

// System are the facts of the device.
func (d *Device) System() api.System { return system{d.system, d} }

// system has a disk that may be full.
type system struct {
	*apitest.System
	device *Device
}

// SystemInfo implements [api.System].
func (s system) SystemInfo(ctx context.Context) (api.SystemInfo, error) {
	info, err := s.System.SystemInfo(ctx)
	if err == nil && s.device.is(FillDisk) {
		info.DiskAvailable = new(uint64(0))
	}
	if err == nil && s.device.is(UnsetClock) {
		info.Time, _ = s.device.Clock()
	}
	return info, err
}

// Clock returns the time of day and whether it can be trusted.
func (d *Device) Clock() (time.Time, bool) {
	if d.is(UnsetClock) {
		return time.Unix(0, 0).Add(3 * time.Minute), false
	}
	return time.Now(), true
}

// Host is the host as the doctor sees it.
func (d *Device) Host() doctor.Host {
	return doctor.Host{
		Clock:   d.Clock,
		Folders: []string{"the state folder"},
		Free: func(string) (uint64, error) {
			if d.is(FillDisk) {
				return 0, nil
			}
			return 5 << 30, nil
		},
		Exists: func(path string) bool {
			return d.lines[path] != nil && !d.is(UnplugSerial)
		},
		Holder: func(string) (doctor.Process, bool) {
			return doctor.Process{ID: 4711, Name: "minicom"}, d.is(OccupySerial)
		},
		Listener: doctor.ThisHost(nil, time.Time{}).Listener, // ports are real
	}
}
