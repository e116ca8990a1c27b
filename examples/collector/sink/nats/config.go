package nats

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/internal/config"
)

// The ranges of Config.
const (
	MaxBatch   = 1000
	MaxPending = 65536
	MinTimeout = 100 * time.Millisecond
	MaxTimeout = time.Minute
)

// Config says where the stream is and how it is written to.
type Config struct {
	// Servers are the URLs of one or several servers of one cluster, such as
	// nats://127.0.0.1:4222 or tls://nats.example.com:4222, without
	// credentials. At least one.
	Servers []string
	// User and Password log in; both empty: no login. Token logs in instead
	// of them.
	User     string
	Password config.Secret
	Token    config.Secret
	// Stream is the name of the stream. Default TELEMETRY.
	Stream string
	// Group is the second part of the subjects; it tells fleets apart. One
	// token of letters, digits, - and _, not "batch". Default "default".
	Group string
	// Batch is the most datagrams of one message, 2 to 1000; 0, the default,
	// is one message for each datagram.
	Batch int
	// Shard is the last part of the subject of batches, such as the name of
	// this collector; letters, digits, - and _. Default "0".
	Shard string
	// MaxAge is how long a stream that this sink makes keeps a message, from
	// 1s. Default 7 days, 0 = for ever.
	MaxAge time.Duration
	// MaxBytes is how large a stream that this sink makes becomes. Default 0
	// = as large as the server allows.
	MaxBytes int64
	// Window is the duplicate window of a stream that this sink makes, 1s to
	// MaxAge. Default 2 min.
	Window time.Duration
	// Pending is the most messages that wait for their acknowledgement, 1 to
	// 65536. Default 4096.
	Pending int
	// Timeout is the longest that a Write tries, 100ms to 1 min. Default 10s.
	Timeout time.Duration
}

// DefaultConfig returns the defaults, without a server.
func DefaultConfig() Config {
	return Config{
		Stream:  "TELEMETRY",
		Group:   "default",
		Shard:   "0",
		MaxAge:  7 * 24 * time.Hour,
		Window:  2 * time.Minute,
		Pending: 4096,
		Timeout: 10 * time.Second,
	}
}

// Validate returns every fault of c as config.Errors, nil when there is none.
func (c Config) Validate() error {
	var faults config.Errors
	if len(c.Servers) == 0 {
		faults.Addf("servers", "required: at least one, such as nats://127.0.0.1:4222")
	}
	for i, server := range c.Servers {
		checkServer(&faults, fmt.Sprintf("servers[%d]", i), server)
	}
	switch {
	case c.User == "" && !c.Password.IsZero():
		faults.Addf("user", "required with a password")
	case c.User != "" && !c.Token.IsZero():
		faults.Addf("token", "a token and a user exclude each other")
	}
	checkToken(&faults, "stream", c.Stream)
	checkToken(&faults, "group", c.Group)
	if c.Group == subjectBatch {
		faults.Addf("group", "%q is the subject of batches, choose another", c.Group)
	}
	checkToken(&faults, "shard", c.Shard)
	if c.Batch != 0 && (c.Batch < 2 || c.Batch > MaxBatch) {
		faults.Addf("batch", "%d is out of range, allowed is 0 (none) and 2 to %d", c.Batch, MaxBatch)
	}
	if c.MaxAge != 0 && c.MaxAge < time.Second {
		faults.Addf("max_age", "%v is out of range, allowed is 0 (for ever) and 1s or more", c.MaxAge)
	}
	if c.MaxBytes < 0 {
		faults.Addf("max_bytes", "%d is out of range, allowed is 0 (no limit) or more", c.MaxBytes)
	}
	if c.Window < time.Second || c.MaxAge >= time.Second && c.Window > c.MaxAge {
		faults.Addf("window", "%v is out of range, allowed is 1s to max_age", c.Window)
	}
	if c.Pending < 1 || c.Pending > MaxPending {
		faults.Addf("pending", "%d is out of range, allowed is 1 to %d", c.Pending, MaxPending)
	}
	if c.Timeout < MinTimeout || c.Timeout > MaxTimeout {
		faults.Addf("timeout", "%v is out of range, allowed is %v to %v", c.Timeout, MinTimeout, MaxTimeout)
	}
	return faults.Err()
}

// checkServer adds a fault unless server is a URL of scheme, host and port. It
// never repeats the text, which may hold a password in the wrong place.
func checkServer(faults *config.Errors, path, server string) {
	u, err := url.Parse(server)
	switch {
	case err != nil || u.Scheme != "nats" && u.Scheme != "tls" || u.Port() == "" || u.Path != "" || u.RawQuery != "" || u.Fragment != "":
		faults.Addf(path, "not of the form nats://host:port or tls://host:port")
	case u.User != nil:
		faults.Addf(path, "credentials do not belong into the address, give user and password, or token")
	default:
		faults.CheckHost(path, u.Hostname())
	}
}

func checkToken(faults *config.Errors, path, token string) {
	if token == "" || len(token) > 64 || strings.ContainsFunc(token, func(r rune) bool { return r > 127 || !plain(byte(r)) }) {
		faults.Addf(path, "%q is not 1 to 64 letters, digits, - and _", token)
	}
}
