package hostfacts_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/hostfacts"
)

const eth1 = "sys/class/net/eth1"

func TestInterfaceAttributes(t *testing.T) {
	for name, c := range map[string]struct {
		file, text string
		check      func(t *testing.T, i hostfacts.Interface)
	}{
		"speed_missing":       {"speed", "-", func(t *testing.T, i hostfacts.Interface) { assert.EqualValues(t, -1, i.SpeedMbit) }},
		"speed_empty":         {"speed", "", func(t *testing.T, i hostfacts.Interface) { assert.EqualValues(t, -1, i.SpeedMbit) }},
		"speed_zero":          {"speed", "0\n", func(t *testing.T, i hostfacts.Interface) { assert.EqualValues(t, -1, i.SpeedMbit) }},
		"speed_unsigned":      {"speed", "4294967295\n", func(t *testing.T, i hostfacts.Interface) { assert.EqualValues(t, -1, i.SpeedMbit) }},
		"speed_10g":           {"speed", "10000\n", func(t *testing.T, i hostfacts.Interface) { assert.EqualValues(t, 10000, i.SpeedMbit) }},
		"duplex_half":         {"duplex", "half\n", func(t *testing.T, i hostfacts.Interface) { assert.Equal(t, "half", i.Duplex) }},
		"duplex_missing":      {"duplex", "-", func(t *testing.T, i hostfacts.Interface) { assert.Equal(t, "unknown", i.Duplex) }},
		"address_zero":        {"address", "00:00:00:00:00:00\n", func(t *testing.T, i hostfacts.Interface) { assert.Nil(t, i.HardwareAddr) }},
		"address_of_tunnel":   {"address", "c0:00:02:01\n", func(t *testing.T, i hostfacts.Interface) { assert.Nil(t, i.HardwareAddr) }},
		"address_eui64":       {"address", "02:00:00:00:00:00:00:01\n", func(t *testing.T, i hostfacts.Interface) { assert.Len(t, i.HardwareAddr, 8) }},
		"largest_counter":     {"statistics/rx_bytes", "18446744073709551615\n", func(t *testing.T, i hostfacts.Interface) { assert.EqualValues(t, uint64(1<<64-1), i.Rx.Bytes) }},
		"switched_on_no_link": {"flags", "0x1003\n", func(t *testing.T, i hostfacts.Interface) { assert.True(t, i.AdminUp) }},
	} {
		t.Run(name, func(t *testing.T) {
			root := fixtureWith(t, map[string]string{filepath.Join(eth1, c.file): c.text})
			list, err := hostfacts.New(hostfacts.Options{Root: root}).Interfaces()
			require.NoError(t, err)
			require.Equal(t, "eth1", list[2].Name)
			c.check(t, list[2])
		})
	}
}

func TestInterfacesFolder(t *testing.T) {
	t.Run("plain_file_is_passed_over", func(t *testing.T) {
		root := fixtureWith(t, map[string]string{"sys/class/net/bonding_masters": "\n"})
		assert.Len(t, interfaces(t, root), 5)
	})
	t.Run("links_as_in_real_sysfs", func(t *testing.T) {
		root := fixtureWith(t, nil)
		device := filepath.Join(root, "sys/devices/eth1")
		require.NoError(t, os.MkdirAll(filepath.Dir(device), 0o755))
		require.NoError(t, os.Rename(filepath.Join(root, eth1), device))
		require.NoError(t, os.Symlink("../../devices/eth1", filepath.Join(root, eth1)))
		assert.Len(t, interfaces(t, root), 5)
	})
	t.Run("one_unreadable_hides_no_other", func(t *testing.T) {
		root := fixtureWith(t, map[string]string{filepath.Join(eth1, "mtu"): "jumbo\n"})
		list, err := hostfacts.New(hostfacts.Options{Root: root}).Interfaces()
		require.ErrorContains(t, err, "eth1/mtu")
		assert.Len(t, list, 4)
	})
	t.Run("gone_before_it_is_read", func(t *testing.T) {
		root := fixtureWith(t, nil)
		require.NoError(t, os.Symlink("../../devices/gone", filepath.Join(root, "sys/class/net/gone")))
		assert.Len(t, interfaces(t, root), 5)
	})
}

func interfaces(t *testing.T, root string) []hostfacts.Interface {
	t.Helper()
	list, err := hostfacts.New(hostfacts.Options{Root: root}).Interfaces()
	require.NoError(t, err)
	return list
}
