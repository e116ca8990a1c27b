package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"time"

	"github.com/fieldgate/fieldgate/examples/fleet/sim"
	"github.com/fieldgate/fieldgate/telemetry"
)

// settings is what the flags say.
type settings struct {
	fleet    sim.Config
	to       string
	rate     float64 // reports a second of all devices together
	duration time.Duration
	check    string // "" = only send
	pathLoss bool
}

// Limits of the flags.
const (
	maxDevices  = 1_000_000
	maxRate     = 1_000_000
	maxDuration = 24 * time.Hour
	maxBoot     = 1 << 31 // room for reboots
)

// parse reads the flags. Its error has been printed.
func parse(args []string, stderr io.Writer) (settings, error) {
	var s settings
	var master string
	var boot uint64
	flags := flag.NewFlagSet("fleet", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&s.to, "to", "127.0.0.1:5150", "UDP `address` of the server")
	flags.IntVar(&s.fleet.Devices, "devices", 100, "`number` of devices, up to 1,000,000")
	flags.DurationVar(&s.fleet.Period, "period", time.Minute, "`time` between two reports of a device, from 1s")
	flags.Float64Var(&s.rate, "rate", 0, "reports a second of all devices together; `0` follows from -period")
	flags.DurationVar(&s.duration, "duration", 10*time.Second, "`time` to send for, up to 24h")
	flags.Float64Var(&s.fleet.Loss, "loss", 0, "`share` of reports that never arrive")
	flags.Float64Var(&s.fleet.Reorder, "reorder", 0, "`share` of reports that arrive behind later ones")
	flags.Float64Var(&s.fleet.Duplicate, "dup", 0, "`share` of reports that arrive twice")
	flags.Float64Var(&s.fleet.Reboot, "reboot", 0, "`share` of reports after which the device reboots")
	flags.Float64Var(&s.fleet.Clock, "clock", 0, "`share` of reports with no, an old or a wrong time")
	flags.Float64Var(&s.fleet.Forge, "forge", 0, "`share` of reports before which an attacker sends something")
	flags.StringVar(&master, "master", "", "`file` with the fleet master; none = bare messages")
	flags.StringVar(&s.fleet.Prefix, "prefix", "SIM", "what the serials begin with, before 8 digits")
	flags.Uint64Var(&boot, "boot", 0, "boot `counter` of the devices at the beginning; 0 goes on from what the collector knows, or begins with 1")
	flags.Uint64Var(&s.fleet.Seed, "seed", 1, "`number` that everything follows from")
	flags.StringVar(&s.check, "check", "", "`URL` of the collector, to compare its counters in the end")
	flags.BoolVar(&s.pathLoss, "path-loss", false, "the way to the server loses datagrams too: compare sums")
	if err := flags.Parse(args); err != nil {
		return s, err // printed by flags
	}
	s.fleet.Boot = uint32(min(boot, maxBoot))
	err := s.validate(flags.Args(), boot)
	if err == nil && master != "" {
		s.fleet.Master, err = readMaster(master)
	}
	if err != nil {
		fmt.Fprintln(stderr, "fleet:", err)
		return s, err
	}
	if s.rate == 0 {
		s.rate = float64(s.fleet.Devices) / s.fleet.Period.Seconds()
	}
	return s, nil
}

func (s *settings) validate(rest []string, boot uint64) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unknown argument %q: all settings are flags", rest[0])
	case s.fleet.Devices < 1 || s.fleet.Devices > maxDevices:
		return fmt.Errorf("-devices %d is out of range, allowed is 1 to %d", s.fleet.Devices, maxDevices)
	case s.fleet.Period < time.Second || s.fleet.Period > maxDuration:
		return fmt.Errorf("-period %s is out of range, allowed is 1s to %s", s.fleet.Period, maxDuration)
	case !(s.rate >= 0 && s.rate <= maxRate):
		return fmt.Errorf("-rate %v is out of range, allowed is 0 to %d", s.rate, maxRate)
	case s.duration <= 0 || s.duration > maxDuration:
		return fmt.Errorf("-duration %s is out of range, allowed is up to %s", s.duration, maxDuration)
	case boot > maxBoot:
		return fmt.Errorf("-boot %d is out of range, allowed is 0 to %d", boot, uint64(maxBoot))
	case len(s.fleet.Prefix) > 40:
		return errors.New("-prefix is longer than 40 bytes")
	}
	if u, err := url.Parse(s.check); s.check != "" && (err != nil || u.Scheme != "http" || u.Host == "") {
		return fmt.Errorf("-check %q is not of the form http://host:port", s.check)
	}
	if s.pathLoss && s.fleet.Reboot > 0 {
		return errors.New("-path-loss and -reboot exclude each other: what the path loses at the end of a boot is in no sum")
	}
	return s.fleet.Rates.Validate()
}

func readMaster(path string) (*telemetry.Key, error) {
	key, err := telemetry.ReadKeyFile(path)
	if err != nil {
		return nil, fmt.Errorf("-master: %w", err)
	}
	return &key, nil
}
