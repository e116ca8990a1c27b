package fieldgatemib

import (
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/snmp"
)

// facts are the rows of one moment, and the instances made of them.
type facts struct {
	tunnels   []Tunnel
	instances []Instance
	ports     []SerialPort
	disks     []disk
	list      *snmp.List
}

// disk is a Disk with its state.
type disk struct {
	Disk
	above bool
}

// The parts of the module below fieldgateObjects.
const (
	deviceArc = 1 + iota
	servicesArc
	tunnelsArc
	instancesArc
	portsArc
	modemsArc
	disksArc
)

// take asks for all facts.
func (h *Handler) take() *facts {
	o := &h.options
	f := &facts{
		tunnels:   rows(o.Tunnels, func(t *Tunnel) string { return t.Name }),
		instances: rows(o.Instances, func(i *Instance) string { return i.Name }),
		ports:     rows(o.SerialPorts, func(p *SerialPort) string { return p.Name }),
		disks:     h.disks(),
	}
	var b snmp.Builder
	h.device(&b)
	snmp.AddTable(&b, h.entry(servicesArc), []snmp.Column[Service]{
		{Arc: 2, Value: func(s *Service) snmp.Value { return enum(s.State) }},
		{Arc: 3, Value: func(s *Service) snmp.Value { return text(s.LastError) }},
	}, rows(o.Services, func(s *Service) string { return s.Name }), func(s *Service) []uint32 { return snmp.StringIndex(s.Name) })
	snmp.AddTable(&b, h.entry(tunnelsArc), []snmp.Column[Tunnel]{
		{Arc: 2, Value: func(t *Tunnel) snmp.Value { return enum(t.State) }},
		{Arc: 3, Value: func(t *Tunnel) snmp.Value { return text(t.Remote) }},
		{Arc: 4, Value: func(t *Tunnel) snmp.Value { return ticks(t.UpTime) }},
		{Arc: 5, Value: func(t *Tunnel) snmp.Value { return snmp.Counter64(t.InOctets) }},
		{Arc: 6, Value: func(t *Tunnel) snmp.Value { return snmp.Counter64(t.OutOctets) }},
		{Arc: 7, Value: func(t *Tunnel) snmp.Value { return text(t.LastError) }},
	}, f.tunnels, func(t *Tunnel) []uint32 { return snmp.StringIndex(t.Name) })
	snmp.AddTable(&b, h.entry(instancesArc), []snmp.Column[Instance]{
		{Arc: 2, Value: func(i *Instance) snmp.Value { return enum(i.Role) }},
		{Arc: 3, Value: func(i *Instance) snmp.Value { return enum(i.State) }},
		{Arc: 4, Value: func(i *Instance) snmp.Value { return gauge(i.Clients) }},
		{Arc: 5, Value: func(i *Instance) snmp.Value { return snmp.Counter64(i.InOctets) }},
		{Arc: 6, Value: func(i *Instance) snmp.Value { return snmp.Counter64(i.OutOctets) }},
		{Arc: 7, Value: func(i *Instance) snmp.Value { return text(i.LastError) }},
	}, f.instances, func(i *Instance) []uint32 { return snmp.StringIndex(i.Name) })
	snmp.AddTable(&b, h.entry(portsArc), []snmp.Column[SerialPort]{
		{Arc: 2, Value: func(p *SerialPort) snmp.Value { return text(p.Device) }},
		{Arc: 3, Value: func(p *SerialPort) snmp.Value { return enum(p.State) }},
		{Arc: 4, Value: func(p *SerialPort) snmp.Value { return gauge(p.Clients) }},
		{Arc: 5, Value: func(p *SerialPort) snmp.Value { return snmp.Counter64(p.ToDevice) }},
		{Arc: 6, Value: func(p *SerialPort) snmp.Value { return snmp.Counter64(p.ToNetwork) }},
		{Arc: 7, Value: func(p *SerialPort) snmp.Value { return snmp.Counter64(p.Losses) }},
		{Arc: 8, Value: func(p *SerialPort) snmp.Value { return text(p.LastError) }},
	}, f.ports, func(p *SerialPort) []uint32 { return snmp.StringIndex(p.Name) })
	snmp.AddTable(&b, h.entry(modemsArc), []snmp.Column[Modem]{
		{Arc: 2, Value: func(m *Modem) snmp.Value { return text(m.Operator) }},
		{Arc: 3, Value: func(m *Modem) snmp.Value { return enum(m.Registration) }},
		{Arc: 4, Value: func(m *Modem) snmp.Value { return text(m.Technology) }},
		{Arc: 5, Value: signal},
		{Arc: 6, Value: func(m *Modem) snmp.Value { return text(m.IMEI) }},
		{Arc: 7, Value: func(m *Modem) snmp.Value { return text(m.ICCID) }},
		{Arc: 8, Value: func(m *Modem) snmp.Value { return text(m.Address) }},
	}, rows(o.Modems, func(m *Modem) string { return m.Name }), func(m *Modem) []uint32 { return snmp.StringIndex(m.Name) })
	snmp.AddTable(&b, h.entry(disksArc), []snmp.Column[disk]{
		{Arc: 2, Value: func(d *disk) snmp.Value { return gauge(d.Used) }},
		{Arc: 3, Value: func(d *disk) snmp.Value { return gauge(d.Limit) }},
		{Arc: 4, Value: func(d *disk) snmp.Value { return snmp.Integer(diskState(d.above)) }},
	}, f.disks, func(d *disk) []uint32 { return snmp.StringIndex(d.Path) })

	list, err := b.List()
	if err != nil {
		panic("fieldgatemib: " + err.Error()) // rows has seen to it that no name is there twice
	}
	f.list = list
	return f
}

