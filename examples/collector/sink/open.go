package sink

import (
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/fieldgate/fieldgate/examples/collector/sink/influx"
	"github.com/fieldgate/fieldgate/examples/collector/sink/jsonlines"
	"github.com/fieldgate/fieldgate/examples/collector/sink/nats"
	"github.com/fieldgate/fieldgate/internal/config"
	"github.com/fieldgate/fieldgate/internal/secretfile"
	"github.com/fieldgate/fieldgate/telemetry/receiver"
)

// Options is what the program gives to the sinks.
type Options struct {
	Stdout io.Writer    // for stdout:
	Logger *slog.Logger // nil: none
}

// Sink is a sink that the program closes when nothing writes to it any more.
type Sink interface {
	receiver.Sink
	io.Closer
}

// Open returns the sink. It reads the password file, and connects to nothing
// yet: a server that is away at the start is no error.
func (s Spec) Open(o Options) (Sink, error) {
	password, err := s.password()
	if err != nil {
		return nil, fmt.Errorf("sink %s: %w", s.Name, err)
	}
	switch s.scheme {
	case "nats", "tls":
		if s.passwordFile != "" {
			s.nats.Password = password
		}
		return opened(nats.New(s.nats, nats.Options{Name: "fieldgate collector", Logger: o.Logger}))
	case "influx+http", "influx+https":
		if s.passwordFile != "" {
			s.influx.Password = password
		}
		return opened(influx.New(s.influx))
	}
	return lines{jsonlines.New(o.Stdout)}, nil
}

// opened returns the result of a New, without a sink when there is an error.
func opened(s Sink, err error) (Sink, error) {
	if err != nil {
		return nil, err
	}
	return s, nil
}

// lines is a sink with nothing to close.
type lines struct{ *jsonlines.Sink }

func (lines) Close() error { return nil }

// maxPasswordFile is the longest password file, in bytes.
const maxPasswordFile = 4096

// password returns the first line of the password file.
func (s Spec) password() (config.Secret, error) {
	if s.passwordFile == "" {
		return config.Secret{}, nil
	}
	text, err := secretfile.Read(s.passwordFile, maxPasswordFile)
	if err != nil {
		return config.Secret{}, fmt.Errorf("password file %s: %w", s.passwordFile, err)
	}
	line, _, _ := strings.Cut(text, "\n")
	if line = strings.TrimSuffix(line, "\r"); line == "" {
		return config.Secret{}, fmt.Errorf("password file %s: its first line is empty", s.passwordFile)
	}
	return config.NewSecret(line), nil
}
