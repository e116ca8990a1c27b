package hostmib_test

import (
	"fmt"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/snmp/hostmib"
)

// On a kernel of 32 bits a counter of an interface begins again after 4 GiB;
// the one of 64 bits that is served goes on.
func TestInterfaceCountersOf32Bits(t *testing.T) {
	const top = math.MaxUint32
	synctest.Test(t, func(t *testing.T) {
		r := newRouter(t, hostmib.Options{})
		for i, c := range []struct {
			rxBytes, rxPackets, txBytes, txPackets uint64 // as the kernel has them
			wantRx, wantTx                         uint64
			again                                  bool
		}{
			{top - 99, 1000, 500, 10, top - 99, 500, false},
			{100, 1002, 600, 11, top + 101, 600, false},
			{top / 2, 2000, 700, 12, top + 1 + top/2, 700, false},
			{top, 3000, 800, 13, 2*top + 1, 800, false},
			{0, 3001, 800, 13, 2*top + 2, 800, false},
			{5000, 4000, 900, 14, 2*top + 5002, 900, false},
			{4000, 4100, 1000, 15, 4000, 1000, true},        // no wrap falls by so little
			{top - 1, 5000, 1000, 15, top - 1, 1000, false}, // from now on counted from there
			{10, 20, 1100, 16, 10, 1100, true},              // packets say that the driver began again
			{1 << 33, 30, 1200, 17, 1 << 33, 1200, false},   // 64 bits after all
			{1 << 20, 40, 1300, 18, 1 << 20, 1300, true},    // those do not wrap
			{1 << 21, 50, top, 19, 1 << 21, top, false},
			{1 << 22, 60, 8, 20, 1 << 22, top + 9, false},
		} {
			began := r.value(ifXTable + "19.2")
			r.write("proc/net/dev", fmt.Sprintf("eth0: %d %d 0 0 0 0 0 0 %d %d 0 0 0 0 0 0\n",
				c.rxBytes, c.rxPackets, c.txBytes, c.txPackets))
			time.Sleep(time.Second)
			assert.Equal(t, snmp.Counter64(c.wantRx), r.value(ifXTable+"6.2"), "step %d", i)
			assert.Equal(t, snmp.Counter32(uint32(c.wantRx)), r.value(ifTable+"10.2"), "step %d", i)
			assert.Equal(t, snmp.Counter64(c.wantTx), r.value(ifXTable+"10.2"), "step %d", i)
			if i > 0 {
				assert.Equal(t, c.again, began != r.value(ifXTable+"19.2"), "step %d: ifCounterDiscontinuityTime", i)
			}
		}
	})
}

// Block devices count in 32 bits on such a kernel, and their time on any.
func TestBlockDeviceCountsOf32Bits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRouter(t, hostmib.Options{})
		const device = ".1.3.6.1.4.1.2021.13.15.1.1."
		for i, c := range []struct {
			sectors, busy         uint64 // as the kernel has them
			wantSectors, wantBusy uint64
		}{
			{1<<32 - 10, 1<<32 - 1000, 1<<32 - 10, 1<<32 - 1000},
			{6, 500, 1<<32 + 6, 1<<32 + 500},
			{8, 600, 1<<32 + 8, 1<<32 + 600},
			{2, 3, 2, 3}, // put in anew
		} {
			r.write("proc/diskstats", fmt.Sprintf("8 0 sda 1 2 %d 4 5 6 7 8 9 %d 11\n", c.sectors, c.busy))
			time.Sleep(time.Second)
			assert.Equal(t, snmp.Counter64(c.wantSectors*512), r.value(device+"12.1"), "step %d", i)
			assert.Equal(t, snmp.Counter64(c.wantBusy*1000), r.value(device+"14.1"), "step %d", i)
		}
	})
}
