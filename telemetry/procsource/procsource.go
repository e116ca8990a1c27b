// Package procsource is the [telemetry.Source] of a Linux host: it reads
// /proc, /sys, /etc/os-release and the sizes of the mounted filesystems.
//
//	source := procsource.New(procsource.Options{Firmware: "2.1.0"})
//
// Modem and tunnels are no facts of the kernel: functions in the Options tell
// them, and without one they are unknown. The loopback interface is left out:
// nothing of the device's traffic passes it. [Clock] is the clock for
// telemetry.Options of a device that may start without the time of day.
package procsource

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/fieldgate/fieldgate/internal/hostfacts"
	"github.com/fieldgate/fieldgate/telemetry"
)

// Options change where the facts come from. The zero value reads the host.
type Options struct {
	// Root is the folder that stands for "/", with proc, sys and etc below
	// it. Empty: "/".
	Root string
	// Firmware is the version of the device's firmware. Empty: PRETTY_NAME of
	// os-release(5), such as "Debian GNU/Linux 12 (bookworm)".
	Firmware string
	// Modem, IPsec and OpenVPN tell what the kernel does not know. Each is
	// called once by every Sample, at the same time as the others, and must
	// allow concurrent calls. It should end with its ctx: a Sample goes on
	// without one that does not, and does not call it again before it has
	// come back. Nil, or an error: the facts are unknown.
	Modem   func(ctx context.Context) (telemetry.Modem, error)
	IPsec   func(ctx context.Context) (telemetry.Tunnels, error)
	OpenVPN func(ctx context.Context) (telemetry.Tunnels, error)
}

// Source reads a host anew at each Sample. Make it with [New].
type Source struct {
	host     *hostfacts.Host
	firmware string
	modem    asked[telemetry.Modem]
	ipsec    asked[telemetry.Tunnels]
	openvpn  asked[telemetry.Tunnels]
	ioWait   atomic.Uint64 // the most that was read
}

var _ telemetry.Source = (*Source)(nil)

// New returns the Source. It reads nothing yet.
func New(o Options) *Source {
	return &Source{
		host:     hostfacts.New(hostfacts.Options{Root: o.Root}),
		firmware: o.Firmware,
		modem:    asked[telemetry.Modem]{name: "modem", ask: o.Modem},
		ipsec:    asked[telemetry.Tunnels]{name: "ipsec", ask: o.IPsec},
		openvpn:  asked[telemetry.Tunnels]{name: "openvpn", ask: o.OpenVPN},
	}
}

// Sample reads all facts. What cannot be read is unknown, and the error names
// it. ctx is looked at between two facts of the kernel, and bounds how long
// the functions of the Options are waited for.
func (s *Source) Sample(ctx context.Context) (telemetry.Sample, error) {
	if err := ctx.Err(); err != nil {
		return telemetry.Sample{}, err
	}
	modem, ipsec, openvpn := s.modem.begin(ctx), s.ipsec.begin(ctx), s.openvpn.begin(ctx)
	sample, err := s.kernel(ctx)
	return sample, errors.Join(err,
		s.modem.end(ctx, modem, &sample.Modem),
		s.ipsec.end(ctx, ipsec, &sample.IPsec),
		s.openvpn.end(ctx, openvpn, &sample.OpenVPN),
	)
}

// kernel reads the facts that the kernel has.
func (s *Source) kernel(ctx context.Context) (telemetry.Sample, error) {
	var sample telemetry.Sample
	var errs []error
	for _, read := range []func(*telemetry.Sample) error{
		s.identity, s.release, s.uptime, s.load, s.cpu, s.memory, s.interfaces, s.disks,
	} {
		if err := ctx.Err(); err != nil {
			return sample, errors.Join(append(errs, err)...)
		}
		if err := read(&sample); err != nil {
			errs = append(errs, err)
		}
	}
	return sample, errors.Join(errs...)
}

func (s *Source) identity(to *telemetry.Sample) error {
	name, err := s.host.Hostname()
	if err != nil {
		return err
	}
	to.Host = telemetry.Known(name)
	return nil
}