// device adds the scalars.
func (h *Handler) device(b *snmp.Builder) {
	var values [5]snmp.Value
	if h.options.Device != nil {
		d := h.options.Device()
		values = [...]snmp.Value{text(d.HostName), text(d.Model), text(d.SerialNumber), text(d.Firmware), text(d.Kernel)}
	}
	for i, v := range values {
		b.Scalar(h.root.Append(1, deviceArc, uint32(i+1)), v)
	}
}

// entry returns the identifier above the columns of a table.
func (h *Handler) entry(arc uint32) snmp.OID { return h.root.Append(1, arc, 1, 1) }

// rows asks for the rows of a table, without those that cannot be served.
func rows[Row any](ask func() []Row, name func(*Row) string) []Row {
	if ask == nil {
		return nil
	}
	all, seen := ask(), make(map[string]bool)
	kept := make([]Row, 0, len(all)) // apart: all may be what the program keeps
	for i := range all {
		n := name(&all[i])
		if n != "" && len(n) <= maxName && !seen[n] {
			seen[n] = true
			kept = append(kept, all[i])
		}
	}
	return kept
}

// below is by how much the use has to fall below the limit, so that managers
// are not told of each block that comes and goes.
const below = 2

// disks asks for the disks and finds out their states.
func (h *Handler) disks() []disk {
	var disks []disk
	above := make(map[string]bool)
	for _, d := range rows(h.options.Disks, func(d *Disk) string { return d.Path }) {
		if d.Limit < 1 || d.Limit > 100 {
			continue
		}
		d.Used = min(max(d.Used, 0), 100)
		is := d.Used >= d.Limit || h.above[d.Path] && d.Used > max(d.Limit-below, 0)
		above[d.Path] = is
		disks = append(disks, disk{d, is})
	}
	h.above = above
	return disks
}

func diskState(above bool) int32 {
	if above {
		return 2
	}
	return 1
}

// enum leaves out the zero value, which the module has no name for.
func enum[State ~int32](s State) snmp.Value {
	if s == 0 {
		return snmp.Value{}
	}
	return snmp.Integer(int32(s))
}

// text cuts s at 255 octets, between characters.
func text(s string) snmp.Value {
	if len(s) > maxText {
		s = strings.ToValidUTF8(s[:maxText], "")
	}
	return snmp.OctetString(s)
}

func gauge(n int) snmp.Value { return snmp.SaturatedGauge(uint64(max(n, 0))) }

// ticks wraps as TimeTicks do, after 497 days.
func ticks(d time.Duration) snmp.Value {
	return snmp.TimeTicks(uint32(max(d, 0) / (10 * time.Millisecond)))
}

func signal(m *Modem) snmp.Value {
	if m.SignalDBm < -200 || m.SignalDBm > -1 {
		return snmp.Value{}
	}
	return snmp.Integer(int32(m.SignalDBm))
}
