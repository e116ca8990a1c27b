package hostmib

import (
	"github.com/fieldgate/fieldgate/snmp"
)

// arcsHRDevice is hrDevice of HOST-RESOURCES-MIB (RFC 2790).
var arcsHRDevice = []uint32{1, 3, 6, 1, 2, 1, 25, 3}

// The last arcs of the types of devices, and what hrDeviceIndex begins at for
// them.
const (
	deviceProcessor = 3
	deviceNetwork   = 4

	firstProcessor = 3 << 16
	firstNetwork   = 4 << 16
)

// hrDeviceStatus.
const (
	deviceRunning = 2
	deviceDown    = 5
)

// device is a row of hrDeviceTable, and of the table of its type.
type device struct {
	index, kind uint32
	description string
	status      int32
	errors      uint64
	load        int32 // of a processor, percent
	ifIndex     int32 // of an interface
}

var hrDeviceColumns = []snmp.Column[device]{
	{Arc: 1, Value: func(d *device) snmp.Value { return snmp.Integer(int32(d.index)) }},
	{Arc: 2, Value: func(d *device) snmp.Value { return snmp.ObjectID(below(arcsHRDevice, 1, d.kind)) }},
	{Arc: 3, Value: func(d *device) snmp.Value { return snmp.OctetString(cut(d.description, 64)) }},
	{Arc: 4, Value: func(*device) snmp.Value { return nothing() }},
	{Arc: 5, Value: func(d *device) snmp.Value { return snmp.Integer(d.status) }},
	{Arc: 6, Value: func(d *device) snmp.Value {
		if d.kind != deviceNetwork {
			return snmp.Value{}
		}
		return snmp.Counter32(uint32(d.errors))
	}},
}

var hrProcessorColumns = []snmp.Column[device]{
	{Arc: 1, Value: func(*device) snmp.Value { return nothing() }},
	{Arc: 2, Value: func(d *device) snmp.Value { return snmp.Integer(d.load) }},
}

var hrNetworkColumns = []snmp.Column[device]{
	{Arc: 1, Value: func(d *device) snmp.Value { return snmp.Integer(d.ifIndex) }},
}

func (d *device) arcs() []uint32 { return []uint32{d.index} }

// device serves the processors, the interfaces and the filesystems.
func (h *Host) device(p *page) {
	processors, networks := h.processorRows(p), h.networkRows(p)
	all := append(append([]device(nil), processors...), networks...)
	snmp.AddTable(&p.Builder, below(arcsHRDevice, 2, 1), hrDeviceColumns, all, (*device).arcs)
	snmp.AddTable(&p.Builder, below(arcsHRDevice, 3, 1), hrProcessorColumns, processors, (*device).arcs)
	snmp.AddTable(&p.Builder, below(arcsHRDevice, 4, 1), hrNetworkColumns, networks, (*device).arcs)
	filesystems, _ := use(p, h.filesystems)
	snmp.AddTable(&p.Builder, below(arcsHRDevice, 8, 1), hrFSColumns, filesystems, (*filesystem).arcs)
}

func (h *Host) processorRows(p *page) []device {
	u, _ := use(p, h.kernel)
	names, _ := use(p, h.processors)
	var rows []device
	for i, processor := range u.now.stat.Processors {
		d := device{
			index: firstProcessor + uint32(processor.Number), kind: deviceProcessor, status: deviceRunning,
			load: u.load(processor),
		}
		if i < len(names) {
			d.description = names[i]
		}
		rows = append(rows, d)
	}
	return rows
}

func (h *Host) networkRows(p *page) []device {
	t, _ := use(p, h.links)
	var rows []device
	for _, l := range t.rows {
		d := device{
			index: firstNetwork + uint32(l.Index), kind: deviceNetwork, status: deviceDown,
			description: "network interface " + l.Name, errors: l.Rx.Errors + l.Tx.Errors, ifIndex: int32(l.Index),
		}
		if l.oper == statusUp {
			d.status = deviceRunning
		}
		rows = append(rows, d)
	}
	return rows
}

// never is the date of a backup that was never made.
const never = "\x00\x00\x01\x01\x00\x00\x00\x00"

var hrFSColumns = []snmp.Column[filesystem]{
	{Arc: 1, Value: func(f *filesystem) snmp.Value { return snmp.Integer(f.index) }},
	{Arc: 2, Value: func(f *filesystem) snmp.Value { return snmp.OctetString(cut(f.Mount, 128)) }},
	{Arc: 3, Value: func(*filesystem) snmp.Value { return snmp.OctetString("") }},
	{Arc: 4, Value: func(f *filesystem) snmp.Value { return snmp.ObjectID(below(arcsHRDevice, 9, f.fsType())) }},
	{Arc: 5, Value: func(f *filesystem) snmp.Value { // readWrite(1), readOnly(2)
		if f.ReadOnly {
			return snmp.Integer(2)
		}
		return snmp.Integer(1)
	}},
	{Arc: 6, Value: func(f *filesystem) snmp.Value { return truth(f.Mount == "/") }},
	{Arc: 7, Value: func(f *filesystem) snmp.Value { return snmp.Integer(firstDisk + f.index) }},
	{Arc: 8, Value: func(*filesystem) snmp.Value { return snmp.OctetString(never) }},
	{Arc: 9, Value: func(*filesystem) snmp.Value { return snmp.OctetString(never) }},
}

// fsType is the last arc of a type below hrFSTypes.
func (f *filesystem) fsType() uint32 {
	switch f.Type {
	case "ext2", "ext3", "ext4":
		return 23 // hrFSLinuxExt2
	case "vfat":
		return 22 // hrFSFAT32
	case "msdos":
		return 5 // hrFSFat
	case "ntfs", "ntfs3":
		return 9 // hrFSNTFS
	case "iso9660":
		return 12 // hrFSiso9660
	case "nfs", "nfs4":
		return 14 // hrFSNFS
	}
	return 1 // hrFSOther
}
