package hostfacts_test

import (
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/hostfacts"
)

// readings names every method that reads files of its own.
var readings = map[string]func(h *hostfacts.Host) error{
	"cpu":         func(h *hostfacts.Host) error { return errOf(h.CPU()) },
	"load":        func(h *hostfacts.Host) error { return errOf(h.Load()) },
	"memory":      func(h *hostfacts.Host) error { return errOf(h.Memory()) },
	"filesystems": func(h *hostfacts.Host) error { return errOf(h.Filesystems()) },
	"interfaces":  func(h *hostfacts.Host) error { return errOf(h.Interfaces()) },
	"uptime":      func(h *hostfacts.Host) error { return errOf(h.Uptime()) },
	"hostname":    func(h *hostfacts.Host) error { return errOf(h.Hostname()) },
	"kernel":      func(h *hostfacts.Host) error { return errOf(h.Kernel()) },
	"release":     func(h *hostfacts.Host) error { return errOf(h.Release()) },
}

func TestMissingFile(t *testing.T) {
	for reading, name := range map[string]string{
		"cpu":         "proc/stat",
		"load":        "proc/loadavg",
		"memory":      "proc/meminfo",
		"filesystems": "proc/self/mountinfo",
		"interfaces":  "sys/class/net/eth0/mtu",
		"uptime":      "proc/uptime",
		"hostname":    "proc/sys/kernel/hostname",
		"kernel":      "proc/sys/kernel/osrelease",
		"release":     "etc/os-release",
	} {
		t.Run(reading, func(t *testing.T) {
			root := fixtureWith(t, map[string]string{name: "-"})
			requireNamed(t, readings[reading](hostfacts.New(hostfacts.Options{Root: root})), root, name, fs.ErrNotExist)
		})
	}
}

func TestEmptyRoot(t *testing.T) {
	root := t.TempDir()
	h := hostfacts.New(hostfacts.Options{Root: root})
	for reading, read := range readings {
		t.Run(reading, func(t *testing.T) {
			require.ErrorIs(t, read(h), fs.ErrNotExist)
		})
	}
}

func TestMalformedFile(t *testing.T) {
	const eth0 = "sys/class/net/eth0/"
	for name, c := range map[string]struct{ reading, file, text, problem string }{
		"cpu_word":             {"cpu", "proc/stat", "cpu  1 2 x 4\ncpu0 1 2 3 4\n", `"cpu  1 2 x 4"`},
		"cpu_negative":         {"cpu", "proc/stat", "cpu  1 -2 3 4 5 6 7 8 9 10\ncpu0 1 2 3 4 5 6 7 8 9 10\n", "-2 is not a number of ticks"},
		"cpu_nan":              {"cpu", "proc/stat", "cpu  1 NaN 3 4 5 6 7 8 9 10\ncpu0 1 2 3 4 5 6 7 8 9 10\n", "NaN is not a number of ticks"},
		"cpu_empty":            {"cpu", "proc/stat", "", "lists no processor"},
		"load_short":           {"load", "proc/loadavg", "0.10 0.20\n", "fewer than three"},
		"load_empty":           {"load", "proc/loadavg", "", "fewer than three"},
		"load_word":            {"load", "proc/loadavg", "0.10 high 0.20 1/2 3\n", `"high"`},
		"load_negative":        {"load", "proc/loadavg", "0.10 -1.00 0.20 1/2 3\n", `"-1.00"`},
		"load_one_decimal":     {"load", "proc/loadavg", "0.10 1.0 0.20 1/2 3\n", `"1.0"`},
		"memory_word":          {"memory", "proc/meminfo", "MemTotal: much kB\n", `"much"`},
		"memory_unit":          {"memory", "proc/meminfo", "MemTotal: 12 MB\n", `"MB"`},
		"memory_no_total":      {"memory", "proc/meminfo", "MemFree: 12 kB\n", "lacks MemTotal"},
		"mounts_no_separator":  {"filesystems", "proc/self/mountinfo", "20 1 0:16 / / rw,noatime overlay\n", "separator"},
		"mounts_short":         {"filesystems", "proc/self/mountinfo", "20 1 - overlay o rw\n", "few fields"},
		"uptime_word":          {"uptime", "proc/uptime", "long 1.00\n", `"long"`},
		"uptime_out_of_range":  {"uptime", "proc/uptime", "99999999999.00 1.00\n", "out of range"},
		"uptime_empty":         {"uptime", "proc/uptime", "", "two decimals"},
		"hostname_empty":       {"hostname", "proc/sys/kernel/hostname", "\n", "is empty"},
		"kernel_empty":         {"kernel", "proc/sys/kernel/osrelease", "", "is empty"},
		"release_says_nothing": {"release", "etc/os-release", "\x7fELF", "none of ID"},
		"interface_index":      {"interfaces", eth0 + "ifindex", "two", `"two"`},
		"interface_mtu":        {"interfaces", eth0 + "mtu", "-1", `"-1"`},
		"interface_speed":      {"interfaces", eth0 + "speed", "fast", `"fast"`},
		"interface_address":    {"interfaces", eth0 + "address", "00:15:5e:zz", `"00:15:5e:zz"`},
		"interface_flags":      {"interfaces", eth0 + "flags", "up", `"up"`},
		"interface_type":       {"interfaces", eth0 + "type", "65536", `"65536"`},
		"interface_counter":    {"interfaces", eth0 + "statistics/tx_bytes", "18446744073709551616", "64 bits"},
		"interface_multicast":  {"interfaces", eth0 + "statistics/multicast", "", "64 bits"},
	} {
		t.Run(name, func(t *testing.T) {
			root := fixtureWith(t, map[string]string{c.file: c.text})
			err := readings[c.reading](hostfacts.New(hostfacts.Options{Root: root}))
			requireNamed(t, err, root, c.file, nil)
			assert.Contains(t, err.Error(), c.problem)
		})
	}
}

// requireNamed checks that err names the file once and wraps want.
func requireNamed(t *testing.T, err error, root, name string, want error) {
	t.Helper()
	require.ErrorContains(t, err, "hostfacts: ")
	require.Equal(t, 1, strings.Count(err.Error(), filepath.Join(root, name)), "%v", err)
	if want != nil {
		require.ErrorIs(t, err, want)
	}
}
