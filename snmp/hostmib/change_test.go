package hostmib_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/snmp/hostmib"
)

const (
	ifTable     = ".1.3.6.1.2.1.2.2.1."
	ifXTable    = ".1.3.6.1.2.1.31.1.1.1."
	systemStats = ".1.3.6.1.4.1.2021.11."
	dskTable    = ".1.3.6.1.4.1.2021.9.1."
	hrStorage   = ".1.3.6.1.2.1.25.2.3.1."
)

func TestTTL(t *testing.T) {
	for name, c := range map[string]struct {
		ttl, kept time.Duration
		instance  string
		file, old string
		with      string
		want      snmp.Value
	}{
		"memory":       {0, time.Second, ".1.3.6.1.4.1.2021.4.6.0", "proc/meminfo", "12024 kB", "99 kB", snmp.Integer(99)},
		"other_ttl":    {3 * time.Second, 3 * time.Second, ".1.3.6.1.4.1.2021.4.6.0", "proc/meminfo", "12024 kB", "99 kB", snmp.Integer(99)},
		"least_ttl":    {1, 100 * time.Millisecond, ".1.3.6.1.4.1.2021.4.6.0", "proc/meminfo", "12024 kB", "99 kB", snmp.Integer(99)},
		"interfaces":   {0, time.Second, ifTable + "10.1", "proc/net/dev", "lo:    3193", "lo: 4000", snmp.Counter32(4000)},
		"processors":   {0, time.Second, systemStats + "50.0", "proc/stat", "184467", "184999", snmp.Counter32(184999)},
		"protocols":    {0, time.Second, ".1.3.6.1.2.1.6.9.0", "proc/net/snmp", "213 7 ", "213 9 ", snmp.Gauge32(9)},
		"devices":      {0, time.Second, ".1.3.6.1.4.1.2021.13.15.1.1.5.2", "proc/diskstats", "3400", "3401", snmp.Counter32(3401)},
		"mounts":       {0, 5 * time.Second, dskTable + "3.11", "proc/self/mountinfo", "/dev/mmcblk0p1", "/dev/mmcblk0p2", snmp.OctetString("/dev/mmcblk0p2")},
		"processor":    {0, time.Minute, ".1.3.6.1.2.1.25.3.2.1.3.196608", "proc/cpuinfo", "24KEc", "74Kc", snmp.OctetString("MIPS 74Kc V5.5")},
		"command_line": {0, time.Minute, ".1.3.6.1.2.1.25.1.4.0", "proc/cmdline", "console=ttyS0,115200 ", "", snmp.OctetString("rootfstype=squashfs,jffs2")},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRouter(t, hostmib.Options{TTL: c.ttl, CommandLine: true})
				before := r.value(c.instance)
				require.True(t, before.Exists())
				require.NotEqual(t, c.want, before)
				r.edit(c.file, c.old, c.with)
				time.Sleep(c.kept - 1)
				assert.Equal(t, before, r.value(c.instance))
				time.Sleep(time.Nanosecond)
				assert.Equal(t, c.want, r.value(c.instance))
			})
		})
	}
}

// The Counter32 and the Counter64 of a row are halves of one reading, even
// across subtrees.
func TestOneReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRouter(t, hostmib.Options{})
		r.value(ifTable + "10.2")
		time.Sleep(time.Second / 2)
		r.edit("proc/net/dev", "9663676416", "9663676999")
		narrow, wide := r.value(ifTable+"10.2").Uint(), r.value(ifXTable+"6.2").Uint()
		assert.Equal(t, uint64(9663676416), wide)
		assert.Equal(t, wide&(1<<32-1), narrow)
		time.Sleep(time.Second / 2)
		narrow, wide = r.value(ifTable+"10.2").Uint(), r.value(ifXTable+"6.2").Uint()
		assert.Equal(t, uint64(9663676999), wide)
		assert.Equal(t, wide&(1<<32-1), narrow)
	})
}

