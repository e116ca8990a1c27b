package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/examples/gateway/simulate"
)

// autoloadFolder is where *.conf files become instances of OpenVPN by
// themselves.
const autoloadFolder = "openvpn.d"

// ensureConfig writes the configuration of a first start, with an API key of
// its own, unless there is one. It prints the key before it stores the hash:
// a process that is killed between the two leaves no configuration behind
// whose key nobody has seen, and the next start begins afresh. A simulated
// device, if it is one, brings connections, instances and ports.
func ensureConfig(state *stateDir, device *simulate.Device, out io.Writer) error {
	_, err := os.Stat(state.configPath())
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	key := api.NewKey()
	hash, err := api.HashKey(key)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "First start: the configuration is %s\n"+
		"API key (shown only this once, only its hash is kept): %s\n", state.configPath(), key)
	if err != nil {
		return fmt.Errorf("the new API key cannot be shown: %w", err)
	}
	folder, err := state.folder(autoloadFolder)
	if err == nil {
		folder, err = filepath.Abs(folder)
	}
	if err == nil {
		var text []byte
		if text, err = firstFile(hash.Reveal(), folder, device); err == nil {
			err = state.write("gateway.yaml", text)
		}
	}
	if err != nil {
		return fmt.Errorf("the configuration cannot be stored, so the key above is void: %w", err)
	}
	return nil
}

// firstFile is the first configuration.
func firstFile(hash, folder string, device *simulate.Device) ([]byte, error) {
	text := document.FirstFile(hash, folder)
	if device == nil {
		return text, nil
	}
	doc, faults := document.Parse(text)
	if len(faults) > 0 {
		return nil, &document.Error{File: configName, Faults: faults}
	}
	device.Fill(&doc)
	return document.Dump(doc, text, func(_ string, s document.Secret) string { return s.Reveal() })
}

// printNewKey makes a key and prints what to store for it.
func printNewKey(out io.Writer, name string) error {
	key := api.NewKey()
	hash, err := api.HashKey(key)
	if err != nil {
		return err
	}
	if err := (api.Config{Keys: []api.Key{{Name: name, Hash: hash}}}).Validate(); err != nil {
		return &document.Error{File: "-new-key", Faults: []document.PlacedFault{{Fault: document.Fault{Problem: err.Error()}}}}
	}
	_, err = fmt.Fprintf(out, "API key (shown only this once): %s\nIn the configuration, below api.keys:\n    - name: %s\n      hash: %s\n",
		key, name, hash.Reveal())
	return err
}
