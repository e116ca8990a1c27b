package hostfacts_test

import (
	"encoding/binary"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/hostfacts"
)

// managed names the methods that network management adds to readings.
var managed = map[string]struct {
	read func(h *hostfacts.Host) error
	file string
}{
	"stat":        {func(h *hostfacts.Host) error { return errOf(h.Stat()) }, "proc/stat"},
	"paging":      {func(h *hostfacts.Host) error { return errOf(h.Paging()) }, "proc/vmstat"},
	"devices":     {func(h *hostfacts.Host) error { return errOf(h.BlockDevices()) }, "proc/diskstats"},
	"protocols":   {func(h *hostfacts.Host) error { return errOf(h.Protocols()) }, "proc/net/snmp"},
	"ipv6":        {func(h *hostfacts.Host) error { return errOf(h.IPv6()) }, "proc/sys/net/ipv6/conf/all/forwarding"},
	"links":       {func(h *hostfacts.Host) error { return errOf(h.Links()) }, "proc/net/dev"},
	"link":        {func(h *hostfacts.Host) error { return errOf(h.Links()) }, "sys/class/net/eth0/mtu"},
	"mounts":      {func(h *hostfacts.Host) error { return errOf(h.MountPoints()) }, "proc/self/mountinfo"},
	"processors":  {func(h *hostfacts.Host) error { return errOf(h.ProcessorNames()) }, "proc/cpuinfo"},
	"version":     {func(h *hostfacts.Host) error { return errOf(h.Version()) }, "proc/sys/kernel/version"},
	"commandline": {func(h *hostfacts.Host) error { return errOf(h.CommandLine()) }, "proc/cmdline"},
}

func TestManagedMissingFile(t *testing.T) {
	for name, c := range managed {
		t.Run(name, func(t *testing.T) {
			root := fixtureWith(t, map[string]string{c.file: "-"})
			requireNamed(t, c.read(hostfacts.New(hostfacts.Options{Root: root})), root, c.file, fs.ErrNotExist)
		})
	}
}

func TestManagedMalformedFile(t *testing.T) {
	for name, c := range map[string]struct{ reading, text, problem string }{
		"stat_empty":         {"stat", "", "lists no processor"},
		"stat_word":          {"stat", "cpu 1 2 x 4\n", `"x"`},
		"stat_short":         {"stat", "cpu 1 2 3\n", "fewer than four"},
		"stat_negative":      {"stat", "cpu 1 2 -3 4\n", `"-3"`},
		"stat_number":        {"stat", "cpuX 1 2 3 4\n", `"X"`},
		"stat_interrupts":    {"stat", "cpu0 1 2 3 4\nintr many\n", `"many"`},
		"paging_empty":       {"paging", "", "lacks pgpgin"},
		"paging_word":        {"paging", "pgpgin x\n", `"x"`},
		"devices_short":      {"devices", "8 0 sda 1 2 3\n", "14 fields"},
		"devices_word":       {"devices", "8 0 sda 1 2 3 4 x 6 7 8 9 10 11\n", `"x"`},
		"protocols_odd":      {"protocols", "Ip: Forwarding\n", "pairs"},
		"protocols_mismatch": {"protocols", "Ip: A B\nIp: 1\n", "line 1"},
		"protocols_others":   {"protocols", "Ip: A\nTcp: 1\n", "line 1"},
		"protocols_word":     {"protocols", "Ip: A\nIp: x\n", `"x"`},
		"protocols_empty":    {"protocols", "", "pairs"},
		"ipv6_word":          {"ipv6", "yes\n", `"yes"`},
		"links_short":        {"links", "eth0: 1 2 3\n", "16 columns"},
		"links_word":         {"links", "eth0: 1 2 3 4 5 6 7 8 9 x 11 12 13 14 15 16\n", `"x"`},
		"links_multicast":    {"links", "eth0: 1 2 3 4 5 6 7 x 9 10 11 12 13 14 15 16\n", `"x"`},
		"link_mtu":           {"link", "jumbo\n", `"jumbo"`},
		"version_empty":      {"version", "\n", "is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			file := managed[c.reading].file
			root := fixtureWith(t, map[string]string{file: c.text})
			err := managed[c.reading].read(hostfacts.New(hostfacts.Options{Root: root}))
			requireNamed(t, err, root, file, nil)
			assert.Contains(t, err.Error(), c.problem)
		})
	}
}