func TestSnapshotStandsStill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRouter(t, hostmib.Options{})
		snapshot := r.mounts[0].Handler.(snmp.Snapshotter).Snapshot()
		require.NoError(t, os.RemoveAll(filepath.Join(r.root, "sys/class/net/eth1")))
		time.Sleep(time.Minute)
		assert.True(t, snapshot.Get(snmp.MustParseOID(ifTable+"2.3")).Exists())
		assert.Equal(t, snmp.NoSuchInstance(), r.value(ifTable+"2.3"))
	})
}

func TestInterfacesComeAndGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRouter(t, hostmib.Options{})
		const net, tableChange = "sys/class/net/", ".1.3.6.1.2.1.31.1.5.0"
		assert.Equal(t, snmp.TimeTicks(0), r.value(tableChange))

		time.Sleep(10 * time.Second)
		require.NoError(t, os.Rename(filepath.Join(r.root, net, "eth1"), filepath.Join(r.root, "gone")))
		assert.Equal(t, snmp.Integer(4), r.value(".1.3.6.1.2.1.2.1.0"))
		assert.Equal(t, snmp.NoSuchInstance(), r.value(ifTable+"8.3"))
		assert.Equal(t, snmp.NoSuchInstance(), r.value(ifXTable+"6.3"))
		assert.Equal(t, snmp.NoSuchInstance(), r.value(".1.3.6.1.2.1.10.7.2.1.19.3"))
		assert.Equal(t, snmp.NoSuchInstance(), r.value(".1.3.6.1.2.1.25.3.4.1.1.262147"))
		assert.Equal(t, snmp.TimeTicks(1000), r.value(tableChange))

		time.Sleep(10 * time.Second)
		require.NoError(t, os.Rename(filepath.Join(r.root, "gone"), filepath.Join(r.root, net, "usb0")))
		r.edit("proc/net/dev", "eth1:", "usb0:")
		assert.Equal(t, snmp.OctetString("usb0"), r.value(ifTable+"2.3"))
		assert.Equal(t, snmp.TimeTicks(2000), r.value(ifXTable+"19.3"), "the index has come back for another device")
		assert.Equal(t, snmp.TimeTicks(2000), r.value(ifTable+"9.3"))
		assert.Equal(t, snmp.TimeTicks(0), r.value(ifXTable+"19.2"))
		assert.Equal(t, snmp.TimeTicks(2000), r.value(tableChange))

		time.Sleep(10 * time.Second)
		r.edit("proc/net/dev", "9663676416", "7")
		assert.Equal(t, snmp.TimeTicks(3000), r.value(ifXTable+"19.2"), "a driver has reset its counters")
		assert.Equal(t, snmp.TimeTicks(0), r.value(ifTable+"9.2"))
		assert.Equal(t, snmp.TimeTicks(2000), r.value(tableChange))

		time.Sleep(10 * time.Second)
		r.write(net+"eth0/operstate", "down\n")
		assert.Equal(t, snmp.Integer(2), r.value(ifTable+"8.2"))
		assert.Equal(t, snmp.TimeTicks(4000), r.value(ifTable+"9.2"))
		assert.Equal(t, snmp.Integer(5), r.value(".1.3.6.1.2.1.25.3.2.1.5.262146"))
		time.Sleep(10 * time.Second)
		assert.Equal(t, snmp.TimeTicks(4000), r.value(ifTable+"9.2"))
	})
}

