package hostmib

import (
	"fmt"

	"github.com/fieldgate/fieldgate/snmp"
)

// arcsMemory is memory of UCD-SNMP-MIB.
var arcsMemory = []uint32{1, 3, 6, 1, 4, 1, 2021, 4}

// memoryScalars serves RAM and swap in KiB, as INTEGER and as Counter64,
// which holds more. Cached contains the reclaimable slab, as free(1) counts
// it. A host without swap is not short of it.
func (h *Host) memoryScalars(p *page) {
	m, ok := use(p, h.memory)
	scalar := func(arc uint32, v snmp.Value) {
		if !ok {
			v = snmp.Value{}
		}
		p.Scalar(below(arcsMemory, arc), v)
	}
	p.Scalar(below(arcsMemory, 1), snmp.Integer(0))
	p.Scalar(below(arcsMemory, 2), snmp.OctetString("swap"))
	minimum := uint64(max(h.options.MinSwapKiB, 0))
	amounts := []struct {
		arc, wide uint32
		kib       uint64
	}{
		{3, 18, m.SwapTotal},
		{4, 19, m.SwapFree},
		{5, 20, m.Total},
		{6, 21, m.Free},
		{11, 22, m.Free + m.SwapFree},
		{12, 23, minimum},
		{13, 24, m.Shared},
		{14, 25, m.Buffers},
		{15, 26, m.Cached},
	}
	for _, a := range amounts {
		scalar(a.arc, snmp.Saturated(a.kib))
	}
	for _, a := range amounts {
		scalar(a.wide, snmp.Counter64(a.kib))
	}
	scalar(27, snmp.Counter64(m.Available))
	flag, message := int32(0), ""
	if m.SwapTotal > 0 && m.SwapFree < minimum {
		flag, message = 1, fmt.Sprintf("Running out of swap space (%d)", m.SwapFree)
	}
	scalar(100, snmp.Integer(flag))
	scalar(101, snmp.OctetString(message))
}
