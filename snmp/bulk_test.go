package snmp_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/snmp/internal/message"
)

// A GETBULK goes on in a list without asking for each instance. It ends where
// the mount does, and leaves out what the view does.
func TestBulkThroughList(t *testing.T) {
	var b snmp.Builder
	for column := range uint32(3) {
		object := oid(ownRoot).Append(column + 1)
		b.Object(object)
		for row := range uint32(3) {
			b.Add(object, []uint32{row + 1}, snmp.Integer(int32(10*column+row)))
		}
	}
	list, err := b.List()
	require.NoError(t, err)
	for name, c := range map[string]struct {
		prefix  string
		exclude []snmp.Family
		want    []string
	}{
		"all":                   {ownRoot, nil, []string{".1.2", ".1.3", ".2.1", ".2.2", ".2.3", ".3.1", ".3.2", ".3.3"}},
		"a part of it":          {ownRoot + ".1", nil, []string{".1.2", ".1.3"}},
		"a part of it, in view": {ownRoot, []snmp.Family{ownRoot + ".2", ownRoot + ".3.2"}, []string{".1.2", ".1.3", ".3.1", ".3.3"}},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				r.options.Handlers = []snmp.Mount{{Prefix: oid(c.prefix), Handler: list}}
				if c.exclude != nil {
					r.config.Views = append(r.config.Views, snmp.View{Name: "part", Include: []snmp.Family{".1"}, Exclude: c.exclude})
					r.config.Communities[0].Read = "part"
				}
			}, func(r *rig) {
				a := r.ask(message.V2c, "reader", message.PDU{Type: message.GetBulk, ErrorIndex: 20}, nulls(ownRoot+".1.1")...)
				var got []string
				for _, b := range a.binds {
					if b.OID.HasPrefix(oid(ownRoot)) && b.Value.Exists() {
						got = append(got, b.OID.String()[len(ownRoot):])
					}
				}
				assert.Equal(t, c.want, got)
			})
		})
	}
}
