//go:build linux && !ppc && !ppc64 && !ppc64le && !sparc64

package termio

import (
	"math"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"golang.org/x/sys/unix"

	"github.com/fieldgate/fieldgate/ser2net"
)

// The kernel copies as many bytes as its structures have.
func TestLayouts(t *testing.T) {
	sizeOf := func(request uint) uintptr { return uintptr(request >> 16 & 0x1fff) } // _IOC_SIZE, 13 bits on mips
	assert.Equal(t, sizeOf(unix.TCGETS2), unsafe.Sizeof(unix.Termios{}), "struct termios2")
	assert.Equal(t, sizeOf(unix.TCSETS2), unsafe.Sizeof(unix.Termios{}), "struct termios2")
	assert.Equal(t, uintptr(32), unsafe.Sizeof(serialRS485{}), "struct serial_rs485")
	assert.Equal(t, uintptr(80), unsafe.Sizeof(icount{}), "struct serial_icounter_struct")
	assert.Equal(t, 48+3*unsafe.Sizeof(uintptr(0)), unsafe.Sizeof(serialStruct{}), "struct serial_struct")
	assert.Equal(t, uintptr(40), unsafe.Offsetof(serialStruct{}.closingWait))
	assert.Equal(t, uintptr(16), unsafe.Offsetof(icount{}.rx))
	assert.Equal(t, uintptr(40), unsafe.Offsetof(icount{}.overflow))
	assert.Equal(t, uintptr(8), unsafe.Offsetof(serialRS485{}.delayAfter))
}

// C ser2net sets exactly this for 9600n81,local.
func TestEncodeAsC(t *testing.T) {
	want := unix.Termios{
		Iflag: unix.IGNBRK, Cflag: unix.B9600 | unix.CREAD | unix.CS8 | unix.CLOCAL,
		Ispeed: 9600, Ospeed: 9600,
	}
	want.Cc[unix.VMIN], want.Cc[unix.VSTART], want.Cc[unix.VSTOP] = 1, 17, 19
	assert.Equal(t, want, encode(ser2net.DefaultMode()))
	assert.Equal(t, uint32(unix.CREAD|unix.CS8|unix.B9600), encode(ser2net.Mode{Carrier: true}).Cflag)
}

func TestEncodeDecode(t *testing.T) {
	parities := []ser2net.Parity{
		ser2net.ParityNone, ser2net.ParityOdd, ser2net.ParityEven, ser2net.ParityMark, ser2net.ParitySpace,
	}
	seen := make(map[unix.Termios]ser2net.Mode)
	for _, baud := range []int{1, 50, 134, 9600, 12345, 115200, 4_000_000, 12_000_000, ser2net.MaxBaud} {
		for bits := 5; bits <= 8; bits++ {
			for _, parity := range parities {
				for _, flow := range []ser2net.FlowControl{ser2net.FlowNone, ser2net.FlowRTSCTS, ser2net.FlowXonXoff} {
					for i := range 8 {
						m := ser2net.Mode{
							Baud: baud, DataBits: bits, Parity: parity, Flow: flow,
							StopBits: ser2net.StopBits1, Carrier: i&1 != 0, HangUp: i&2 != 0,
						}
						switch {
						case i&4 != 0 && bits == 5:
							m.StopBits = ser2net.StopBits15
						case i&4 != 0:
							m.StopBits = ser2net.StopBits2
						}
						settings := encode(m)
						assert.Equal(t, m, decode(&settings))
						if twin, taken := seen[settings]; taken {
							assert.Fail(t, "the same settings", "%v and %v", m, twin)
						}
						seen[settings] = m
					}
				}
			}
		}
	}
}

func TestStandardRates(t *testing.T) {
	codes := make(map[uint32]int)
	for baud, code := range standardRates {
		assert.Zero(t, code&^unix.CBAUD, "%d", baud)
		assert.NotEqual(t, uint32(unix.BOTHER), code, "%d", baud)
		assert.Zero(t, codes[code], "%d", baud)
		codes[code] = baud
	}
	assert.Equal(t, uint32(unix.BOTHER), rateBits(12345))
	assert.Equal(t, uint32(unix.B115200), rateBits(115200))
}

func TestRS485(t *testing.T) {
	ms := func(n int) ser2net.Duration { return ser2net.Duration(time.Duration(n) * time.Millisecond) }
	for want, r := range map[serialRS485]ser2net.RS485{
		{}:                                   {},
		{flags: 1 | 2}:                       {Enabled: true},
		{flags: 1 | 4}:                       {Enabled: true, RTSAfterSend: true},
		{flags: 1 | 2 | 16, delayBefore: 7}:  {Enabled: true, RxDuringTx: true, DelayBefore: ms(7)},
		{flags: 1 | 2 | 32, delayAfter: 100}: {Enabled: true, TerminateBus: true, DelayAfter: ms(100)},
	} {
		assert.Equal(t, want, encodeRS485(r))
		assert.Equal(t, r, decodeRS485(want))
	}
	assert.Equal(t, serialRS485{}, encodeRS485(ser2net.RS485{RxDuringTx: true}), "off means all off")
}

// The driver's counters wrap at 32 bits.
func TestAdvance(t *testing.T) {
	from := icount{rx: math.MaxUint32 - 1, tx: 10, frame: 1, overrun: 2, parity: 3, brk: 4, overflow: 5}
	to := icount{rx: 3, tx: 30, frame: 2, overrun: 4, parity: 6, brk: 8, overflow: 10}
	total := ser2net.Counters{Rx: 1 << 40}
	assert.Equal(t, ser2net.Counters{Rx: 1<<40 + 5, Tx: 20, Frame: 1, Overrun: 2, Parity: 3, Break: 4, BufOverrun: 5},
		advance(total, from, to))
}
