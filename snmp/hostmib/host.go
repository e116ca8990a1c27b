package hostmib

import (
	"time"

	"github.com/fieldgate/fieldgate/internal/hostfacts"
	"github.com/fieldgate/fieldgate/snmp"
)

// Host serves one host. Make it with [New], just before the agent: its
// TimeTicks count from there, as sysUpTime does.
type Host struct {
	options Options
	facts   *hostfacts.Host
	began   time.Time

	kernel      *source[usage]
	memory      *source[hostfacts.Memory]
	load        *source[hostfacts.Load]
	uptime      *source[time.Duration]
	links       *source[linkTable]
	filesystems *source[[]filesystem]
	devices     *source[[]blockDevice]
	protocols   *source[map[string]int64]
	ipv6        *source[hostfacts.IPv6]
	processes   *source[int]
	users       *source[int]
	processors  *source[[]string]
	commandLine *source[string]
}

// New returns a host that nothing was read of yet.
func New(o Options) *Host {
	o = o.withDefaults()
	h := &Host{
		options: o,
		facts:   hostfacts.New(hostfacts.Options{Root: o.Root, Statfs: o.statfs()}),
		began:   time.Now(),
	}
	h.kernel = newSource(h, "processors", 1, h.sampler())
	h.memory = newSource(h, "memory", 1, h.facts.Memory)
	h.load = newSource(h, "load", 1, h.facts.Load)
	h.uptime = newSource(h, "uptime", 1, h.facts.Uptime)
	h.links = newSource(h, "interfaces", 1, h.linkTracker())
	h.filesystems = newSource(h, "filesystems", slow, h.filesystemReader())
	h.devices = newSource(h, "block devices", 1, h.deviceSampler())
	h.protocols = newSource(h, "protocols", 1, h.facts.Protocols)
	h.ipv6 = newSource(h, "IPv6", slow, h.facts.IPv6)
	h.processes = newSource(h, "processes", slow, h.facts.Processes)
	h.users = newSource(h, "users", slow, h.facts.Users)
	h.processors = newSource(h, "models of processors", still, h.facts.ProcessorNames)
	h.commandLine = newSource(h, "command line", still, h.facts.CommandLine)
	return h
}

// Mounts are the subtrees of the host for the default context of an agent.
func (h *Host) Mounts() []snmp.Mount {
	list := []struct {
		prefix []uint32
		about  string
		build  func(*page)
		watch  watch
	}{
		{arcsInterfaces, "IF-MIB: interfaces", h.interfaces, h.watchLinks},
		{arcsIP, "IP-MIB: ip, scalars and ipSystemStatsTable", h.ip, nil},
		{arcsICMP, "IP-MIB: icmp, scalars", h.icmp, nil},
		{arcsTCP, "TCP-MIB: tcp, scalars", h.tcp, nil},
		{arcsUDP, "UDP-MIB: udp, scalars", h.udp, nil},
		{arcsDot3, "EtherLike-MIB: duplex and errors of Ethernet interfaces", h.ethernets, nil},
		{arcsHRSystem, "HOST-RESOURCES-MIB: hrSystem", h.system, nil},
		{arcsHRStorage, "HOST-RESOURCES-MIB: hrStorage", h.storage, nil},
		{arcsHRDevice, "HOST-RESOURCES-MIB: hrDevice, processors, network and filesystems", h.device, nil},
		{arcsIfMIB, "IF-MIB: ifXTable", h.interfacesX, nil},
		{arcsMemory, "UCD-SNMP-MIB: memory", h.memoryScalars, nil},
		{arcsDisks, "UCD-SNMP-MIB: dskTable", h.disks, h.watchDisks},
		{arcsLoad, "UCD-SNMP-MIB: laTable", h.loads, nil},
		{arcsStats, "UCD-SNMP-MIB: systemStats", h.systemStats, h.watchProcessors},
		{arcsDiskIO, "UCD-DISKIO-MIB: diskIOTable", h.diskIO, h.watchDevices},
	}
	mounts := make([]snmp.Mount, len(list))
	for i, m := range list {
		tree := &subtree{build: m.build, building: make(chan struct{}, 1)}
		mounts[i] = snmp.Mount{Prefix: m.prefix, Handler: tree, Description: m.about}
		if m.watch != nil {
			mounts[i].Handler = &watched{subtree: tree, watch: m.watch}
		}
	}
	return mounts
}

// Description is sysDescr in the form of uname -a: "Linux", host name,
// release, version, machine. What cannot be read is left out.
func (h *Host) Description() string {
	text := "Linux"
	for _, read := range []func() (string, error){h.facts.Hostname, h.facts.Kernel, h.facts.Version, h.facts.Machine} {
		if part, err := read(); err == nil && part != "" {
			text += " " + part
		}
	}
	return text
}

// ticks is the age of the host in 1/100 s, as sysUpTime tells that of the
// agent.
func (h *Host) ticks() uint32 { return ticksOf(time.Since(h.began)) }

// ticksOf is a time in TimeTicks, which begin again after 497 days.
func ticksOf(d time.Duration) uint32 { return uint32(uint64(d / (10 * time.Millisecond))) }

// below is an identifier below another.
func below(base []uint32, arcs ...uint32) snmp.OID { return snmp.OID(base).Append(arcs...) }

// nothing is the identifier that stands for none.
func nothing() snmp.Value { return snmp.ObjectID(snmp.OID{0, 0}) }
