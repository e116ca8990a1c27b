package suite

import (
	"context"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api"
)

// PointsRig is a provider of points, and what is behind it.
type PointsRig struct {
	Points api.Points
	// Devices and Tags are all that the provider knows, in the order of its
	// configuration: at least two devices, the first with two tags or more.
	Devices []api.Device
	Tags    []api.Tag
	// Set lets the source of a tag have the good value n, which is 0 to
	// 1000. When it returns, Value tells it.
	Set func(t *testing.T, deviceAlias, signalAlias string, n int)
}

// TestPoints runs the conformance tests of [api.Points], each on what open
// returns. No tag has been set yet.
func TestPoints(t *testing.T, open func(t *testing.T) PointsRig) {
	for name, run := range map[string]func(*testing.T, PointsRig){
		"devices":            pointsDevices,
		"tags":               pointsTags,
		"lists_stay":         pointsListsStay,
		"values":             pointsValues,
		"never_a_value":      pointsNeverAValue,
		"unknown_aliases":    pointsUnknownAliases,
		"ended_context":      pointsEndedContext,
		"concurrent_reading": pointsConcurrentReading,
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t)
			require.GreaterOrEqual(t, len(h.Devices), 2)
			require.GreaterOrEqual(t, len(h.tagsOf(h.Devices[0].Alias)), 2)
			run(t, h)
		})
	}
}

func (h PointsRig) tagsOf(device string) (tags []api.Tag) {
	for _, tag := range h.Tags {
		if tag.DeviceAlias == device {
			tags = append(tags, tag)
		}
	}
	return tags
}

func pointsDevices(t *testing.T, h PointsRig) {
	devices, err := h.Points.Devices(t.Context())
	require.NoError(t, err)
	assert.Equal(t, h.Devices, devices)
	for _, want := range h.Devices {
		device, err := h.Points.Device(t.Context(), want.Alias)
		require.NoError(t, err)
		assert.Equal(t, want, device)
	}
}

func pointsTags(t *testing.T, h PointsRig) {
	all, err := h.Points.Tags(t.Context(), "")
	require.NoError(t, err)
	assert.Equal(t, h.Tags, all)
	for _, device := range h.Devices {
		tags, err := h.Points.Tags(t.Context(), device.Alias)
		require.NoError(t, err)
		want := h.tagsOf(device.Alias)
		assert.Len(t, tags, len(want))
		for i := range min(len(tags), len(want)) {
			assert.Equal(t, want[i], tags[i])
		}
	}
	alias := regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
	for _, tag := range all {
		assert.Regexp(t, alias, tag.DeviceAlias)
		assert.Regexp(t, alias, tag.SignalAlias)
		assert.True(t, utf8.ValidString(tag.Name), "name %q", tag.Name)
	}
}

// Lists are shared by those who read them: a value that changes, and a caller
// that appends, change none.
func pointsListsStay(t *testing.T, h PointsRig) {
	devices, err := h.Points.Devices(t.Context())
	require.NoError(t, err)
	lists := make([][]api.Tag, 2)
	for i, alias := range []string{"", h.Devices[0].Alias} {
		lists[i], err = h.Points.Tags(t.Context(), alias)
		require.NoError(t, err)
		_ = append(lists[i], api.Tag{DeviceAlias: "appended"})
	}
	_ = append(devices, api.Device{Alias: "appended"})
	tag := h.Tags[0]
	h.Set(t, tag.DeviceAlias, tag.SignalAlias, 3)
	assert.Equal(t, h.Devices, devices)
	assert.Equal(t, h.Tags, lists[0])
	assert.Equal(t, h.tagsOf(h.Devices[0].Alias), lists[1])
	pointsDevices(t, h)
	pointsTags(t, h)
}

