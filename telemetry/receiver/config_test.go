package receiver_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/telemetry/receiver"
)

func TestDefaultConfig(t *testing.T) {
	require.NoError(t, receiver.DefaultConfig().Validate())
	require.NoError(t, receiver.Config{}.Validate())
	b, err := json.Marshal(receiver.DefaultConfig())
	require.NoError(t, err)
	assert.JSONEq(t, `{"enabled":false,"listen":null,"allow_bare":false,"sockets":1,"read_buffer":4194304,
		"queue":16384,"batch":512,"batch_delay":"0.02s","acks":false,"state_file":"","state_sync":"1s","max_devices":1000000}`, string(b))
}

func TestValidateTellsEveryFault(t *testing.T) {
	c := receiver.Config{
		Listen:     []string{"192.0.2.1:5150", "nonsense", "192.0.2.1:5150", ":0", ":0", ":65536"},
		Sockets:    65,
		ReadBuffer: 100,
		Queue:      -1,
		Batch:      1 << 17,
		BatchDelay: receiver.Duration(time.Minute),
		StateSync:  -1,
		MaxDevices: 100_000_001,
	}
	err := c.Validate()
	var faults receiver.ConfigError
	require.ErrorAs(t, err, &faults)
	var paths []string
	for _, f := range faults {
		paths = append(paths, f.Path)
	}
	assert.Equal(t, []string{"listen[1]", "listen[2]", "listen[5]", "sockets", "read_buffer", "queue", "batch",
		"batch_delay", "state_sync", "max_devices"}, paths)
	assert.ErrorContains(t, err, "sockets: 65 is out of range, allowed is 1 to 64, or 0 for the default")
	assert.ErrorContains(t, err, "listen[2]: 192.0.2.1:5150 is listen[0] already")

	long := receiver.Config{BatchDelay: receiver.Duration(6 * time.Second)}
	require.NoError(t, long.Validate())
	long.Acks = true
	require.ErrorContains(t, long.Validate(), "batch_delay: 6s is too long with acks, allowed is up to 5s")
	long.BatchDelay = receiver.Duration(5 * time.Second)
	require.NoError(t, long.Validate())

	require.ErrorContains(t, receiver.Config{Enabled: true}.Validate(), "listen: at least one address is required")
	require.ErrorContains(t, receiver.Config{Listen: slices.Repeat([]string{":0"}, 17)}.Validate(), "listen: 17 are too many")
}

func TestWarnings(t *testing.T) {
	c := receiver.Config{Enabled: true, AllowBare: true, StateFile: "state",
		Listen: []string{"127.0.0.1:5150", "[::1]:5150", "localhost:5150", "192.0.2.1:5150", ":5151"}}
	var paths []string
	for _, w := range c.Warnings() {
		paths = append(paths, w.Path)
	}
	assert.Equal(t, []string{"listen[3]", "listen[4]"}, paths)
	assert.Equal(t, "state_file", receiver.Config{Enabled: true}.Warnings()[0].Path)
	assert.Empty(t, receiver.DefaultConfig().Warnings())
}
