package receiver

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestParseKernelDrops(t *testing.T) {
	const text = `   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
 1986: 0100007F:B1D7 0100007F:141E 01 00000000:00000000 00:00000000 00000000     0        0 203602 2 000000000f2480dc 0
14377: 0100007F:623E 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 164919 2 00000000a531ceb0 1092
 9999: 00000000000000000000000001000000:623E 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 7 2 00000000a531ceb0 4294967295
 1: short
`
	got := make(map[uint64]uint64)
	parseKernelDrops(strings.NewReader(text), func(inode, drops uint64) { got[inode] = drops })
	assert.Equal(t, map[uint64]uint64{203602: 0, 164919: 1092, 7: 4294967295}, got)
}
