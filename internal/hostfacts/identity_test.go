package hostfacts_test

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/hostfacts"
)

func TestModel(t *testing.T) {
	const openwrt, tree1, dmi = "tmp/sysinfo/model", "proc/device-tree/model", "sys/class/dmi/id/product_name"
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"none":             {nil, ""},
		"openwrt_first":    {map[string]string{openwrt: "A\n", tree1: "B\x00", dmi: "C\n"}, "A"},
		"device_tree":      {map[string]string{tree1: "Example Board rev 2\x00", dmi: "C\n"}, "Example Board rev 2"},
		"first_of_several": {map[string]string{tree1: "Board\x00Family\x00"}, "Board"},
		"dmi":              {map[string]string{openwrt: "\n", dmi: "C\n"}, "C"},
		"placeholder":      {map[string]string{dmi: "To Be Filled By O.E.M.\n"}, ""},
		"placeholder_two":  {map[string]string{dmi: "System Product Name\n"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			model, err := hostfacts.New(hostfacts.Options{Root: tree(t, c.files)}).Model()
			require.NoError(t, err)
			assert.Equal(t, c.want, model)
		})
	}
}

func TestSerial(t *testing.T) {
	const tree1, dmi = "proc/device-tree/serial-number", "sys/class/dmi/id/product_serial"
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"none":              {nil, ""},
		"device_tree_first": {map[string]string{tree1: "IG100-0042\x00", dmi: "D\n"}, "IG100-0042"},
		"dmi":               {map[string]string{dmi: "D-17\n"}, "D-17"},
		"by_oem":            {map[string]string{dmi: "To be filled by O.E.M.\n"}, ""},
		"none_in_words":     {map[string]string{dmi: "None\n"}, ""},
		"zero":              {map[string]string{dmi: "0\n"}, ""},
		"zeros":             {map[string]string{tree1: "0000000000000000\x00"}, ""},
		"address":           {ethernet("eth0", "1", "00:15:5E:00:00:01"), "00155e000001"},
		"lowest_index": {
			union(ethernet("eth0", "3", "00:15:5e:00:00:03"), ethernet("lan1", "2", "00:15:5e:00:00:02")),
			"00155e000002",
		},
		"makers_range_before_local": {
			union(ethernet("br0", "1", "02:00:00:00:00:01"), ethernet("eth0", "2", "00:15:5e:00:00:02")),
			"00155e000002",
		},
		"local_if_nothing_else": {ethernet("eth0", "1", "52:54:00:00:00:01"), "525400000001"},
		"no_address":            {ethernet("eth0", "1", ""), ""},
	} {
		t.Run(name, func(t *testing.T) {
			serial, err := hostfacts.New(hostfacts.Options{Root: tree(t, c.files)}).Serial()
			require.NoError(t, err)
			assert.Equal(t, c.want, serial)
		})
	}
	t.Run("broken_interface", func(t *testing.T) {
		root := tree(t, ethernet("eth0", "one", "00:15:5e:00:00:01"))
		_, err := hostfacts.New(hostfacts.Options{Root: root}).Serial()
		requireNamed(t, err, root, "sys/class/net/eth0/ifindex", nil)
	})
}

func TestRelease(t *testing.T) {
	const etc, usr = "etc/os-release", "usr/lib/os-release"
	for name, c := range map[string]struct {
		files map[string]string
		want  hostfacts.Release
	}{
		"etc_first": {map[string]string{etc: "PRETTY_NAME=A\n", usr: "PRETTY_NAME=B\n"}, hostfacts.Release{PrettyName: "A"}},
		"fallback":  {map[string]string{usr: "PRETTY_NAME=B\n"}, hostfacts.Release{PrettyName: "B"}},
		"quoting": {
			map[string]string{etc: "# ID=comment\n\nnonsense\nID='it''s'\nNAME=\"A \\\"B\\\" \\$C\"\nVERSION=1\\ 2\n"},
			hostfacts.Release{ID: "it''s", Name: `A "B" $C`, Version: "1 2", PrettyName: `A "B" $C 1 2`},
		},
		"unterminated": {map[string]string{etc: "NAME=\"Half\nID=x"}, hostfacts.Release{ID: "x", Name: `"Half`, PrettyName: `"Half`}},
		"version_id":   {map[string]string{etc: "NAME=N\nVERSION_ID=3\n"}, hostfacts.Release{Name: "N", Version: "3", PrettyName: "N 3"}},
		"id_only":      {map[string]string{etc: "ID=n\r\n"}, hostfacts.Release{ID: "n", PrettyName: "n"}},
	} {
		t.Run(name, func(t *testing.T) {
			release, err := hostfacts.New(hostfacts.Options{Root: tree(t, c.files)}).Release()
			require.NoError(t, err)
			assert.Equal(t, c.want, release)
		})
	}
}

// ethernet returns the files of one Ethernet interface.
func ethernet(name, index, address string) map[string]string {
	files := map[string]string{"ifindex": index, "address": address, "mtu": "1500", "operstate": "up", "flags": "0x1003", "type": "1", "statistics/multicast": "0"}
	for _, counter := range []string{"rx_bytes", "rx_packets", "rx_errors", "rx_dropped", "rx_missed_errors", "tx_bytes", "tx_packets", "tx_errors", "tx_dropped"} {
		files["statistics/"+counter] = "0"
	}
	placed := make(map[string]string, len(files))
	for file, text := range files {
		placed["sys/class/net/"+name+"/"+file] = text + "\n"
	}
	return placed
}

func union(a, b map[string]string) map[string]string {
	maps.Copy(a, b)
	return a
}
