package sim

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestExpected(t *testing.T) {
	type arrival struct {
		boot uint32
		seq  uint64
	}
	for name, c := range map[string]struct {
		sent     map[uint32]uint64 // reports of each boot
		arrivals []arrival
		want     Expected
	}{
		"nothing arrives": {
			map[uint32]uint64{5: 10}, nil,
			Expected{Sent: 10, Silent: 10},
		},
		"all arrive": {
			map[uint32]uint64{5: 3}, []arrival{{5, 0}, {5, 1}, {5, 2}},
			Expected{Boot: 5, Top: 2, Received: 3, Sent: 3, Heard: true},
		},
		"a gap, and a tail": {
			map[uint32]uint64{5: 10}, []arrival{{5, 0}, {5, 1}, {5, 5}},
			Expected{Boot: 5, Top: 5, Received: 3, Lost: 3, Sent: 10, Silent: 4, Heard: true},
		},
		"twice": {
			map[uint32]uint64{5: 2}, []arrival{{5, 0}, {5, 0}, {5, 1}, {5, 0}},
			Expected{Boot: 5, Top: 1, Received: 2, Duplicate: 2, Sent: 2, Heard: true},
		},
		"out of order": {
			map[uint32]uint64{5: 3}, []arrival{{5, 0}, {5, 2}, {5, 1}},
			Expected{Boot: 5, Top: 2, Received: 3, Reordered: 1, Sent: 3, Heard: true},
		},
		"the last entry of the window": {
			map[uint32]uint64{5: 200}, []arrival{{5, 0}, {5, 128}, {5, 1}},
			Expected{Boot: 5, Top: 128, Received: 3, Reordered: 1, Lost: 126, Sent: 200, Silent: 71, Heard: true},
		},
		"below the window": {
			map[uint32]uint64{5: 200}, []arrival{{5, 0}, {5, 129}, {5, 1}, {5, 0}},
			Expected{Boot: 5, Top: 129, Received: 2, Replayed: 2, Lost: 128, Sent: 200, Silent: 70, Heard: true},
		},
		"a reboot": {
			map[uint32]uint64{5: 4, 6: 3}, []arrival{{5, 0}, {5, 2}, {6, 1}, {5, 3}, {6, 0}},
			Expected{Boot: 6, Top: 1, Received: 4, Lost: 1, Replayed: 1, Reordered: 1, Reboots: 1, Sent: 7, Silent: 2, Heard: true},
		},
		"a boot of which nothing arrived": {
			map[uint32]uint64{5: 4, 6: 3, 7: 2}, []arrival{{5, 2}, {7, 0}},
			Expected{Boot: 7, Top: 0, Received: 2, Early: 2, Reboots: 1, Sent: 9, Silent: 5, Heard: true},
		},
		"the first boot is unheard": {
			map[uint32]uint64{5: 4, 6: 5}, []arrival{{6, 2}, {6, 4}},
			Expected{Boot: 6, Top: 4, Received: 2, Early: 2, Lost: 1, Sent: 9, Silent: 4, Heard: true},
		},
		"the first that arrives is late": {
			map[uint32]uint64{5: 6}, []arrival{{5, 3}, {5, 1}, {5, 5}},
			Expected{Boot: 5, Top: 5, Received: 3, Early: 1, Lost: 2, Reordered: 1, Sent: 6, Heard: true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var a account
			for boot := uint32(5); c.sent[boot] > 0; boot++ {
				for range c.sent[boot] {
					a.sent(boot)
				}
			}
			for _, x := range c.arrivals {
				a.arrives(x.boot, x.seq)
			}
			got := a.expected()
			assert.Equal(t, c.want, got)
			assert.Equal(t, got.Sent, got.Received+got.Lost+got.Early+got.Silent)
		})
	}
}
