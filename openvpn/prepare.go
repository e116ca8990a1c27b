package openvpn

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"
)

// environment is what all supervisors share.
type environment struct {
	runner   Runner
	store    Store
	logger   *slog.Logger
	notifier notifier
	arrived  func(context.Context) // a process has been started
}

// unit is an instance as it is to run.
type unit struct {
	Instance

	fromFolder bool
	inline     map[string][]byte // files within one of the folder
	files      map[string][]byte // all files of one of the folder; the others' are in the store
	whole      []byte            // the text to run as it is
	cwd        string            // where whole finds its files
	report     Report
	fault      error // why it cannot run at all
}

// key is the name under which an instance is found: case makes no difference.
func key(name string) string { return strings.ToLower(name) }

// job is a unit made ready.
type job struct {
	launch   Launch
	warnings []Warning
}

// prepare makes a unit ready to run. The error says what is wrong with it.
func (e *environment) prepare(u unit) (*job, error) {
	switch {
	case u.fault != nil:
		return nil, u.fault
	case u.whole != nil:
		j := &job{launch: Launch{Name: u.Name, Config: u.whole, Trusted: true, Folder: u.cwd}}
		j.launch.Digest = digest(j.launch, "")
		return j, nil
	}
	text, err := Render(u.Instance)
	if err != nil {
		return nil, err
	}
	files, err := e.collect(u)
	if err != nil {
		return nil, err
	}
	j := &job{launch: Launch{
		Name: u.Name, Config: text, Files: files,
		AskClients: u.asks(), NoPassword: u.asks() && len(u.Users) == 0,
	}}
	if u.BridgeDevice != "" {
		j.launch.Device, j.launch.Bridge = u.DeviceName(), u.BridgeDevice
	}
	j.launch.Digest = digest(j.launch, u.Files[FileCRL])
	j.warnings = checkContents(u.Instance, files, time.Now())
	return j, nil
}

// collect returns the files of a unit by base name.
func (e *environment) collect(u unit) (map[string][]byte, error) {
	files := make(map[string][]byte)
	var missing []string
	for _, kind := range slices.Sorted(maps.Keys(u.Files)) {
		name := u.Files[kind]
		content, err := u.files[name], error(nil)
		if content == nil && u.fromFolder {
			err = fs.ErrNotExist
		} else if content == nil {
			content, err = e.store.Get(u.Name, name)
		}
		switch {
		case errors.Is(err, fs.ErrNotExist):
			missing = append(missing, fmt.Sprintf("%s (%s)", name, kind))
		case err != nil:
			return nil, fmt.Errorf("file %s: %w", name, err)
		}
		files[name] = content
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("files are missing: %s; upload them or let them be made", strings.Join(missing, ", "))
	}
	return files, nil
}

// digest names a launch. Not in it is what may change while it runs: the
// content of the revocation list, which openvpn reads again by itself.
func digest(l Launch, crl string) string {
	h := sha256.New()
	add := func(parts ...[]byte) {
		for _, p := range parts {
			_ = binary.Write(h, binary.BigEndian, uint64(len(p))) // a hash takes everything
			_, _ = h.Write(p)
		}
	}
	add([]byte(l.Name), l.Config, []byte(l.Folder), []byte(l.Device), []byte(l.Bridge))
	add(fmt.Append(nil, l.Trusted, l.AskClients, l.NoPassword))
	for _, name := range slices.Sorted(maps.Keys(l.Files)) {
		add([]byte(name))
		if name != crl {
			add(l.Files[name])
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}
