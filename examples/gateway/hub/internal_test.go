package hub

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/hubconfig"
)

func TestDecode(t *testing.T) {
	data := []byte{0x00, 0x01, 0x80, 0x02, 0x12, 0x34, 0x56, 0x78, 0xff, 0xf0, 0, 0, 0, 0, 0, 0}
	job := hubconfig.Job{Function: 3, Start: 100, Count: 8}
	for _, c := range []struct {
		at, count int
		kind      hubconfig.Kind
		order     hubconfig.Order
		bit       int
		scale     scale
		want      string
	}{
		{100, 1, hubconfig.Unsigned16, hubconfig.ABCD, 0, scale{1, 0}, "1 "},
		{100, 1, hubconfig.Unsigned16, hubconfig.BADC, 0, scale{1, 0}, "256 "},
		{101, 1, hubconfig.Signed16, hubconfig.ABCD, 0, scale{1, 0}, "-32766 "},
		{101, 1, hubconfig.Signed16, hubconfig.BADC, 0, scale{1, 0}, "640 "},
		{101, 1, hubconfig.Digital, hubconfig.ABCD, 15, scale{1, 0}, "1 "},
		{101, 1, hubconfig.Digital, hubconfig.ABCD, 0, scale{1, 0}, "0 "},
		{101, 1, hubconfig.Digital, hubconfig.ABCD, 1, scale{-1, 1}, "0 "},
		{102, 2, hubconfig.Unsigned32, hubconfig.ABCD, 0, scale{1, 0}, "305419896 "},  // 12345678
		{102, 2, hubconfig.Unsigned32, hubconfig.BADC, 0, scale{1, 0}, "873625686 "},  // 34127856
		{102, 2, hubconfig.Unsigned32, hubconfig.CDAB, 0, scale{1, 0}, "1450709556 "}, // 56781234
		{102, 2, hubconfig.Unsigned32, hubconfig.DCBA, 0, scale{1, 0}, "2018915346 "}, // 78563412
		{101, 2, hubconfig.Signed32, hubconfig.ABCD, 0, scale{1, 0}, "-2147347916 "},  // 80021234
		{102, 2, hubconfig.Float, hubconfig.ABCD, 0, scale{1, 0}, "5.690456613903524e-28 "},
		{102, 4, hubconfig.Unsigned64, hubconfig.ABCD, 0, scale{1, 0}, "1311768469161639936 "},  // 12345678fff00000
		{102, 4, hubconfig.Unsigned64, hubconfig.CDAB, 0, scale{1, 0}, "281407707943476 "},      // 0000fff056781234
		{104, 4, hubconfig.Signed64, hubconfig.ABCD, 0, scale{1, 0}, "-4503599627370496 "},      // fff0000000000000
		{104, 4, hubconfig.Unsigned64, hubconfig.ABCD, 0, scale{1, 0}, "18442240474082181120 "}, // the same
		{104, 4, hubconfig.Double, hubconfig.ABCD, 0, scale{1, 0}, "nan OV"},                    // -infinity
		{104, 2, hubconfig.Float, hubconfig.ABCD, 0, scale{1, 0}, "nan IV"},
		{102, 1, hubconfig.Unsigned16, hubconfig.ABCD, 0, scale{0.1, -40}, "426 "},
		{102, 4, hubconfig.Unsigned64, hubconfig.ABCD, 0, scale{1e300, 0}, "nan OV"},
	} {
		t.Run(fmt.Sprint(c.kind, c.order, c.at), func(t *testing.T) {
			p := point{0, hubconfig.Job{Function: 3, Start: c.at, Count: c.count}, c.kind, c.order, c.bit, c.scale}
			n, flags := p.decode(job, data)
			assert.Equal(t, c.want, n.public().String()+" "+flags.String())
		})
	}
	bits := hubconfig.Job{Function: 2, Start: 5, Count: 12}
	for i, want := range []string{"1", "0", "1", "0", "0", "0", "0", "1", "0", "1", "0", "0"} {
		p := point{part: hubconfig.Job{Function: 2, Start: 5 + i, Count: 1}, scale: scale{1, 0}}
		n, flags := p.decode(bits, []byte{0x85, 0x02})
		assert.Equal(t, want, n.public().String())
		assert.Zero(t, flags)
	}
}

