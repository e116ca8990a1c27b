package procsystem

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/internal/hostfacts"
)

// Options are what the program knows better than the host. The zero value
// takes everything from the host.
type Options struct {
	// Root is the folder that stands for "/", with proc, sys and etc below
	// it. Empty: "/".
	Root string
	// DataPath is a path on the filesystem whose size is told, which holds
	// the device's data. It has to be a local one: measuring a network
	// filesystem without its server takes as long as the kernel waits.
	// Empty: "/".
	DataPath string
	// Model is the name of the hardware. Empty: what OpenWrt, the device tree
	// or the DMI table says.
	Model string
	// Serial is the serial number. Empty: that of the device tree or the DMI
	// table, else the hardware address of the first Ethernet interface.
	Serial string
	// FirmwareVersion is the version of the device's firmware. Empty:
	// PRETTY_NAME of os-release(5), such as "OpenWrt 23.05.5".
	FirmwareVersion string
}

// System reads the facts of a host. Make it with [New]. Its methods are safe
// for concurrent use.
type System struct {
	host    *hostfacts.Host
	options Options
}

var _ api.System = (*System)(nil)

// New returns the provider. It reads nothing yet.
func New(o Options) *System {
	return newSystem(hostfacts.New(hostfacts.Options{Root: o.Root}), o)
}

func newSystem(host *hostfacts.Host, o Options) *System {
	if o.DataPath == "" {
		o.DataPath = "/"
	}
	return &System{host: host, options: o}
}

// SystemInfo reads all facts; ctx is looked at after each of them.
func (s *System) SystemInfo(ctx context.Context) (api.SystemInfo, error) {
	var info api.SystemInfo
	var fault error // of the first fact that cannot be read
	for _, read := range []func(*api.SystemInfo) error{
		s.hostname, s.kernel, s.model, s.serial, s.firmware, s.uptime, s.load, s.memory, s.disk,
	} {
		if err := read(&info); err != nil && fault == nil {
			fault = err
		}
		if err := ctx.Err(); err != nil {
			return api.SystemInfo{}, fmt.Errorf("procsystem: %w", err)
		}
	}
	if fault != nil && info == (api.SystemInfo{}) {
		return api.SystemInfo{}, fmt.Errorf("procsystem: no fact can be read: %w", fault)
	}
	info.Time = time.Now()
	s.override(&info)
	return info, nil
}

// override puts in what the program knows.
func (s *System) override(info *api.SystemInfo) {
	for _, fact := range []struct {
		to   *string
		text string
	}{
		{&info.Model, s.options.Model},
		{&info.Serial, s.options.Serial},
		{&info.FirmwareVersion, s.options.FirmwareVersion},
	} {
		if fact.text != "" {
			*fact.to = fact.text
		}
	}
}

func (s *System) hostname(info *api.SystemInfo) error {
	hostname, err := s.host.Hostname()
	info.Hostname = clean(hostname)
	return err
}

func (s *System) kernel(info *api.SystemInfo) error {
	kernel, err := s.host.Kernel()
	info.Kernel = clean(kernel)
	return err
}

func (s *System) model(info *api.SystemInfo) error {
	model, err := s.host.Model()
	info.Model = clean(model)
	return err
}

func (s *System) serial(info *api.SystemInfo) error {
	serial, err := s.host.Serial()
	info.Serial = clean(serial)
	return err
}

func (s *System) firmware(info *api.SystemInfo) error {
	release, err := s.host.Release()
	info.FirmwareVersion = clean(release.PrettyName)
	return err
}

func (s *System) uptime(info *api.SystemInfo) (err error) {
	info.Uptime, err = s.host.Uptime()
	return err
}

func (s *System) load(info *api.SystemInfo) error {
	load, err := s.host.Load()
	if err != nil {
		return err
	}
	info.Load = &api.Load{
		One:     float64(load.One) / 100,
		Five:    float64(load.Five) / 100,
		Fifteen: float64(load.Fifteen) / 100,
	}
	return nil
}

func (s *System) memory(info *api.SystemInfo) error {
	memory, err := s.host.Memory()
	if err != nil {
		return err
	}
	info.MemoryTotal, info.MemoryAvailable = bytesOf(memory.Total), bytesOf(memory.Available)
	return nil
}

func (s *System) disk(info *api.SystemInfo) error {
	space, err := s.host.Space(s.options.DataPath)
	if err != nil {
		return err
	}
	info.DiskTotal, info.DiskAvailable = bytesOf(space.TotalKiB), bytesOf(space.AvailableKiB)
	return nil
}

// bytesOf turns KiB into bytes, as many as 64 bits hold.
func bytesOf(kib uint64) *uint64 {
	n := min(kib, math.MaxUint64/1024) * 1024
	return &n
}

// clean makes text of firmware tables fit for JSON.
func clean(text string) string {
	return strings.TrimSpace(strings.ToValidUTF8(text, "\uFFFD"))
}
