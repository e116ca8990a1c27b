package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"github.com/fieldgate/fieldgate/internal/atomicfile"
	"github.com/fieldgate/fieldgate/internal/daemon"
	"github.com/fieldgate/fieldgate/snmp"
)

// maxSystemFile is more than three texts of 255 octets need.
const maxSystemFile = 16 << 10

// settable is what managers may set of the system group. What the
// configuration says is fixed; the rest is kept in a file.
type settable struct {
	path  string
	fixed snmp.SystemFields
}

// systemFile is the content of that file.
type systemFile struct {
	Name     string `json:"sysName,omitempty"`
	Location string `json:"sysLocation,omitempty"`
	Contact  string `json:"sysContact,omitempty"`
}

// newSettable returns what the configuration leaves to managers.
func newSettable(path string, configured snmp.System) *settable {
	return &settable{path, snmp.SystemFields{
		Name: configured.Name != "", Location: configured.Location != "", Contact: configured.Contact != "",
	}}
}

// load returns the system group with what was set before.
func (s *settable) load(system snmp.System) (snmp.System, error) {
	text, err := daemon.ReadFile(s.path, maxSystemFile)
	if errors.Is(err, fs.ErrNotExist) {
		return system, nil
	}
	var set systemFile
	if err == nil {
		err = json.Unmarshal(text, &set)
	}
	if err != nil {
		return system, fmt.Errorf("what was set of the system group cannot be read: %w", err)
	}
	system.Name = cmp.Or(system.Name, set.Name)
	system.Location = cmp.Or(system.Location, set.Location)
	system.Contact = cmp.Or(system.Contact, set.Contact)
	return system, nil
}

// save keeps what was set.
func (s *settable) save(system snmp.System) error {
	var set systemFile
	for _, field := range []struct {
		fixed    bool
		to, from *string
	}{
		{s.fixed.Name, &set.Name, &system.Name},
		{s.fixed.Location, &set.Location, &system.Location},
		{s.fixed.Contact, &set.Contact, &system.Contact},
	} {
		if !field.fixed {
			*field.to = *field.from
		}
	}
	text, err := json.Marshal(set)
	if err != nil {
		return err
	}
	return atomicfile.Write(s.path, append(text, '\n'))
}