func TestTableTooLarge(t *testing.T) {
	root := fixtureWith(t, map[string]string{"proc/diskstats": strings.Repeat("8 0 sda 1 2 3 4 5 6 7 8 9 10 11\n", 40_000)})
	_, err := hostfacts.New(hostfacts.Options{Root: root}).BlockDevices()
	requireNamed(t, err, root, "proc/diskstats", nil)
	assert.Contains(t, err.Error(), "larger than")
}

func TestFixtureStat(t *testing.T) {
	stat, err := router(nil).Stat()
	require.NoError(t, err)
	all := hostfacts.Ticks{User: 184467, Nice: 1203, System: 90871, Idle: 8123456, IOWait: 4410, IRQ: 12, SoftIRQ: 30333}
	assert.Equal(t, hostfacts.Stat{
		All: all, Processors: []hostfacts.Processor{{Number: 0, Ticks: all}}, Interrupts: 90210334, Contexts: 120458871,
	}, stat)
	assert.EqualValues(t, 184467+1203+90871+8123456+4410+12+30333, stat.All.Total())
}

func TestStatOfManyProcessors(t *testing.T) {
	root := tree(t, map[string]string{
		"proc/stat": "cpu  8 1 2 40 5 6 7 3 4 1\ncpu0 4 0 0 20\ncpu2 4 0 0 20 0 0 0 3 0 0 99\nintr 18446744073709551615 1\nctxt 5\n",
	})
	stat, err := hostfacts.New(hostfacts.Options{Root: root}).Stat()
	require.NoError(t, err)
	assert.Equal(t, hostfacts.Ticks{User: 8, Nice: 1, System: 2, Idle: 40, IOWait: 5, IRQ: 6, SoftIRQ: 7, Steal: 3, Guest: 4, GuestNice: 1}, stat.All)
	assert.EqualValues(t, 72, stat.All.Total(), "guests are a part of user and nice")
	require.Len(t, stat.Processors, 2)
	assert.Equal(t, hostfacts.Processor{Number: 2, Ticks: hostfacts.Ticks{User: 4, Idle: 20, Steal: 3}}, stat.Processors[1])
	assert.EqualValues(t, uint64(1<<64-1), stat.Interrupts)
}

func TestFixturePaging(t *testing.T) {
	paging, err := router(nil).Paging()
	require.NoError(t, err)
	assert.Equal(t, hostfacts.Paging{InKiB: 1200345, OutKiB: 88123, SwapIn: 64, SwapOut: 96}, paging)

	root := tree(t, map[string]string{"proc/vmstat": "pgpgin 3\npgpgout 4\n"})
	paging, err = hostfacts.New(hostfacts.Options{Root: root}).Paging()
	require.NoError(t, err, "a kernel without swap")
	assert.Equal(t, hostfacts.Paging{InKiB: 3, OutKiB: 4}, paging)
}

func TestFixtureBlockDevices(t *testing.T) {
	list, err := router(nil).BlockDevices()
	require.NoError(t, err)
	require.Len(t, list, 4)
	assert.Equal(t, hostfacts.BlockDevice{
		Name: "mmcblk0", Reads: 90210, ReadSectors: 9876543210, Writes: 40321, WrittenSectors: 8589934592, BusyMS: 4215630,
	}, list[2])
}

func TestFixtureProtocols(t *testing.T) {
	counts, err := router(nil).Protocols()
	require.NoError(t, err)
	for name, want := range map[string]int64{
		"Ip.Forwarding": 1, "Ip.OutTransmits": 990130, "Icmp.InDestUnreachs": 103, "Icmp.OutAddrMaskReps": 126,
		"Tcp.MaxConn": -1, "Tcp.InSegs": 4300000215, "Udp.OutDatagrams": 304, "Udp6.OutDatagrams": 34,
		"IpExt.InOctets": 9876543210, "IpExt.OutBcastPkts": 26, "Ip6.InOctets": 5123456789, "Ip6.OutForwDatagrams": 50,
	} {
		assert.Equal(t, want, counts[name], name)
	}

	counts, err = hostfacts.New(hostfacts.Options{Root: fixtureWith(t, map[string]string{"proc/net/snmp6": "-"})}).Protocols()
	require.NoError(t, err, "a host without IPv6")
	assert.NotContains(t, counts, "Udp6.OutDatagrams")
	assert.Contains(t, counts, "Udp.OutDatagrams")

	counts, err = hostfacts.New(hostfacts.Options{Root: fixtureWith(t, map[string]string{"proc/net/netstat": "-"})}).Protocols()
	require.NoError(t, err, "a kernel without it")
	assert.NotContains(t, counts, "IpExt.InOctets")
	assert.Contains(t, counts, "Ip6.InOctets")

	for name, text := range map[string]string{"proc/net/snmp6": "Udp6InDatagrams many\n", "proc/net/netstat": "IpExt: InOctets\nIpExt: 1 2\n"} {
		root := fixtureWith(t, map[string]string{name: text})
		_, err = hostfacts.New(hostfacts.Options{Root: root}).Protocols()
		requireNamed(t, err, root, name, nil)
	}

	v6, err := router(nil).IPv6()
	require.NoError(t, err)
	assert.Equal(t, hostfacts.IPv6{Forwarding: true, HopLimit: 64}, v6)
}