func TestInterfaceValues(t *testing.T) {
	const eth0 = "sys/class/net/eth0/"
	for name, c := range map[string]struct {
		file, text, instance string
		want                 snmp.Value
	}{
		"speed_of_4_gbit":    {eth0 + "speed", "4000", ifTable + "5.2", snmp.Gauge32(4_000_000_000)},
		"speed_saturates":    {eth0 + "speed", "10000", ifTable + "5.2", snmp.Gauge32(4294967295)},
		"high_speed":         {eth0 + "speed", "10000", ifXTable + "15.2", snmp.Gauge32(10000)},
		"speed_unknown":      {eth0 + "speed", "-1", ifTable + "5.2", snmp.Gauge32(0)},
		"no_address":         {eth0 + "address", "00:00:00:00:00:00", ifTable + "6.2", snmp.OctetString("")},
		"ppp":                {eth0 + "type", "512", ifTable + "3.2", snmp.Integer(23)},
		"tunnel":             {eth0 + "type", "778", ifTable + "3.2", snmp.Integer(131)},
		"raw_ip":             {eth0 + "type", "65534", ifTable + "3.2", snmp.Integer(1)},
		"no_ethernet":        {eth0 + "type", "65534", ".1.3.6.1.2.1.10.7.2.1.19.2", snmp.NoSuchInstance()},
		"half_duplex":        {eth0 + "duplex", "half", ".1.3.6.1.2.1.10.7.2.1.19.2", snmp.Integer(2)},
		"testing":            {eth0 + "operstate", "testing", ifTable + "8.2", snmp.Integer(3)},
		"dormant":            {eth0 + "operstate", "dormant", ifTable + "8.2", snmp.Integer(5)},
		"not_present":        {eth0 + "operstate", "notpresent", ifTable + "8.2", snmp.Integer(6)},
		"lower_layer_down":   {eth0 + "operstate", "lowerlayerdown", ifTable + "8.2", snmp.Integer(7)},
		"unknown_is_running": {eth0 + "operstate", "unknown", ifTable + "8.2", snmp.Integer(1)},
		"switched_off":       {eth0 + "flags", "0x1002", ifTable + "7.2", snmp.Integer(2)},
		"promiscuous":        {eth0 + "flags", "0x1103", ifXTable + "16.2", snmp.Integer(1)},
		"not_promiscuous":    {eth0 + "flags", "0x1003", ifXTable + "16.2", snmp.Integer(2)},
		"long_alias":         {eth0 + "ifalias", strings.Repeat("x", 100), ifXTable + "18.2", snmp.OctetString(strings.Repeat("x", 64))},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRouter(t, hostmib.Options{})
			r.write(c.file, c.text+"\n")
			assert.Equal(t, c.want, r.value(c.instance))
		})
	}
	t.Run("unknown_and_switched_off", func(t *testing.T) {
		r := newRouter(t, hostmib.Options{})
		r.write(eth0+"operstate", "unknown\n")
		r.write(eth0+"flags", "0x1002\n")
		assert.Equal(t, snmp.Integer(4), r.value(ifTable+"8.2"))
	})
	t.Run("quiet", func(t *testing.T) {
		assert.Equal(t, snmp.Integer(1), newRouter(t, hostmib.Options{}).value(ifXTable+"14.2"))
		assert.Equal(t, snmp.Integer(2), newRouter(t, hostmib.Options{QuietLinks: true}).value(ifXTable+"14.2"))
	})
	t.Run("unreadable_is_left_out", func(t *testing.T) {
		var log bytes.Buffer
		r := newRouter(t, hostmib.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		r.write(eth0+"mtu", "jumbo\n")
		assert.Equal(t, snmp.Integer(4), r.value(".1.3.6.1.2.1.2.1.0"))
		assert.Contains(t, log.String(), "eth0/mtu")
	})
}

// stat is a /proc/stat of one processor.
func stat(user, idle, iowait, interrupts, contexts uint64) string {
	columns := fmt.Sprintf("%d 0 0 %d %d 0 0 0 0 0\n", user, idle, iowait)
	return fmt.Sprintf("cpu  %scpu0 %sintr %d 5\nctxt %d\n", columns, columns, interrupts, contexts)
}