func pointsValues(t *testing.T, h PointsRig) {
	tags := h.tagsOf(h.Devices[0].Alias)[:2]
	for round := range 3 {
		for i, tag := range tags {
			began := time.Now()
			h.Set(t, tag.DeviceAlias, tag.SignalAlias, 10*round+i)
			v, err := h.Points.Value(t.Context(), tag.DeviceAlias, tag.SignalAlias)
			require.NoError(t, err)
			assert.Equal(t, tag.Name, v.Name)
			assert.Equal(t, strconv.Itoa(10*round+i), v.Value.String())
			assert.Zero(t, v.Flags, "flags %s", v.Flags)
			assert.WithinRange(t, v.Time, began.Add(-time.Minute), time.Now().Add(time.Minute))
		}
	}
	v, err := h.Points.Value(t.Context(), tags[0].DeviceAlias, tags[0].SignalAlias)
	require.NoError(t, err)
	assert.Equal(t, "20", v.Value.String(), "one tag's value is not another's")
}

func pointsNeverAValue(t *testing.T, h PointsRig) {
	tag := h.Tags[len(h.Tags)-1]
	v, err := h.Points.Value(t.Context(), tag.DeviceAlias, tag.SignalAlias)
	require.NoError(t, err)
	assert.Equal(t, tag.Name, v.Name)
	assert.Equal(t, "nan", v.Value.String())
	assert.NotZero(t, v.Flags&api.FlagNonTopical, "flags %q", v.Flags)
	assert.True(t, v.Time.IsZero(), "time %v", v.Time)
}

func pointsUnknownAliases(t *testing.T, h PointsRig) {
	device := h.Devices[0].Alias
	signal := h.tagsOf(device)[0].SignalAlias
	for _, alias := range []string{
		"fieldgate-suite-unknown", device + "x", device + "/" + signal, "*", device + "\x00", "..",
	} {
		_, err := h.Points.Device(t.Context(), alias)
		require.ErrorIs(t, err, api.ErrUnknownDevice, "%q", alias)
		_, err = h.Points.Tags(t.Context(), alias)
		require.ErrorIs(t, err, api.ErrUnknownDevice, "%q", alias)
		_, err = h.Points.Value(t.Context(), alias, signal)
		require.ErrorIs(t, err, api.ErrUnknownDevice, "%q", alias)
		_, err = h.Points.Value(t.Context(), device, alias)
		require.ErrorIs(t, err, api.ErrUnknownTag, "%q", alias)
		require.NotErrorIs(t, err, api.ErrUnknownDevice, "%q", alias)
	}
	_, err := h.Points.Device(t.Context(), "")
	require.ErrorIs(t, err, api.ErrUnknownDevice)
	_, err = h.Points.Value(t.Context(), device, "")
	require.ErrorIs(t, err, api.ErrUnknownTag)
}

func pointsEndedContext(t *testing.T, h PointsRig) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	tag := h.Tags[0]
	_, err := h.Points.Devices(ctx)
	require.ErrorIs(t, err, context.Canceled)
	_, err = h.Points.Device(ctx, tag.DeviceAlias)
	require.ErrorIs(t, err, context.Canceled)
	_, err = h.Points.Tags(ctx, "")
	require.ErrorIs(t, err, context.Canceled)
	_, err = h.Points.Value(ctx, tag.DeviceAlias, tag.SignalAlias)
	require.ErrorIs(t, err, context.Canceled)
	_, err = h.Points.Value(t.Context(), tag.DeviceAlias, tag.SignalAlias)
	require.NoError(t, err, "one caller's end is not another's")
}

func pointsConcurrentReading(t *testing.T, h PointsRig) {
	tag := h.Tags[0]
	h.Set(t, tag.DeviceAlias, tag.SignalAlias, 1)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				v, err := h.Points.Value(t.Context(), tag.DeviceAlias, tag.SignalAlias)
				if assert.NoError(t, err) {
					assert.Contains(t, []string{"1", "2"}, v.Value.String())
				}
				tags, err := h.Points.Tags(t.Context(), "")
				assert.NoError(t, err)
				assert.Len(t, tags, len(h.Tags))
			}
		})
	}
	h.Set(t, tag.DeviceAlias, tag.SignalAlias, 2)
	wg.Wait()
}