func TestPlan(t *testing.T) {
	job := func(function, start, count int) hubconfig.Job {
		return hubconfig.Job{Function: function, Start: start, Count: count}
	}
	for name, c := range map[string]struct{ jobs, want []hubconfig.Job }{
		"neighbours":        {[]hubconfig.Job{job(3, 2, 2), job(3, 0, 2)}, []hubconfig.Job{job(3, 0, 4)}},
		"gap":               {[]hubconfig.Job{job(3, 0, 2), job(3, 3, 2)}, []hubconfig.Job{job(3, 0, 2), job(3, 3, 2)}},
		"overlap":           {[]hubconfig.Job{job(3, 0, 10), job(3, 2, 2), job(3, 9, 3)}, []hubconfig.Job{job(3, 0, 12)}},
		"equal":             {[]hubconfig.Job{job(1, 0, 8), job(1, 0, 8)}, []hubconfig.Job{job(1, 0, 8)}},
		"functions":         {[]hubconfig.Job{job(3, 0, 1), job(4, 1, 1)}, []hubconfig.Job{job(3, 0, 1), job(4, 1, 1)}},
		"up to 125":         {[]hubconfig.Job{job(4, 0, 124), job(4, 124, 1)}, []hubconfig.Job{job(4, 0, 125)}},
		"not beyond 125":    {[]hubconfig.Job{job(4, 0, 124), job(4, 124, 2)}, []hubconfig.Job{job(4, 0, 124), job(4, 124, 2)}},
		"bits up to 2000":   {[]hubconfig.Job{job(1, 0, 1999), job(1, 1999, 1)}, []hubconfig.Job{job(1, 0, 2000)}},
		"the last register": {[]hubconfig.Job{job(3, 65534, 1), job(3, 65535, 1)}, []hubconfig.Job{job(3, 65534, 2)}},
	} {
		t.Run(name, func(t *testing.T) {
			var signals []hubconfig.Signal
			for _, j := range c.jobs {
				signals = append(signals, hubconfig.Signal{Job: j, Tag: job(j.Function, j.Start, 1)})
			}
			groups := plan(hubconfig.Device{}, signals)
			assert.Len(t, groups, 1)
			var got []hubconfig.Job
			points := 0
			for _, b := range groups[0].blocks {
				got = append(got, b.job)
				points += len(b.points)
				for _, p := range b.points {
					assert.True(t, p.part.Within(b.job), "%s in %s", p.part, b.job)
				}
			}
			assert.Equal(t, c.want, got)
			assert.Equal(t, len(signals), points)
		})
	}
}

// Signals of one job and one rate share it; rates do not mix, copies ask nothing.
func TestPlanRates(t *testing.T) {
	j := hubconfig.Job{Function: 3, Start: 0, Count: 1}
	groups := plan(hubconfig.Device{ScanRateMS: 500}, []hubconfig.Signal{
		{Job: j}, {Job: j, ScanRateMS: 100}, {SourceDevice: "A", SourceSignal: "B"}, {Job: j},
	})
	assert.Len(t, groups, 2)
	assert.Equal(t, "100ms", groups[0].every.String())
	assert.Len(t, groups[0].blocks[0].points, 1)
	assert.Len(t, groups[1].blocks[0].points, 2)
}

// Parts of any order and place within the answer are decoded without a panic.
func FuzzDecode(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7}, uint8(0), uint8(0), uint8(0), 1.0)
	f.Add([]byte{0x7f, 0xf0, 0, 0, 0, 0, 0, 0}, uint8(8), uint8(3), uint8(0), -2.5)
	kinds := []hubconfig.Kind{
		hubconfig.Digital, hubconfig.Signed16, hubconfig.Unsigned16, hubconfig.Signed32, hubconfig.Unsigned32,
		hubconfig.Signed64, hubconfig.Unsigned64, hubconfig.Float, hubconfig.Double,
	}
	orders := []hubconfig.Order{hubconfig.ABCD, hubconfig.BADC, hubconfig.CDAB, hubconfig.DCBA}
	f.Fuzz(func(t *testing.T, data []byte, kind, order, at uint8, factor float64) {
		k := kinds[int(kind)%len(kinds)]
		count := len(data) / 2
		if count > 125 || int(at)+k.Registers() > count {
			return
		}
		p := point{0, hubconfig.Job{Function: 3, Start: int(at), Count: k.Registers()}, k, orders[order%4], int(at % 16), scale{factor, 0}}
		n, flags := p.decode(hubconfig.Job{Function: 3, Count: count}, data)
		assert.Equal(t, n.public() == api.Number{}, flags != 0, "no value comes with a flag: %v %s", n, flags)
	})
}

// What comes over a serial line is searched for a frame without a panic.
func FuzzFind(f *testing.F) {
	a := newRTUAsker(hubconfig.Device{}, newLine(hubconfig.Line{Baud: 9600}, nil))
	transport, _ := a.transport.(*rtuTransport)
	request := []byte{1, 3, 0, 0, 0, 1, 0x84, 0x0a}
	f.Add([]byte{1, 3, 2, 0, 1, 0x79, 0x84})
	f.Add([]byte{0, 1, 0x83, 2, 0xc0, 0xf1})
	f.Fuzz(func(t *testing.T, got []byte) {
		if answer := transport.find(got, request); answer != nil {
			assert.GreaterOrEqual(t, len(answer), 5)
			assert.Equal(t, byte(1), answer[0])
		}
	})
}
