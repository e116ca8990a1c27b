package sink

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/fieldgate/fieldgate/examples/collector/sink/fanout"
	"github.com/fieldgate/fieldgate/examples/collector/sink/influx"
	"github.com/fieldgate/fieldgate/examples/collector/sink/nats"
	"github.com/fieldgate/fieldgate/internal/config"
)

// Spec is one sink as its URL describes it. It prints without credentials.
type Spec struct {
	// Name is what the sink is called in logs and states.
	Name string

	scheme       string
	passwordFile string
	nats         nats.Config   // for nats and tls
	influx       influx.Config // for influx+http and influx+https
}

// schemes are all of them, for an error.
const schemes = "stdout:, nats://, tls://, influx+http:// or influx+https://"

var errNotURL = errors.New("sink: this is not a URL: want " + schemes +
	"; special characters of a password are written as %XX, such as %2F for /")

// Parse reads a URL of one of the forms in the package documentation. The
// error names every parameter that is wrong, and never repeats a password.
func Parse(text string) (Spec, error) {
	u, values, err := split(text)
	if err != nil {
		return Spec{}, err
	}
	s := Spec{Name: u.Scheme, scheme: u.Scheme}
	p := params{values: values}
	p.text("name", &s.Name)
	switch u.Scheme {
	case "stdout":
		if u.Host != "" || u.Path != "" || u.Opaque != "" || u.User != nil {
			p.faults.Addf("", "nothing may follow stdout: but ?name=...")
		}
	case "nats", "tls":
		s.parseNATS(u, &p)
	case "influx+http", "influx+https":
		s.parseInflux(u, &p)
	default:
		return Spec{}, fmt.Errorf("sink: unknown scheme %q, want %s", u.Scheme, schemes)
	}
	switch s.Name {
	case "":
		p.faults.Addf("name", "it is empty")
	case fanout.Primary:
		p.faults.Addf("name", "%s is what the store is called", fanout.Primary)
	}
	p.unknown()
	if err := p.faults.Err(); err != nil {
		return Spec{}, fmt.Errorf("sink %s: %w", u.Scheme, err)
	}
	return s, nil
}

// split takes the URL apart. A password that was not escaped ends up in any
// part of it, with the @ behind it, so no part of a doubtful URL is repeated.
func split(text string) (*url.URL, url.Values, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, nil, errNotURL
	}
	values, err := url.ParseQuery(u.RawQuery)
	if err != nil || u.Fragment != "" || strings.Contains(u.Path, "@") || strings.Contains(u.RawQuery, "@") {
		return nil, nil, errNotURL
	}
	return u, values, nil
}

// ParseAll parses several URLs, whose names must differ.
func ParseAll(texts []string) ([]Spec, error) {
	var specs []Spec
	for _, text := range texts {
		s, err := Parse(text)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(specs, func(other Spec) bool { return other.Name == s.Name }) {
			return nil, fmt.Errorf("sink: two are called %q, give one of them a name=... of its own", s.Name)
		}
		specs = append(specs, s)
	}
	return specs, nil
}

func (s *Spec) parseNATS(u *url.URL, p *params) {
	c := nats.DefaultConfig()
	c.Servers = []string{u.Scheme + "://" + u.Host}
	for _, server := range p.all("server") {
		c.Servers = append(c.Servers, u.Scheme+"://"+server)
	}
	if u.Path != "" && u.Path != "/" {
		p.faults.Addf("", "a path has no meaning here")
	}
	p.text("stream", &c.Stream)
	p.text("group", &c.Group)
	p.text("shard", &c.Shard)
	p.int("batch", &c.Batch)
	p.int("pending", &c.Pending)
	p.int64("max_bytes", &c.MaxBytes)
	p.duration("max_age", &c.MaxAge)
	p.duration("window", &c.Window)
	p.duration("timeout", &c.Timeout)
	p.text("password_file", &s.passwordFile)
	if password, both := u.User.Password(); both {
		c.User, c.Password = u.User.Username(), config.NewSecret(password)
	} else if s.passwordFile != "" {
		c.User = u.User.Username()
	} else if u.User != nil {
		c.Token = config.NewSecret(u.User.Username())
	}
	s.checkPasswordFile(c.User, c.Password, p)
	p.add(c.Validate())
	s.nats = c
}

func (s *Spec) parseInflux(u *url.URL, p *params) {
	c := influx.DefaultConfig()
	prefix, database := path.Split(u.Path)
	c.URL = strings.TrimPrefix(u.Scheme, "influx+") + "://" + u.Host + strings.TrimSuffix(prefix, "/")
	c.Database = database
	p.text("retention", &c.Retention)
	p.int("batch", &c.Batch)
	p.duration("timeout", &c.Timeout)
	p.text("password_file", &s.passwordFile)
	if u.User != nil {
		password, _ := u.User.Password()
		c.User, c.Password = u.User.Username(), config.NewSecret(password)
	}
	s.checkPasswordFile(c.User, c.Password, p)
	p.add(c.Validate())
	s.influx = c
}

func (s *Spec) checkPasswordFile(user string, password config.Secret, p *params) {
	switch {
	case s.passwordFile == "":
	case !password.IsZero():
		p.faults.Addf("password_file", "there is a password in the URL already")
	case user == "":
		p.faults.Addf("password_file", "it needs a user: user@host")
	}
}

// String returns the name and where the sink writes to.
func (s Spec) String() string {
	switch {
	case len(s.nats.Servers) > 0:
		return fmt.Sprintf("%s (%s, stream %s)", s.Name, strings.Join(s.nats.Servers, ", "), s.nats.Stream)
	case s.influx.URL != "":
		return fmt.Sprintf("%s (%s, database %s)", s.Name, s.influx.URL, s.influx.Database)
	}
	return s.Name
}
