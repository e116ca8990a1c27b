package confstore_test

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// errPower is what every call returns once the power is gone.
var errPower = errors.New("the power is gone")

// disk is a folder in memory that loses its power, or its space, at a step.
type disk struct {
	files   map[string]string // as the running system sees them
	durable map[string]string // names and contents that a power cut leaves for sure
	steps   int
	cutAt   int  // the step at which the power goes; 0: never
	fullAt  int  // the step from which on the disk is full; 0: never
	partly  bool // the write that is cut has reached the disk in part
}

func newDisk(files map[string]string) *disk {
	return &disk{files: maps.Clone(files), durable: maps.Clone(files)}
}

// afterCut returns what is left: the durable names, or all that was seen, as a
// file system that writes back at once has it. Contents are always synced
// before they are renamed.
func (d *disk) afterCut(eager bool) *disk {
	if eager {
		return newDisk(d.files)
	}
	return newDisk(d.durable)
}

func (d *disk) step() error {
	d.steps++
	if d.cutAt > 0 && d.steps >= d.cutAt {
		return errPower
	}
	return nil
}

func (d *disk) ReadFile(name string) ([]byte, error) {
	text, ok := d.files[name]
	if !ok {
		return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	return []byte(text), nil
}

func (d *disk) WriteFile(name string, content []byte) error {
	if err := d.step(); err != nil {
		if d.partly && d.steps == d.cutAt {
			d.files[name] = string(content[:len(content)/2])
		}
		return err
	}
	if d.fullAt > 0 && d.steps >= d.fullAt {
		d.files[name] = string(content[:len(content)/2])
		return syscall.ENOSPC
	}
	d.files[name] = string(content)
	return nil
}

func (d *disk) Rename(old, name string) error {
	if err := d.step(); err != nil {
		return err
	}
	d.files[name] = d.files[old]
	delete(d.files, old)
	return nil
}

func (d *disk) Remove(name string) error {
	if err := d.step(); err != nil {
		return err
	}
	if _, ok := d.files[name]; !ok {
		return fs.ErrNotExist
	}
	delete(d.files, name)
	return nil
}

func (d *disk) Sync(below string) error {
	if err := d.step(); err != nil {
		return err
	}
	maps.DeleteFunc(d.durable, func(name, _ string) bool { return filepath.Dir(name) == below })
	for name, text := range d.files {
		if filepath.Dir(name) == below {
			d.durable[name] = text
		}
	}
	return nil
}

func (d *disk) Names(below string) ([]string, error) {
	var names []string
	for name := range d.files {
		if filepath.Dir(name) == below {
			names = append(names, strings.TrimPrefix(name, below+"/"))
		}
	}
	slices.Sort(names)
	return names, nil
}