func TestFixtureEthernetErrors(t *testing.T) {
	e, err := router(nil).EthernetErrors("eth0")
	require.NoError(t, err)
	assert.Equal(t, hostfacts.EthernetErrors{Alignment: 2, FCS: 4294967299, LateCollisions: 5, ExcessiveCollisions: 6, CarrierSense: 7}, e)
	_, err = router(nil).EthernetErrors("eth1")
	require.ErrorIs(t, err, fs.ErrNotExist)
}

// Links are the interfaces of Interfaces, with more.
func TestFixtureLinks(t *testing.T) {
	links, err := router(nil).Links()
	require.NoError(t, err)
	want, err := router(nil).Interfaces()
	require.NoError(t, err)
	require.Len(t, links, len(want))
	for i, l := range links {
		assert.Equal(t, want[i], l.Interface)
		assert.Equal(t, map[string]string{"eth0": "uplink to the plant"}[l.Name], l.Alias)
		assert.False(t, l.Promiscuous)
	}

	root := fixtureWith(t, map[string]string{"sys/class/net/eth0/flags": "0x1103\n"})
	links, err = hostfacts.New(hostfacts.Options{Root: root}).Links()
	require.NoError(t, err)
	assert.True(t, links[1].Promiscuous)
}

func TestLinksComeAndGo(t *testing.T) {
	const heading = "Inter-| Receive\n face |bytes\n"
	row := func(name string) string { return name + ":1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n" }
	t.Run("in_one_place_only", func(t *testing.T) {
		root := fixtureWith(t, map[string]string{"proc/net/dev": heading + row("eth0") + row("gone")})
		links, err := hostfacts.New(hostfacts.Options{Root: root}).Links()
		require.NoError(t, err)
		require.Len(t, links, 1)
		assert.Equal(t, hostfacts.Counters{Bytes: 1, Packets: 2, Errors: 3, Drops: 4, Multicast: 8}, links[0].Rx)
		assert.Equal(t, hostfacts.Counters{Bytes: 9, Packets: 10, Errors: 11, Drops: 12}, links[0].Tx)
	})
	t.Run("colon_in_the_name", func(t *testing.T) {
		root := fixtureWith(t, map[string]string{"proc/net/dev": heading + row("eth0:1")})
		require.NoError(t, os.Rename(filepath.Join(root, "sys/class/net/eth0"), filepath.Join(root, "sys/class/net/eth0:1")))
		links, err := hostfacts.New(hostfacts.Options{Root: root}).Links()
		require.NoError(t, err)
		require.Len(t, links, 1)
	})
	t.Run("one_unreadable_hides_no_other", func(t *testing.T) {
		root := fixtureWith(t, map[string]string{filepath.Join(eth1, "mtu"): "jumbo\n"})
		links, err := hostfacts.New(hostfacts.Options{Root: root}).Links()
		require.ErrorContains(t, err, "eth1/mtu")
		assert.Len(t, links, 4)
	})
}

func TestMountPoints(t *testing.T) {
	h := hostfacts.New(hostfacts.Options{Root: tree(t, map[string]string{
		"proc/self/mountinfo": `20 1 0:4 / /proc rw - proc proc rw
21 1 8:1 / / rw - ext4 /dev/sda1 rw
22 1 8:2 / /mnt/a\040b rw - ext4 /dev/sda2 ro
23 1 8:3 / /mnt/c ro - vfat /dev/sda3 rw
24 1 0:9 / /proc rw - tmpfs cover rw
25 1 8:1 /x /srv rw - ext4 /dev/sda1 rw
26 1 0:40 / /n rw - nfs srv:/x rw
`,
	})})
	list, err := h.MountPoints()
	require.NoError(t, err)
	assert.Equal(t, []hostfacts.MountPoint{
		{Number: 2, Device: "/dev/sda1", Mount: "/", Type: "ext4", Local: true},
		{Number: 3, Device: "/dev/sda2", Mount: "/mnt/a b", Type: "ext4", ReadOnly: true, Local: true},
		{Number: 4, Device: "/dev/sda3", Mount: "/mnt/c", Type: "vfat", ReadOnly: true, Local: true},
		{Number: 1, Device: "cover", Mount: "/proc", Type: "tmpfs", Local: true},
		{Number: 5, Device: "/dev/sda1", Mount: "/srv", Type: "ext4", Local: true},
		{Number: 6, Device: "srv:/x", Mount: "/n", Type: "nfs"},
	}, list)
}

