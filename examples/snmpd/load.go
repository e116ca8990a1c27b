package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fieldgate/fieldgate/examples/snmpd/conf"
	"github.com/fieldgate/fieldgate/snmp"
	"github.com/fieldgate/fieldgate/snmp/enginefile"
	"github.com/fieldgate/fieldgate/snmp/hostmib"
	"github.com/fieldgate/fieldgate/snmp/notify"
)

// defaultPersistentDir is where engine ID and boots are kept unless the
// configuration or the environment says otherwise.
const defaultPersistentDir = "/var/lib/snmp"

// read reads the configuration files. Those of -c have to be there.
func (p *program) read() (*conf.File, error) {
	host := conf.OS()
	var inputs []conf.Input
	if !p.options.noDefaults {
		for _, path := range defaultConfigs {
			text, err := host.Read(path, conf.MaxFile)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("the configuration cannot be read: %w", err)
			}
			inputs = append(inputs, conf.Input{Name: path, Text: text})
		}
	}
	for _, path := range p.options.configs {
		text, err := host.Read(path, conf.MaxFile)
		if err != nil {
			return nil, fmt.Errorf("the configuration cannot be read: %w", err)
		}
		inputs = append(inputs, conf.Input{Name: path, Text: text})
	}
	inputs = append(inputs, conf.Input{Name: "command line", Text: []byte(p.options.directives)})
	file := conf.Parse(inputs, host)
	for _, note := range file.Notes {
		p.log.line(note.String())
	}
	if len(file.Config.Communities) == 0 && len(file.Config.Users) == 0 {
		p.log.line("Warning: no access control information configured, nobody is let in.")
	}
	return file, p.listenOn(file, host)
}

// listenOn puts the addresses of the command line before those of the files.
func (p *program) listenOn(file *conf.File, host conf.Host) error {
	var listen []string
	for _, list := range p.options.listen {
		for text := range strings.SplitSeq(list, ",") {
			addr, err := host.Listen(text)
			if err != nil {
				return fmt.Errorf("address %w", err)
			}
			listen = append(listen, addr)
		}
	}
	for _, addr := range file.Config.Listen {
		if !slices.Contains(listen, addr) {
			listen = append(listen, addr)
		}
	}
	if len(listen) == 0 {
		listen = []string{"0.0.0.0:161"}
	}
	file.Config.Listen, file.Config.Enabled = listen, true
	return nil
}

// agent makes the agent of a configuration.
func (p *program) agent(file *conf.File) (*snmp.Service, error) {
	p.onlyDefaultContext(&file.Config)
	host := hostmib.New(hostOptions(p, file))
	mounts := host.Mounts()
	if len(file.Processes) > 0 {
		mounts = append(mounts, processMount("/proc", file.Processes))
	}
	if len(file.Extends) > 0 {
		if p.options.extend {
			mounts = append(mounts, extendMount(file.Extends))
		} else {
			p.log.line(fmt.Sprintf("Warning: %d lines with extend have no effect: programs are run with --extend only.", len(file.Extends)))
		}
	}
	folder := cmp.Or(file.PersistentDir, os.Getenv("SNMP_PERSISTENT_DIR"), defaultPersistentDir)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		p.log.line("Error: the engine ID cannot be kept: " + err.Error())
	}
	c, own := file.Config, newSettable(filepath.Join(folder, "fieldgate-system"), file.Config.System)
	var err error
	if c.System, err = own.load(c.System); err != nil {
		p.log.line("Error: " + err.Error())
	}
	s, err := snmp.New(c, snmp.Options{
		Logger: p.log.Logger, Handlers: mounts, Description: cmp.Or(file.Description, host.Description()),
		Hostname: hostname, SaveSystem: own.save, FixedSystem: own.fixed,
		Store: enginefile.New(filepath.Join(folder, "fieldgate-engine")), Sender: notify.New(notify.Options{}),
	})
	if err != nil {
		return nil, fmt.Errorf("the configuration cannot be used: %w", err)
	}
	for _, w := range file.Config.Warnings() {
		p.log.Debug(w.Text, "at", w.Path)
	}
	return s, nil
}

func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	return name
}

// onlyDefaultContext leaves out communities of contexts in which nothing is
// served.
func (p *program) onlyDefaultContext(c *snmp.Config) {
	c.Communities = slices.DeleteFunc(c.Communities, func(community snmp.Community) bool {
		if community.Context != "" {
			p.log.line(fmt.Sprintf("Warning: nothing is served in context %q: its community has no effect.", community.Context))
		}
		return community.Context != ""
	})
}

func hostOptions(p *program, file *conf.File) hostmib.Options {
	o := hostmib.Options{Logger: p.log.Logger, OtherDisks: file.AllDisks, MaxLoad: file.Load, QuietLinks: !file.LinkTraps}
	for _, d := range file.Disks {
		o.Disks = append(o.Disks, hostmib.Disk{Mount: d.Path, MinKiB: d.MinKiB, MinPercent: d.MinPercent})
	}
	return o
}
