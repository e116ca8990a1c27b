package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/collector/latest"
	"github.com/fieldgate/fieldgate/examples/collector/store"
	"github.com/fieldgate/fieldgate/telemetry/receiver"
	"github.com/fieldgate/fieldgate/telemetry/receiver/receivertest"
	"github.com/fieldgate/fieldgate/telemetry/receiver/receivertest/suite"
)

func TestSuite(t *testing.T) {
	suite.TestSink(t, func(t *testing.T) suite.Rig {
		s, _ := open(t, store.Options{Dir: t.TempDir(), SegmentBytes: 50_000})
		return suite.Rig{
			Sink: s,
			Stored: func(t *testing.T) (ids []receivertest.ID) {
				for device := range states(s) {
					require.NoError(t, s.History(t.Context(), device, time.Time{}, time.Now().AddDate(100, 0, 0), func(r *latest.Report) bool {
						m, err := r.Message()
						require.NoError(t, err)
						ids = append(ids, receivertest.IDOf(&receiver.Record{Device: r.Device, Message: m}))
						return true
					}))
				}
				return ids
			},
			// A record without boot may be that of a device that began again
			// at the same number.
			Idempotent: false,
		}
	})
}
