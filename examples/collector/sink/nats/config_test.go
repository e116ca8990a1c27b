package nats_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/collector/sink/nats"
	"github.com/fieldgate/fieldgate/internal/config"
)

func TestValidate(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*nats.Config)
		want   []string
	}{
		"defaults":        {func(*nats.Config) {}, nil},
		"all":             {func(c *nats.Config) { c.Batch, c.MaxBytes, c.MaxAge, c.Shard = 1000, 1<<40, 0, "eu-1_b" }, nil},
		"tls":             {func(c *nats.Config) { c.Servers = []string{"tls://nats.example.com:4222", "nats://[::1]:4222"} }, nil},
		"no server":       {func(c *nats.Config) { c.Servers = nil }, []string{"servers: required"}},
		"no port":         {func(c *nats.Config) { c.Servers = []string{"nats://a"} }, []string{"servers[0]: not of the form"}},
		"other scheme":    {func(c *nats.Config) { c.Servers = []string{"nats://a:1", "http://a:1"} }, []string{"servers[1]: not of the form"}},
		"path":            {func(c *nats.Config) { c.Servers = []string{"nats://a:1/b"} }, []string{"servers[0]: not of the form"}},
		"bad host":        {func(c *nats.Config) { c.Servers = []string{"nats://-:1"} }, []string{`servers[0]: "-" is neither`}},
		"credentials":     {func(c *nats.Config) { c.Servers = []string{"nats://u:secret@a:1"} }, []string{"servers[0]: credentials do not belong"}},
		"password alone":  {func(c *nats.Config) { c.Password = config.NewSecret("secret") }, []string{"user: required with a password"}},
		"user and token":  {func(c *nats.Config) { c.User, c.Token = "u", config.NewSecret("secret") }, []string{"token: a token and a user"}},
		"stream":          {func(c *nats.Config) { c.Stream = "a.b" }, []string{`stream: "a.b" is not`}},
		"group":           {func(c *nats.Config) { c.Group = "*" }, []string{`group: "*" is not`}},
		"group of batch":  {func(c *nats.Config) { c.Group = "batch" }, []string{"group: \"batch\" is the subject of batches"}},
		"shard":           {func(c *nats.Config) { c.Shard = "" }, []string{"shard: \"\" is not"}},
		"batch":           {func(c *nats.Config) { c.Batch = 1 }, []string{"batch: 1 is out of range"}},
		"batch too large": {func(c *nats.Config) { c.Batch = 1001 }, []string{"batch: 1001 is out of range, allowed is 0 (none) and 2 to 1000"}},
		"age":             {func(c *nats.Config) { c.MaxAge = 1 }, []string{"max_age: 1ns is out of range"}},
		"bytes":           {func(c *nats.Config) { c.MaxBytes = -1 }, []string{"max_bytes: -1 is out of range"}},
		"window":          {func(c *nats.Config) { c.MaxAge, c.Window = time.Minute, time.Hour }, []string{"window: 1h0m0s is out of range"}},
		"pending":         {func(c *nats.Config) { c.Pending = 0 }, []string{"pending: 0 is out of range"}},
		"timeout":         {func(c *nats.Config) { c.Timeout = time.Hour }, []string{"timeout: 1h0m0s is out of range"}},
		"several": {func(c *nats.Config) { *c = nats.Config{} }, []string{
			"servers: ", "stream: ", "group: ", "shard: ", "window: ", "pending: ", "timeout: "}},
	} {
		t.Run(name, func(t *testing.T) {
			config := nats.DefaultConfig()
			config.Servers = []string{"nats://127.0.0.1:4222"}
			c.change(&config)
			err := config.Validate()
			if c.want == nil {
				require.NoError(t, err)
				return
			}
			require.Error(t, err)
			assert.Len(t, faults(err), len(c.want), "%v", err)
			for _, want := range c.want {
				assert.ErrorContains(t, err, want)
			}
			assert.NotContains(t, err.Error(), "secret")
			_, newErr := nats.New(config, nats.Options{})
			assert.ErrorContains(t, newErr, "nats: "+err.Error())
		})
	}
}

func faults(err error) config.Errors {
	all, _ := err.(config.Errors)
	return all
}
