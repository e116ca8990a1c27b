package influx

import (
	"net/url"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/internal/config"
)

// The ranges of Config.
const (
	MaxBatch   = 5000
	MinTimeout = 100 * time.Millisecond
	MaxTimeout = 5 * time.Minute
)

// Config says which database is written to.
type Config struct {
	// URL is the address of the server, such as http://127.0.0.1:8086 or
	// https://influx.example.com:8086/behind/a/proxy, without credentials.
	URL string
	// Database is its name: 1 to 64 letters, digits, . - and _. Required.
	Database string
	// Retention is the name of the retention policy, with the same letters.
	// Empty: the default one of the database.
	Retention string
	// User and Password log in; both empty: no login.
	User     string
	Password config.Secret
	// Batch is the most lines of one request, 1 to 5000. Default 5000. One
	// message is never divided, so it may exceed a Batch below 100.
	Batch int
	// Timeout is the longest that a Write tries, 100ms to 5 min. Default 30s.
	Timeout time.Duration
}

// DefaultConfig returns the defaults, without URL and database.
func DefaultConfig() Config { return Config{Batch: MaxBatch, Timeout: 30 * time.Second} }

// Validate returns every fault of c as config.Errors, nil when there is none.
func (c Config) Validate() error {
	var faults config.Errors
	// The text is not repeated: it may hold a password in the wrong place.
	u, err := url.Parse(c.URL)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "":
		faults.Addf("url", "not of the form http://host:port or https://host:port")
	case u.User != nil:
		faults.Addf("url", "credentials do not belong into the address, give user and password")
	default:
		faults.CheckHost("url", u.Hostname())
	}
	checkName(&faults, "database", c.Database)
	if c.Retention != "" {
		checkName(&faults, "retention", c.Retention)
	}
	if c.User == "" && !c.Password.IsZero() {
		faults.Addf("user", "required with a password")
	}
	if c.Batch < 1 || c.Batch > MaxBatch {
		faults.Addf("batch", "%d is out of range, allowed is 1 to %d lines", c.Batch, MaxBatch)
	}
	if c.Timeout < MinTimeout || c.Timeout > MaxTimeout {
		faults.Addf("timeout", "%v is out of range, allowed is %v to %v", c.Timeout, MinTimeout, MaxTimeout)
	}
	return faults.Err()
}

func checkName(faults *config.Errors, path, name string) {
	const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"
	switch {
	case name == "":
		faults.Addf(path, "required: 1 to 64 letters, digits, . - and _")
	case len(name) > 64 || strings.Trim(name, allowed) != "" || strings.Trim(name, ".") == "":
		faults.Addf(path, "%q is not 1 to 64 letters, digits, . - and _", name)
	}
}