func (s *Source) release(to *telemetry.Sample) error {
	if s.firmware != "" {
		to.Firmware = telemetry.Known(s.firmware)
		return nil
	}
	release, err := s.host.Release()
	if err != nil {
		return err
	}
	if release.PrettyName != "" {
		to.Firmware = telemetry.Known(release.PrettyName)
	}
	return nil
}

func (s *Source) uptime(to *telemetry.Sample) error {
	uptime, err := s.host.Uptime()
	if err != nil {
		return err
	}
	to.Uptime = telemetry.Known(uint64(uptime / time.Second))
	return nil
}

func (s *Source) load(to *telemetry.Sample) error {
	load, err := s.host.Load()
	if err != nil {
		return err
	}
	to.Load = telemetry.Load{
		One:     telemetry.Known(load.One),
		Five:    telemetry.Known(load.Five),
		Fifteen: telemetry.Known(load.Fifteen),
	}
	return nil
}

func (s *Source) cpu(to *telemetry.Sample) error {
	cpu, err := s.host.CPU()
	if err != nil {
		return err
	}
	to.CPU = telemetry.CPU{
		User:    telemetry.Known(cpu.User),
		System:  telemetry.Known(cpu.System),
		Idle:    telemetry.Known(cpu.Idle),
		IRQ:     telemetry.Known(cpu.IRQ),
		Nice:    telemetry.Known(cpu.Nice),
		IOWait:  telemetry.Known(s.risen(cpu.IOWait)),
		SoftIRQ: telemetry.Known(cpu.SoftIRQ),
		Steal:   telemetry.Known(cpu.Steal),
	}
	return nil
}

// risen keeps the time of waiting for input and output from falling: the
// kernel takes some of it back at times (proc_stat(5)), and a reader would
// take a smaller counter for a restart.
func (s *Source) risen(ioWait uint64) uint64 {
	for {
		most := s.ioWait.Load()
		if ioWait <= most {
			return most
		}
		if s.ioWait.CompareAndSwap(most, ioWait) {
			return ioWait
		}
	}
}

func (s *Source) memory(to *telemetry.Sample) error {
	memory, err := s.host.Memory()
	if err != nil {
		return err
	}
	to.Memory = telemetry.Memory{
		Total:     telemetry.Known(memory.Total),
		Available: telemetry.Known(memory.Available),
		Shared:    telemetry.Known(memory.Shared),
		Buffers:   telemetry.Known(memory.Buffers),
		Cached:    telemetry.Known(memory.Cached),
	}
	return nil
}

func (s *Source) disks(to *telemetry.Sample) error {
	list, err := s.host.Filesystems()
	for _, f := range list {
		disk := telemetry.Disk{
			Mount:     f.Mount,
			Total:     telemetry.Known(f.TotalKiB),
			Used:      telemetry.Known(f.UsedKiB()),
			Available: telemetry.Known(f.AvailableKiB),
		}
		disk.InodesPercent.Value, disk.InodesPercent.Known = f.InodesUsedPercent()
		to.Disks = append(to.Disks, disk)
	}
	return err
}

// loopback is ARPHRD_LOOPBACK of the kernel's if_arp.h.
const loopback = 772

func (s *Source) interfaces(to *telemetry.Sample) error {
	list, err := s.host.Interfaces()
	for _, i := range list {
		if i.Type == loopback {
			continue
		}
		to.Interfaces = append(to.Interfaces, telemetry.Interface{
			Name:      i.Name,
			RxBytes:   telemetry.Known(i.Rx.Bytes),
			TxBytes:   telemetry.Known(i.Tx.Bytes),
			RxPackets: telemetry.Known(i.Rx.Packets),
			TxPackets: telemetry.Known(i.Tx.Packets),
			RxErrors:  telemetry.Known(i.Rx.Errors),
			TxErrors:  telemetry.Known(i.Tx.Errors),
			RxDropped: telemetry.Known(i.Rx.Drops),
			TxDropped: telemetry.Known(i.Tx.Drops),
			MTU:       telemetry.Known(i.MTU),
			Speed:     telemetry.Maybe[uint64]{Value: uint64(max(i.SpeedMbit, 0)), Known: i.SpeedMbit >= 0},
		})
	}
	return err
}