func TestCountersNeverFall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRouter(t, hostmib.Options{})
		r.write("proc/stat", stat(100, 1000, 50, 7, 8))
		assert.Equal(t, snmp.Counter32(50), r.value(systemStats+"54.0"))
		time.Sleep(time.Second)
		r.write("proc/stat", stat(101, 999, 40, 7, 8))
		assert.Equal(t, snmp.Counter32(50), r.value(systemStats+"54.0"))
		assert.Equal(t, snmp.Counter32(1000), r.value(systemStats+"53.0"))
		assert.Equal(t, snmp.Counter32(101), r.value(systemStats+"50.0"))
		time.Sleep(time.Second)
		r.write("proc/stat", stat(101, 1<<32+5, 60, 1<<32+6, 1<<32+7))
		assert.Equal(t, snmp.Counter32(60), r.value(systemStats+"54.0"))
		assert.Equal(t, snmp.Counter32(5), r.value(systemStats+"53.0"), "a Counter32 wraps")
		assert.Equal(t, snmp.Counter32(6), r.value(systemStats+"59.0"))
		assert.Equal(t, snmp.Counter32(7), r.value(systemStats+"60.0"))
	})
}

// Multicasts that a driver tells of before their packets make the unicasts
// stand still, which are the difference. A counter that has begun again is
// another matter.
func TestUnicastsNeverFall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRouter(t, hostmib.Options{})
		line := func(packets, multicast int) {
			r.write("proc/net/dev", fmt.Sprintf("eth0: 9000 %d 0 0 0 0 0 %d 1 1 0 0 0 0 0 0\n", packets, multicast))
			time.Sleep(time.Second)
		}
		for _, c := range []struct {
			packets, multicast int
			want               uint64
		}{{1000, 100, 900}, {1010, 500, 900}, {1500, 500, 1000}, {20, 5, 15}} {
			line(c.packets, c.multicast)
			assert.Equal(t, snmp.Counter64(c.want), r.value(ifXTable+"7.2"))
			assert.Equal(t, snmp.Counter32(uint32(c.want)), r.value(ifTable+"11.2"))
		}
	})
}

// An average covers the time since the boot, then what has been seen, then a
// minute.
func TestAverages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRouter(t, hostmib.Options{})
		r.write("proc/uptime", "1000.00 500.00\n")
		r.write("proc/stat", stat(25_000, 75_000, 0, 3_000_000, 1_000_000))
		r.watch(".1.3.6.1.4.1.2021.11")
		synctest.Wait()
		check := func(user, idle, load, interrupts int32) {
			t.Helper()
			assert.Equal(t, snmp.Integer(user), r.value(systemStats+"9.0"))
			assert.Equal(t, snmp.Integer(idle), r.value(systemStats+"11.0"))
			assert.Equal(t, snmp.Integer(load), r.value(".1.3.6.1.2.1.25.3.3.1.2.196608"))
			assert.Equal(t, snmp.Integer(interrupts), r.value(systemStats+"7.0"))
		}
		check(25, 75, 25, 3000)

		time.Sleep(10 * time.Second) // 1000 ticks, busy throughout
		r.write("proc/stat", stat(26_000, 75_000, 0, 3_000_500, 1_000_000))
		r.Expire(r.mounts[8].Handler, r.mounts[13].Handler)
		check(100, 0, 100, 50)

		for range 13 { // 6500 ticks, idle throughout
			time.Sleep(5 * time.Second)
			synctest.Wait()
		}
		r.write("proc/stat", stat(26_000, 81_500, 0, 3_000_500, 1_000_000))
		r.Expire(r.mounts[8].Handler, r.mounts[13].Handler)
		check(0, 100, 0, 0)
	})
}

func TestDiskUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRouter(t, hostmib.Options{})
		const busy = ".1.3.6.1.4.1.2021.13.15.1.1."
		r.write("proc/uptime", "1000.00 500.00\n")
		device := func(ms int) string { return fmt.Sprintf("8 0 sda 1 2 3 4 5 6 7 8 9 %d 11\n", ms) }
		r.write("proc/diskstats", device(201_000))
		assert.Equal(t, snmp.Integer(20), r.value(busy+"9.1"), "since the boot")
		time.Sleep(time.Minute)
		r.write("proc/diskstats", device(261_000))
		r.Expire(r.mounts[14].Handler)
		assert.Equal(t, snmp.Integer(70), r.value(busy+"9.1"), "20 + 80 (1 - 1/e)")
		assert.Equal(t, snmp.Integer(34), r.value(busy+"10.1"))
		assert.Equal(t, snmp.Integer(25), r.value(busy+"11.1"))
		assert.Equal(t, snmp.Counter64(261_000_000), r.value(busy+"14.1"))
	})
}

// A filesystem of a dead server or a failing disk.
func TestHangingFilesystem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		var calls atomic.Int32
		r := newRouter(t, hostmib.Options{Statfs: func(path string) (hostmib.Space, error) {
			if path == "/mnt/sd" {
				calls.Add(1)
				<-hang
			}
			return statfs(path)
		}})
		began := time.Now()
		assert.Equal(t, snmp.NoSuchInstance(), r.value(dskTable+"6.11"))
		assert.LessOrEqual(t, time.Since(began), 200*time.Millisecond)
		assert.Equal(t, snmp.Integer(8448), r.value(dskTable+"6.6"), "the others are there")

		time.Sleep(time.Minute)
		began = time.Now()
		assert.Equal(t, snmp.NoSuchInstance(), r.value(hrStorage+"3.41"))
		assert.Zero(t, time.Since(began), "nobody waits for it twice")
		assert.EqualValues(t, 1, calls.Load())

		close(hang)
		synctest.Wait()
		time.Sleep(time.Minute)
		assert.Equal(t, snmp.OctetString("/mnt/sd"), r.value(hrStorage+"3.41"))
	})
}

func TestStorageUnits(t *testing.T) {
	for name, c := range map[string]struct {
		space            hostmib.Space
		unit, size, used int32
	}{
		"fits":         {hostmib.Space{TotalKiB: 1 << 32, FreeKiB: 1 << 31, BlockBytes: 4096}, 4096, 1 << 30, 1 << 29},
		"just_fits":    {hostmib.Space{TotalKiB: 1<<31 - 1, BlockBytes: 1024}, 1024, 1<<31 - 1, 1<<31 - 1},
		"just_not":     {hostmib.Space{TotalKiB: 1 << 31, BlockBytes: 1024}, 2048, 1 << 30, 1 << 30},
		"small_blocks": {hostmib.Space{TotalKiB: 100, FreeKiB: 50, BlockBytes: 512}, 512, 200, 100},
		"unit_unknown": {hostmib.Space{TotalKiB: 100}, 1024, 100, 100},
		"odd_unit":     {hostmib.Space{TotalKiB: 1 << 40, BlockBytes: 3000}, 768000, 1466015503, 1466015503},
		"largest":      {hostmib.Space{TotalKiB: 1<<64 - 1, BlockBytes: 4096}, 1 << 30, 1<<31 - 1, 1<<31 - 1},
		"absurd_unit":  {hostmib.Space{TotalKiB: 100, BlockBytes: 1 << 60}, 1024, 100, 100},
		"empty":        {hostmib.Space{}, 1024, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRouter(t, hostmib.Options{Statfs: func(string) (hostmib.Space, error) { return c.space, nil }})
			assert.Equal(t, snmp.Integer(c.unit), r.value(hrStorage+"4.36"))
			assert.Equal(t, snmp.Integer(c.size), r.value(hrStorage+"5.36"))
			assert.Equal(t, snmp.Integer(c.used), r.value(hrStorage+"6.36"))
		})
	}
}

