package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/fieldgate/fieldgate/examples/ser2net/cconfig"
	"github.com/fieldgate/fieldgate/internal/daemon"
	"github.com/fieldgate/fieldgate/ser2net"
)

// source is where the configuration comes from. Standard input is read once:
// a reload finds the same text again.
type source struct {
	options
	in    io.Reader
	stdin []byte
}

// load reads the configuration, and logs what has no effect.
func (s *source) load(log *slog.Logger) (ser2net.Config, error) {
	input := cconfig.Input{Lines: s.lines, Strings: s.strings}
	var err error
	switch s.config {
	case "":
	case "-":
		if s.stdin == nil {
			if s.stdin, err = daemon.ReadAll(s.in, cconfig.MaxFile); err != nil {
				return ser2net.Config{}, fmt.Errorf("standard input: %w", err)
			}
		}
		input.Name, input.Text = "<stdin>", s.stdin
	default:
		if input.Text, err = daemon.ReadFile(s.config, cconfig.MaxFile); err != nil {
			return ser2net.Config{}, fmt.Errorf("the configuration cannot be read: %w", err)
		}
		input.Name = s.config
	}
	file, err := cconfig.Parse(input, cconfig.OS())
	if err != nil {
		return ser2net.Config{}, inConfig(err)
	}
	cfg, warnings, err := file.Config(cconfig.Settings{Signature: s.signature})
	if err != nil {
		return ser2net.Config{}, inConfig(err)
	}
	for _, w := range append(file.Warnings, warnings...) {
		log.Warn("configuration: " + w.String())
	}
	return cfg, nil
}

// errConfig is a configuration that is wrong, as opposed to unreadable.
var errConfig = errors.New("the configuration is wrong, nothing of it is used")

func inConfig(err error) error { return fmt.Errorf("%w:\n%w", errConfig, err) }
