package hostmib_test

import (
	"testing"

	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/snmp/hostmib"
)

// BenchmarkRebuild reads this host and builds all subtrees, as happens once
// per TTL.
func BenchmarkRebuild(b *testing.B) {
	h := hostmib.New(hostmib.Options{})
	var handlers []snmp.Handler
	for _, m := range h.Mounts() {
		handlers = append(handlers, m.Handler)
	}
	b.ReportAllocs()
	for b.Loop() {
		h.Expire(handlers...)
		for _, handler := range handlers {
			handler.(snmp.Snapshotter).Snapshot()
		}
	}
}

// BenchmarkGet is a request that comes while the subtree is fresh.
func BenchmarkGet(b *testing.B) {
	h := hostmib.New(hostmib.Options{}).Mounts()[0].Handler.(snmp.Snapshotter)
	oid := snmp.MustParseOID(".1.3.6.1.2.1.2.2.1.10.1")
	b.ReportAllocs()
	for b.Loop() {
		h.Snapshot().Get(oid)
	}
}