func TestMountsKeepTheirIndex(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRouter(t, hostmib.Options{})
		assert.Equal(t, snmp.OctetString("/mnt/sd"), r.value(dskTable+"2.11"))
		all, err := os.ReadFile(filepath.Join(r.root, "proc/self/mountinfo"))
		require.NoError(t, err)
		_, rest, _ := strings.Cut(string(all), "\n")
		time.Sleep(5 * time.Second)
		r.write("proc/self/mountinfo", "90 20 8:1 / /rom rw - ext4 /dev/sdb1 rw\n91 20 8:2 / /dev/shm rw - tmpfs x rw\n"+rest)
		assert.Equal(t, snmp.OctetString("/mnt/sd"), r.value(dskTable+"2.11"))
		assert.Equal(t, snmp.OctetString("/dev/sdb1"), r.value(dskTable+"3.1"), "another card in the old place")
	})
}

// snmpd numbers what its disk lines name first, even what is not mounted yet.
func TestDisksAreNumberedFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRouter(t, hostmib.Options{OtherDisks: 10, Statfs: func(path string) (hostmib.Space, error) {
			return hostmib.Space{TotalKiB: uint64(len(path))}, nil
		}, Disks: []hostmib.Disk{{Mount: "/srv"}, {Mount: "/mnt/usb"}, {Mount: "/"}, {Mount: "/srv"}}})
		path := func(index string) snmp.Value { return r.value(dskTable + "2." + index) }
		assert.Equal(t, snmp.OctetString("/srv"), path("1"))
		assert.Equal(t, snmp.NoSuchInstance(), path("2"))
		assert.Equal(t, snmp.OctetString("/"), path("3"))
		assert.Equal(t, snmp.OctetString("/rom"), path("4"))
		assert.Equal(t, snmp.OctetString("/"), r.value(".1.3.6.1.2.1.25.3.8.1.2.3"), "hrFSIndex is the same")
		assert.Equal(t, snmp.OctetString("/"), r.value(hrStorage+"3.33"))
		assert.Equal(t, snmp.OctetString("/mnt/sd"), path("13"))

		// A card comes into the place that was kept for it.
		r.edit("proc/self/mountinfo", "/ /mnt/sd ", "/ /mnt/usb ")
		time.Sleep(5 * time.Second)
		assert.Equal(t, snmp.OctetString("/mnt/usb"), path("2"))
		assert.Equal(t, snmp.NoSuchInstance(), path("13"))
	})
}

// Names that somebody chose keep to the 255 octets of a DisplayString and the
// 64 of ifAlias, and are otherwise as they are.
func TestHostileNames(t *testing.T) {
	mount := "/mnt/" + strings.Repeat("ä", 200)
	r := newRouter(t, hostmib.Options{Disks: []hostmib.Disk{{Mount: mount, MinKiB: 2}, {Mount: "/mnt/a b\"c\\d\te"}}, Statfs: func(string) (hostmib.Space, error) {
		return hostmib.Space{TotalKiB: 1}, nil
	}})
	alias := "to \"hall 3\" " + strings.Repeat("€", 20)
	r.write("sys/class/net/eth0/ifalias", alias+"\n")
	r.write("proc/self/mountinfo", "20 1 0:16 / "+mount+" rw - ext4 /dev/"+strings.Repeat("x", 300)+" rw\n"+
		"21 1 0:17 / /mnt/a\\040b\"c\\134d\\011e rw - ext4 /dev/sda rw\n")
	for instance, want := range map[string]string{
		dskTable + "2.1":            mount[:255],
		dskTable + "2.2":            "/mnt/a b\"c\\d\te",
		dskTable + "3.1":            "/dev/" + strings.Repeat("x", 250),
		dskTable + "101.1":          mount[:255],
		hrStorage + "3.31":          mount[:255],
		".1.3.6.1.2.1.25.3.8.1.2.1": mount[:127],
		ifXTable + "18.2":           alias[:63],
	} {
		assert.Equal(t, snmp.OctetString(want), r.value(instance), instance)
	}
}

