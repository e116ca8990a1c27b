package fieldgatemib_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/snmp/fieldgatemib"
)

func TestWatch(t *testing.T) {
	for name, steps := range map[string][]struct {
		change func(g *gateway)
		want   string // notifications, with the values of their objects
	}{
		"tunnel": {
			{func(*gateway) {}, ""},
			{func(g *gateway) { g.tunnels[0].State = fieldgatemib.TunnelConnecting }, "1 INTEGER: 2 STRING: \"192.0.2.1\""},
			{func(g *gateway) { g.tunnels[0].State = fieldgatemib.TunnelDown }, ""},
			{func(g *gateway) { g.tunnels[0].State = fieldgatemib.TunnelUp }, "2 INTEGER: 3 STRING: \"192.0.2.1\""},
			{func(g *gateway) { g.tunnels = g.tunnels[1:] }, ""},
			{func(g *gateway) {
				g.tunnels = append(g.tunnels, fieldgatemib.Tunnel{Name: "new", State: fieldgatemib.TunnelUp})
			}, ""},
			{func(g *gateway) { g.tunnels[1].State = fieldgatemib.TunnelDown }, "1 INTEGER: 1 STRING: \"\""},
		},
		"OpenVPN": {
			{func(g *gateway) { g.vpns[0].State = fieldgatemib.InstanceFailed }, "7 INTEGER: 4 INTEGER: 2"},
			{func(g *gateway) { g.vpns[0].State = fieldgatemib.InstanceConnecting }, ""},
			{func(g *gateway) { g.vpns[0].State = fieldgatemib.InstanceConnected }, "8 INTEGER: 3 INTEGER: 2"},
		},
		"serial port": {
			{func(g *gateway) { g.ports[0].State = fieldgatemib.PortLost }, "3 INTEGER: 6 STRING: \"/dev/ttyUSB0\""},
			{func(*gateway) {}, ""},
			{func(g *gateway) { g.ports[0].State = fieldgatemib.PortWaiting }, "4 INTEGER: 3 STRING: \"/dev/ttyUSB0\""},
			{func(g *gateway) { g.ports[0].State = fieldgatemib.PortLost }, "3 INTEGER: 6 STRING: \"/dev/ttyUSB0\""},
			{func(g *gateway) { g.ports[0].State = fieldgatemib.PortOff }, ""},
			{func(g *gateway) { g.ports[0].State = fieldgatemib.PortOpen }, ""},
		},
		"disk": {
			{func(g *gateway) { g.disks[0].Used = 89 }, ""},
			{func(g *gateway) { g.disks[0].Used = 90 }, "5 INTEGER: 2 Gauge32: 90 Gauge32: 90"},
			{func(g *gateway) { g.disks[0].Used = 89 }, ""},
			{func(g *gateway) { g.disks[0].Used = 88 }, "6 INTEGER: 1 Gauge32: 88 Gauge32: 90"},
			{func(g *gateway) { g.disks[0].Used = 89 }, ""},
			{func(g *gateway) { g.disks[0].Limit = 50 }, "5 INTEGER: 2 Gauge32: 89 Gauge32: 50"},
			{func(g *gateway) { g.disks = append(g.disks, fieldgatemib.Disk{Path: "/new", Used: 1, Limit: 1}) }, "5 INTEGER: 2 Gauge32: 1 Gauge32: 1"},
			{func(g *gateway) { g.disks[1].Used = 0 }, "6 INTEGER: 1 Gauge32: 0 Gauge32: 1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGateway()
				h := newHandler(t, g.options())
				var got []snmp.Notification
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				go h.Watch(ctx, func(n snmp.Notification) { got = append(got, n) })
				for i, step := range steps {
					synctest.Wait()
					g.change(func() { step.change(g) })
					time.Sleep(time.Second)
					synctest.Wait()
					assert.Equal(t, step.want, told(t, h, got), "step %d", i)
					got = nil
				}
			})
		})
	}
}

// told prints notifications, which have the objects that the module says.
func told(t *testing.T, h *fieldgatemib.Handler, all []snmp.Notification) string {
	m := parseMIB(t, h.MIB())
	var lines []string
	for _, n := range all {
		line := fmt.Sprint(n.Trap[len(n.Trap)-1])
		var objects []string
		for name, wanted := range m.notifications {
			if m.names[name].Compare(n.Trap) == 0 {
				objects = wanted
			}
		}
		assert.Len(t, n.Binds, len(objects))
		for i, b := range n.Binds {
			assert.True(t, b.OID.HasPrefix(m.names[objects[i]]), "%v is not %s", b.OID, objects[i])
			line += " " + b.Value.String()
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// What a manager would not hear of otherwise is told at the start.
func TestWatchBeginsAboveLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway()
		g.disks[0].Used = 95
		h := newHandler(t, g.options())
		ctx, cancel := context.WithCancel(t.Context())
		var got []snmp.Notification
		go h.Watch(ctx, func(n snmp.Notification) { got = append(got, n) })
		time.Sleep(time.Minute)
		cancel()
		synctest.Wait()
		assert.Equal(t, []snmp.Notification{{
			Trap: h.Root().Append(0, 5),
			Binds: []snmp.VarBind{
				{OID: h.Root().Append(1, 7, 1, 1, 4).Append(snmp.StringIndex("/overlay")...), Value: snmp.Integer(2)},
				{OID: h.Root().Append(1, 7, 1, 1, 2).Append(snmp.StringIndex("/overlay")...), Value: snmp.Gauge32(95)},
				{OID: h.Root().Append(1, 7, 1, 1, 3).Append(snmp.StringIndex("/overlay")...), Value: snmp.Gauge32(90)},
			},
		}}, got)
	})
}
