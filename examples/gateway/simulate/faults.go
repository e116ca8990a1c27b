//go:build !no_simulate

package simulate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fieldgate/fieldgate/ipsec/ipsectest"
	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/openvpn/openvpntest"
)

// states are the switches in the order in which they are shown.
var states = []State{
	{Switch: UnplugSerial, Title: "Unplug the serial devices", What: "Open ports lose their device; clients that come are told that there is none."},
	{Switch: OccupySerial, Title: "Let another program hold the serial devices", What: "Who connects is told that the device is in use."},
	{Switch: KillCharon, Title: "Kill charon", What: "The IKE daemon ends with all its channels, and is not started again."},
	{Switch: DropPeer, Title: "Cut the other ends off", What: "Peers of IPsec, and the server that OpenVPN calls, close and then answer nothing."},
	{Switch: UninstallOpenVPN, Title: "Uninstall openvpn", What: "Its processes are killed and cannot be started again."},
	{Switch: ExpireCRL, Title: "Let the revocation list expire", What: "openvpn refuses every client."},
	{Switch: FillDisk, Title: "Fill the disk", What: "Nothing can be stored, the configuration included."},
	{Switch: UnsetClock, Title: "Unset the clock", What: "The device believes that it is 1970."},
}

// Faults switches the faults of a [Device]. Its methods are safe for
// concurrent use.
type Faults struct{ device *Device }

// Faults returns the switches.
func (d *Device) Faults() *Faults { return &Faults{d} }

func (d *Device) is(s Switch) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.on[s]
}

// All returns the switches and how they stand.
func (f *Faults) All() []State {
	all := slices.Clone(states)
	for i := range all {
		all[i].On = f.device.is(all[i].Switch)
	}
	return all
}

// DiskFull reports whether nothing can be stored.
func (f *Faults) DiskFull() bool { return f.device.is(FillDisk) }

// Set makes a fault, or mends it. One that is so already is left alone.
func (f *Faults) Set(s Switch, on bool) error {
	if !slices.ContainsFunc(states, func(known State) bool { return known.Switch == s }) {
		return fmt.Errorf("%w: %.32q", ErrUnknown, s)
	}
	d := f.device
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.on[s] == on {
		return nil
	}
	d.on[s] = on
	switch s {
	case UnplugSerial, OccupySerial:
		d.serial(s, on)
	case KillCharon:
		if on {
			d.IKE.Kill()
		} else {
			d.IKE.Start()
		}
	case DropPeer:
		d.drop(on)
	case UninstallOpenVPN:
		d.uninstall(on)
	case ExpireCRL:
		d.expire(on)
	case FillDisk, UnsetClock: // who stores, and who looks at the clock, asks
	}
	return nil
}

func (d *Device) serial(s Switch, on bool) {
	for _, line := range d.lines {
		switch {
		case s == OccupySerial:
			line.Occupy(on)
		case on:
			line.Unplug()
		default:
			line.Plug()
		}
	}
}

// drop cuts off the peers of all that is loaded, and the server of clients.
func (d *Device) drop(on bool) {
	if on {
		for _, loaded := range d.IKE.Loaded() {
			_, name, _ := strings.Cut(loaded, "-")
			d.silent = append(d.silent, name)
			d.IKE.SetPeer(name, ipsectest.PeerSilent)
			d.IKE.PeerCloses(name)
		}
	} else {
		for _, name := range d.silent {
			d.IKE.SetPeer(name, ipsectest.PeerAnswers)
		}
		d.silent = nil
	}
	for _, i := range d.doc.OpenVPN.Instances {
		if i.Role == openvpn.RoleServer {
			continue
		}
		d.OpenVPN.Script(i.Name, openvpntest.Script{Hang: on})
		p := d.OpenVPN.Process(i.Name)
		switch {
		case p == nil:
		case on:
			p.Lose("ping-restart")
			p.Exit("exit status 1", "TLS Error: TLS key negotiation failed to occur within 60 seconds")
		default:
			p.Exit("signal: terminated") // the next one gets an answer
		}
	}
}

func (d *Device) uninstall(on bool) {
	if !on {
		d.OpenVPN.Install()
		return
	}
	d.OpenVPN.Uninstall()
	for _, i := range d.doc.OpenVPN.Instances {
		if p := d.OpenVPN.Process(i.Name); p != nil {
			p.Exit("signal: killed")
		}
	}
}

// expire lets servers refuse a client for the sake of their revocation list,
// or take one again.
func (d *Device) expire(on bool) {
	for _, i := range d.doc.OpenVPN.Instances {
		p := d.OpenVPN.Process(i.Name)
		switch {
		case p == nil || i.Role != openvpn.RoleServer:
		case on:
			p.Emit(openvpn.LogLine{Text: "198.51.100.9:4000 VERIFY ERROR: depth=0, error=CRL has expired: CN=van-7"})
		default:
			p.Join("van-8", "", "")
		}
	}
}