func TestLimits(t *testing.T) {
	usage := func(total, available uint64) hostmib.Options {
		return hostmib.Options{Statfs: func(string) (hostmib.Space, error) {
			return hostmib.Space{TotalKiB: total, FreeKiB: available, AvailableKiB: available}, nil
		}}
	}
	with := func(o hostmib.Options, f func(*hostmib.Options)) hostmib.Options { f(&o); return o }
	for name, c := range map[string]struct {
		options  hostmib.Options
		instance string
		want     snmp.Value
	}{
		"enough":             {usage(100, 10), dskTable + "100.6", snmp.Integer(0)},
		"too_little":         {usage(100, 9), dskTable + "100.6", snmp.Integer(1)},
		"message":            {usage(100, 9), dskTable + "101.6", snmp.OctetString("/: less than 10% free (= 9%)")},
		"read_only":          {usage(100, 0), dskTable + "100.1", snmp.Integer(0)},
		"own_percent":        {with(usage(100, 20), func(o *hostmib.Options) { o.Disks = []hostmib.Disk{{Mount: "/", MinPercent: 30}} }), dskTable + "100.1", snmp.Integer(1)},
		"only_those":         {with(usage(100, 20), func(o *hostmib.Options) { o.Disks = []hostmib.Disk{{Mount: "/", MinPercent: 30}} }), dskTable + "2.5", snmp.NoSuchInstance()},
		"storage_has_all":    {with(usage(100, 20), func(o *hostmib.Options) { o.Disks = []hostmib.Disk{{Mount: "/", MinPercent: 30}} }), hrStorage + "3.35", snmp.OctetString("/tmp")},
		"and_others":         {with(usage(100, 20), func(o *hostmib.Options) { o.Disks, o.OtherDisks = []hostmib.Disk{{Mount: "/"}}, 25 }), dskTable + "100.5", snmp.Integer(1)},
		"no_limit":           {with(usage(100, 0), func(o *hostmib.Options) { o.Disks = []hostmib.Disk{{Mount: "/"}} }), dskTable + "100.1", snmp.Integer(0)},
		"own_kib":            {with(usage(100, 20), func(o *hostmib.Options) { o.Disks = []hostmib.Disk{{Mount: "/", MinKiB: 21}} }), dskTable + "101.1", snmp.OctetString("/: less than 21 free (= 20)")},
		"percent_not_used":   {with(usage(100, 20), func(o *hostmib.Options) { o.Disks = []hostmib.Disk{{Mount: "/", MinKiB: 21}} }), dskTable + "5.1", snmp.Integer(-1)},
		"pseudo_if_named":    {with(usage(100, 20), func(o *hostmib.Options) { o.Disks = []hostmib.Disk{{Mount: "/proc"}} }), dskTable + "2.1", snmp.OctetString("/proc")},
		"load":               {with(usage(1, 1), func(o *hostmib.Options) { o.MaxLoad[1] = 1.5 }), ".1.3.6.1.4.1.2021.10.1.100.2", snmp.Integer(1)},
		"load_message":       {with(usage(1, 1), func(o *hostmib.Options) { o.MaxLoad[1] = 1.5 }), ".1.3.6.1.4.1.2021.10.1.101.2", snmp.OctetString("5 min Load Average too high (= 1.52)")},
		"load_limit":         {with(usage(1, 1), func(o *hostmib.Options) { o.MaxLoad[1] = 1.5 }), ".1.3.6.1.4.1.2021.10.1.4.2", snmp.OctetString("1.50")},
		"swap":               {with(usage(1, 1), func(o *hostmib.Options) { o.MinSwapKiB = 16125 }), ".1.3.6.1.4.1.2021.4.100.0", snmp.Integer(1)},
		"swap_message":       {with(usage(1, 1), func(o *hostmib.Options) { o.MinSwapKiB = 16125 }), ".1.3.6.1.4.1.2021.4.101.0", snmp.OctetString("Running out of swap space (16124)")},
		"no_command_line":    {usage(1, 1), ".1.3.6.1.2.1.25.1.4.0", snmp.NoSuchObject()},
		"used_of_nothing":    {usage(0, 0), dskTable + "9.6", snmp.Integer(0)},
		"largest_disk_is_ok": {usage(1<<64-1, 1<<63), dskTable + "9.6", snmp.Integer(50)},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.want, newRouter(t, c.options).value(c.instance))
		})
	}
	t.Run("no_swap_is_no_lack_of_it", func(t *testing.T) {
		r := newRouter(t, hostmib.Options{})
		r.edit("proc/meminfo", "16380 kB", "0 kB")
		r.edit("proc/meminfo", "16124 kB", "0 kB")
		assert.Equal(t, snmp.Integer(0), r.value(".1.3.6.1.4.1.2021.4.100.0"))
	})
}

