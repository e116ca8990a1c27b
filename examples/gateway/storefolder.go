package main

import (
	"errors"
	"io/fs"
	"path/filepath"
	"syscall"

	"github.com/fieldgate/fieldgate/examples/gateway/confstore"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/examples/gateway/simulate"
)

// storeFolder is where the configuration is kept: in the state folder, but for
// gateway.yaml where -config names another file.
type storeFolder struct {
	confstore.Disk
	config string           // path of gateway.yaml
	device *simulate.Device // nil: a real one
}

const configName = "gateway.yaml"

// elsewhere returns the real place of a name: gateway.yaml, or the file that
// is about to replace it.
func (f storeFolder) elsewhere(name string) (confstore.Disk, string) {
	rest, is := name, name == configName || name == configName+".new"
	if !is {
		return f.Disk, name
	}
	return confstore.Disk(filepath.Dir(f.config)), filepath.Base(f.config) + rest[len(configName):]
}

// ReadFile implements [confstore.Folder].
func (f storeFolder) ReadFile(name string) ([]byte, error) {
	disk, name := f.elsewhere(name)
	return document.ReadFile(filepath.Join(string(disk), name))
}

// WriteFile implements [confstore.Folder].
func (f storeFolder) WriteFile(name string, content []byte) error {
	if f.device != nil && f.device.Faults().DiskFull() {
		return &fs.PathError{Op: "write", Path: name, Err: syscall.ENOSPC}
	}
	disk, name := f.elsewhere(name)
	return disk.WriteFile(name, content)
}

// Rename implements [confstore.Folder].
func (f storeFolder) Rename(old, name string) error {
	disk, from := f.elsewhere(old)
	_, to := f.elsewhere(name)
	return disk.Rename(from, to)
}

// Remove implements [confstore.Folder].
func (f storeFolder) Remove(name string) error {
	disk, name := f.elsewhere(name)
	return disk.Remove(name)
}

// Sync implements [confstore.Folder].
func (f storeFolder) Sync(below string) error {
	if below != "." {
		return f.Disk.Sync(below)
	}
	return errors.Join(f.Disk.Sync(below), confstore.Disk(filepath.Dir(f.config)).Sync(below))
}
