package ser2nettest_test

import (
	"testing"

	"github.com/fieldgate/fieldgate/ser2net/ser2nettest"
	"github.com/fieldgate/fieldgate/ser2net/ser2nettest/suite"
)

func TestConformance(t *testing.T) {
	for name, hw := range map[string]ser2nettest.Hardware{
		"all":     {},
		"nothing": {NoLines: true, NoCounters: true, NoRS485: true},
	} {
		t.Run(name, func(t *testing.T) {
			suite.TestOpener(t, func(*testing.T) suite.Rig {
				var o ser2nettest.Opener
				line := o.Add("/dev/ttyUSB0", hw)
				o.Alias("/dev/serial/by-id/adapter", line)
				return suite.Rig{
					Opener: &o, Device: "/dev/ttyUSB0", Alias: "/dev/serial/by-id/adapter", Peer: line.Far(),
					Unplug: line.Unplug, Plug: line.Plug,
					AnyRate: true, AnyFrame: true, HalfStop: true, Carrier: true, Flow: true, StopsAtXOFF: true,
					Lines: !hw.NoLines, Counts: !hw.NoCounters, CountsBytes: !hw.NoCounters, RS485: !hw.NoRS485,
				}
			})
		})
	}
}