func TestMemorySaturates(t *testing.T) {
	r := newRouter(t, hostmib.Options{})
	r.edit("proc/meminfo", "12024 kB", "3000000000 kB")
	assert.Equal(t, snmp.Integer(1<<31-1), r.value(".1.3.6.1.4.1.2021.4.6.0"))
	assert.Equal(t, snmp.Counter64(3_000_000_000), r.value(".1.3.6.1.4.1.2021.4.21.0"))
}

func TestUptimeWraps(t *testing.T) {
	r := newRouter(t, hostmib.Options{})
	r.write("proc/uptime", "42949673.06 1.00\n") // 497 days
	assert.Equal(t, snmp.TimeTicks(10), r.value(".1.3.6.1.2.1.25.1.1.0"))
}

// A source that fails is said once, and when it is back.
func TestLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		r := newRouter(t, hostmib.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		good, err := os.ReadFile(filepath.Join(r.root, "proc/meminfo"))
		require.NoError(t, err)
		r.write("proc/meminfo", "nonsense\n")
		for range 3 {
			assert.Equal(t, snmp.NoSuchInstance(), r.value(".1.3.6.1.4.1.2021.4.6.0"))
			time.Sleep(time.Second)
		}
		assert.Equal(t, 1, strings.Count(log.String(), "level=WARN"))
		r.write("proc/meminfo", string(good))
		assert.Equal(t, snmp.Integer(12024), r.value(".1.3.6.1.4.1.2021.4.6.0"))
		assert.Equal(t, 1, strings.Count(log.String(), "can be read again"))
	})
}

// One builds; the others have the old list meanwhile, unless it is much too
// old.
func TestOneBuildsOthersGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var hang atomic.Pointer[chan struct{}] // what statfs waits for
		hold := func() chan struct{} { c := make(chan struct{}); hang.Store(&c); return c }
		close(hold())
		r := newRouter(t, hostmib.Options{Statfs: func(path string) (hostmib.Space, error) {
			<-*hang.Load()
			return statfs(path)
		}})
		require.True(t, r.value(dskTable+"2.6").Exists())
		time.Sleep(5 * time.Second)
		held := hold()
		first, second := make(chan time.Duration, 1), make(chan time.Duration, 1)
		ask := func(answer chan time.Duration) {
			began := time.Now()
			r.value(dskTable + "2.6")
			answer <- time.Since(began)
		}
		go ask(first)
		synctest.Wait()
		go ask(second)
		assert.Zero(t, <-second)
		assert.Equal(t, 200*time.Millisecond, <-first)

		close(held)
		time.Sleep(time.Minute)
		held = hold()
		go ask(first)
		synctest.Wait()
		go ask(second)
		assert.Equal(t, 200*time.Millisecond, <-second)
		assert.Equal(t, 200*time.Millisecond, <-first)
		close(held)
	})
}
