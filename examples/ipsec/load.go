package main

import (
	"bytes"

	"go.yaml.in/yaml/v4"

	"github.com/fieldgate/fieldgate/ipsec"
)

// parse reads a configuration. Keys that do not exist are errors, as is a
// second document. An empty file is a configuration that is off.
func parse(text []byte) (ipsec.Config, error) {
	var cfg ipsec.Config
	if len(bytes.TrimSpace(text)) > 0 {
		if err := yaml.Load(text, &cfg, yaml.WithKnownFields()); err != nil {
			return ipsec.Config{}, err
		}
	}
	return cfg, cfg.Validate()
}
