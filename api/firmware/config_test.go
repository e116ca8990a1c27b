package firmware_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api/firmware"
)

func validConfig(t *testing.T) firmware.Config {
	c := firmware.DefaultConfig()
	c.Boards = []string{"tplink,archer-c7-v2"}
	c.TrustedKeys = []string{newVendor(t).public.String()}
	return c
}

func TestDefaults(t *testing.T) {
	c := validConfig(t)
	require.NoError(t, c.Validate())
	assert.Empty(t, c.Warnings())
	assert.Equal(t, "/tmp/firmware", c.Folder)
	assert.Equal(t, 64, c.MaxSizeMiB)
	assert.Equal(t, []string{"/sbin/sysupgrade", "-T", "{file}"}, c.TestCommand)
	assert.Equal(t, []string{"/sbin/sysupgrade", "{file}"}, c.ApplyCommand)

	few := firmware.Config{Boards: c.Boards, TrustedKeys: c.TrustedKeys, ApplyCommand: c.ApplyCommand}
	require.NoError(t, few.Validate(), "a zero field means its default")
}

func TestConfigInJSON(t *testing.T) {
	c := validConfig(t)
	text, err := json.Marshal(c)
	require.NoError(t, err)
	var back firmware.Config
	require.NoError(t, json.Unmarshal(text, &back))
	assert.Equal(t, c, back)
}

func TestConfigFaults(t *testing.T) {
	good := validConfig(t)
	for name, c := range map[string]struct {
		change func(*firmware.Config)
		want   []string
	}{
		"nothing": {func(c *firmware.Config) { *c = firmware.Config{} }, []string{"boards", "trusted_keys", "apply_command"}},
		"folder":  {func(c *firmware.Config) { c.Folder = "tmp" }, []string{"folder"}},
		"root":    {func(c *firmware.Config) { c.Folder = "/" }, []string{"folder"}},
		"untidy":  {func(c *firmware.Config) { c.Folder = "/tmp/../etc" }, []string{"folder"}},
		"size":    {func(c *firmware.Config) { c.MaxSizeMiB = 4097 }, []string{"max_size_mib"}},
		"minus":   {func(c *firmware.Config) { c.MaxSizeMiB = -1 }, []string{"max_size_mib"}},
		"boards":  {func(c *firmware.Config) { c.Boards = []string{"a", "a", "", "b c"} }, []string{"boards[1]", "boards[2]", "boards[3]"}},
		"version": {func(c *firmware.Config) { c.OldestVersion = "v1" }, []string{"oldest_version"}},
		"keys": {func(c *firmware.Config) { c.TrustedKeys = append(c.TrustedKeys, c.TrustedKeys[0], "", "RWx") },
			[]string{"trusted_keys[1]", "trusted_keys[2]", "trusted_keys[3]"}},
		"commands": {func(c *firmware.Config) {
			c.TestCommand, c.ApplyCommand = []string{"sysupgrade", "{file}"}, []string{"/sbin/sysupgrade"}
		}, []string{"test_command[0]", "apply_command"}},
		"places":      {func(c *firmware.Config) { c.ApplyCommand = []string{"/a", "{file}", "--x={file}"} }, []string{"apply_command"}},
		"run_a_image": {func(c *firmware.Config) { c.ApplyCommand = []string{"/{file}"} }, []string{"apply_command[0]"}},
		"nul":         {func(c *firmware.Config) { c.ApplyCommand = []string{"/a", "{file}\x00"} }, []string{"apply_command[1]"}},
		"times": {func(c *firmware.Config) {
			c.TestTimeout, c.RestartTime, c.ReceiveTimeout = 1, firmware.Duration(2*time.Hour), -1
		}, []string{"test_timeout", "restart_time", "receive_timeout"}},
	} {
		t.Run(name, func(t *testing.T) {
			config := good
			config.TrustedKeys = append([]string(nil), good.TrustedKeys...)
			c.change(&config)
			err := config.Validate()
			var faults firmware.ConfigError
			require.ErrorAs(t, err, &faults)
			var paths []string
			for _, fault := range faults {
				paths = append(paths, fault.Path)
			}
			assert.Equal(t, c.want, paths, "%v", err)
			_, newErr := firmware.New(config, firmware.Options{RunningVersion: running})
			assert.Equal(t, err, newErr)
		})
	}
}

func TestRunningVersionIsNeeded(t *testing.T) {
	c := validConfig(t)
	_, err := firmware.New(c, firmware.Options{})
	require.ErrorContains(t, err, `oldest_version: "running" needs to know what runs`)
	_, err = firmware.New(c, firmware.Options{RunningVersion: "SNAPSHOT"})
	require.ErrorContains(t, err, `"SNAPSHOT" is no version of dotted numbers`)
	c.OldestVersion = "1.0"
	_, err = firmware.New(c, firmware.Options{})
	require.NoError(t, err)
}

func TestWarnings(t *testing.T) {
	c := validConfig(t)
	c.OldestVersion, c.TestCommand = "any", nil
	var paths []string
	for _, w := range c.Warnings() {
		paths = append(paths, w.Path)
	}
	assert.Equal(t, []string{"oldest_version", "test_command"}, paths)
}
