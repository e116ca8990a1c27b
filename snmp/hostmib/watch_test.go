package hostmib_test

import (
	"os"
	"path/filepath"
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
	linkDown = ".1.3.6.1.6.3.1.1.5.3"
	linkUp   = ".1.3.6.1.6.3.1.1.5.4"
)

// told is what a link notification looks like.
func told(trap, index, admin, oper string) string {
	return trap + " " + ifTable + "1." + index + "=INTEGER: " + index +
		" " + ifTable + "7." + index + "=INTEGER: " + admin + " " + ifTable + "8." + index + "=INTEGER: " + oper
}

func TestLinkNotifications(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRouter(t, hostmib.Options{})
		n := r.watch(".1.3.6.1.2.1.2")
		step := func() []string {
			time.Sleep(time.Second)
			synctest.Wait()
			return n.take()
		}
		const net = "sys/class/net/"
		assert.Empty(t, step(), "what is there at first is not told")

		r.write(net+"eth0/operstate", "down\n")
		assert.Equal(t, []string{told(linkDown, "2", "1", "2")}, step())
		assert.Empty(t, step(), "once")

		r.write(net+"eth0/operstate", "dormant\n")
		assert.Equal(t, []string{told(linkUp, "2", "1", "5")}, step(), "down is left for any other state")
		r.write(net+"eth0/operstate", "up\n")
		assert.Empty(t, step(), "it was not down")
		r.write(net+"eth0/operstate", "lowerlayerdown\n")
		assert.Empty(t, step(), "the lower layer tells")
		r.write(net+"eth0/operstate", "notpresent\n")
		assert.Empty(t, step())
		r.write(net+"eth0/operstate", "down\n")
		assert.Empty(t, step(), "it was not present")
		r.write(net+"eth0/operstate", "up\n")
		assert.Equal(t, []string{told(linkUp, "2", "1", "1")}, step())

		require.NoError(t, os.Rename(filepath.Join(r.root, net, "wwan0"), filepath.Join(r.root, "unplugged")))
		assert.Equal(t, []string{told(linkDown, "5", "2", "2")}, step(), "the kernel switches off what goes")
		require.NoError(t, os.Rename(filepath.Join(r.root, "unplugged"), filepath.Join(r.root, net, "wwan0")))
		assert.Equal(t, []string{told(linkUp, "5", "1", "1")}, step(), "what comes was down")

		require.NoError(t, os.Rename(filepath.Join(r.root, net, "eth1"), filepath.Join(r.root, "unplugged")))
		assert.Empty(t, step(), "it was down all along")

		require.NoError(t, os.Rename(filepath.Join(r.root, "proc"), filepath.Join(r.root, "away")))
		assert.Empty(t, step(), "what cannot be read says nothing")
		require.NoError(t, os.Rename(filepath.Join(r.root, "away"), filepath.Join(r.root, "proc")))
		assert.Empty(t, step())
	})
}

func TestQuietLinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRouter(t, hostmib.Options{QuietLinks: true})
		n := r.watch(".1.3.6.1.2.1.2")
		synctest.Wait()
		r.write("sys/class/net/eth0/operstate", "down\n")
		require.NoError(t, os.RemoveAll(filepath.Join(r.root, "sys/class/net/wwan0")))
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Empty(t, n.take())
		assert.LessOrEqual(t, r.value(ifTable+"9.2").Uint(), uint64(200), "it is known when it was")
	})
}

func TestDiskNotifications(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var free atomic.Uint64
		free.Store(5)
		r := newRouter(t, hostmib.Options{
			DiskTrap: snmp.OID{1, 3, 6, 1, 4, 1, 8072, 9999, 1},
			Disks:    []hostmib.Disk{{Mount: "/", MinPercent: 10}},
			Statfs: func(string) (hostmib.Space, error) {
				return hostmib.Space{TotalKiB: 100, FreeKiB: free.Load(), AvailableKiB: free.Load()}, nil
			},
		})
		n := r.watch(".1.3.6.1.4.1.2021.9")
		step := func(percent uint64) []string {
			free.Store(percent)
			time.Sleep(5 * time.Second)
			synctest.Wait()
			return n.take()
		}
		full := []string{`.1.3.6.1.4.1.8072.9999.1 ` + dskTable + `2.1=STRING: "/" ` + dskTable + `9.1=INTEGER: 95 ` +
			dskTable + `101.1=STRING: "/: less than 10% free (= 5%)"`}
		assert.Equal(t, full, step(5), "also of what is so at first")
		assert.Empty(t, step(4), "once")
		assert.Empty(t, step(10), "hardly more than the limit is no end")
		assert.Empty(t, step(5))
		assert.Empty(t, step(11))
		assert.Equal(t, full, step(5))
	})
}

func TestNoDiskNotifications(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRouter(t, hostmib.Options{Statfs: func(string) (hostmib.Space, error) { return hostmib.Space{TotalKiB: 100}, nil }})
		n := r.watch(".1.3.6.1.4.1.2021.9")
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Empty(t, n.take())
	})
}