func TestProcessesAndUsers(t *testing.T) {
	n, err := router(nil).Processes()
	require.NoError(t, err)
	assert.Equal(t, 2, n)

	n, err = router(nil).Users()
	require.NoError(t, err)
	assert.Zero(t, n, "a gateway has no utmp")

	for name, size := range map[string]int{"records_of_384": 384, "records_of_400": 400} {
		t.Run(name, func(t *testing.T) {
			records := make([]byte, 3*size)
			for i, kind := range []uint16{2, 7, 7} { // BOOT_TIME, USER_PROCESS twice
				binary.NativeEndian.PutUint16(records[i*size:], kind)
			}
			root := fixtureWith(t, map[string]string{"var/run/utmp": string(records)})
			n, err := hostfacts.New(hostfacts.Options{Root: root}).Users()
			require.NoError(t, err)
			assert.Equal(t, 2, n)
		})
	}
}

func TestProcessorNames(t *testing.T) {
	for name, c := range map[string]struct {
		cpuinfo string
		want    []string
	}{
		"x86":     {"processor\t: 0\nvendor_id\t: Maker\nmodel name\t: One  at 2 GHz\n\nprocessor\t: 1\nmodel name\t: Two\n", []string{"Maker: One  at 2 GHz", "Two"}},
		"arm":     {"processor\t: 0\nBogoMIPS\t: 38\n\nprocessor\t: 1\n\nHardware\t: Board\n", []string{"Board", "Board"}},
		"mips":    {"machine\t: Box\nprocessor\t: 0\ncpu model\t: MIPS 24KEc\n", []string{"MIPS 24KEc"}},
		"nothing": {"", nil},
	} {
		t.Run(name, func(t *testing.T) {
			root := tree(t, map[string]string{"proc/cpuinfo": c.cpuinfo})
			names, err := hostfacts.New(hostfacts.Options{Root: root}).ProcessorNames()
			require.NoError(t, err)
			assert.Equal(t, c.want, names)
		})
	}
}

func TestFixtureUname(t *testing.T) {
	for want, read := range map[string]func() (string, error){
		"#0 Wed Oct 9 21:44:01 2024": router(nil).Version,
		"mips":                       router(nil).Machine,
		"console=ttyS0,115200 rootfstype=squashfs,jffs2": router(nil).CommandLine,
	} {
		got, err := read()
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	old := hostfacts.New(hostfacts.Options{Root: fixtureWith(t, map[string]string{"proc/sys/kernel/arch": "-"})})
	got, err := old.Machine()
	require.NoError(t, err)
	assert.NotEmpty(t, got, "older kernels tell by a system call")
}

func TestLiveLinks(t *testing.T) {
	want, err := net.Interfaces()
	if err != nil {
		t.Skip("net.Interfaces, the independent reading:", err)
	}
	links, err := hostfacts.New(hostfacts.Options{}).Links()
	if err != nil {
		t.Skip("this host (a sandbox or container) hides its interfaces:", err)
	}
	names := make(map[string]int)
	for _, i := range want {
		names[i.Name] = i.Index
	}
	for _, l := range links {
		if index, there := names[l.Name]; there { // others may plug interfaces in and out meanwhile
			assert.Equal(t, index, l.Index)
		}
	}
	assert.Contains(t, names, "lo")
}

func FuzzTicks(f *testing.F) {
	for _, seed := range []string{"", "1 2 3 4", "1 2 3 4 5 6 7 8 9 10 11", "18446744073709551615 0 0 0", "-1 0 0 0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		root := t.TempDir()
		require.NoError(t, os.Mkdir(filepath.Join(root, "proc"), 0o755))
		for _, file := range []string{"stat", "diskstats", "vmstat", "cpuinfo"} {
			require.NoError(t, os.WriteFile(filepath.Join(root, "proc", file), []byte("cpu0 "+text+"\n"+text), 0o644))
		}
		h := hostfacts.New(hostfacts.Options{Root: root})
		if s, err := h.Stat(); err == nil {
			assert.NotEmpty(t, s.Processors)
		}
		_, _ = h.BlockDevices()
		_, _ = h.Paging()
		_, _ = h.ProcessorNames()
	})
}
