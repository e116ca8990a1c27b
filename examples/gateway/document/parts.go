package document

import (
	"errors"
	"strings"

	"github.com/fieldgate/fieldgate/api/firmware"
	"github.com/fieldgate/fieldgate/api/redispoints"
	"github.com/fieldgate/fieldgate/telemetry"
)

// Modem says which modem /api/gsmInfo asks.
type Modem struct {
	// Source is none (default), at for a command port, or modemmanager.
	Source string `yaml:"source"`
	// Device is the command port, for the source at.
	Device string `yaml:"device"`
	// Baud is the speed of the command port in bit/s, 50 to 4,000,000.
	// Default, also when 0: 115200.
	Baud int `yaml:"baud"`
	// Modem is the IMEI or the path of the modem, for the source
	// modemmanager. Empty: the first one.
	Modem string `yaml:"modem"`
}

const (
	SourceNone        = "none"
	ModemAT           = "at"
	ModemModemManager = "modemmanager"
	PointsHub         = "hub"
	PointsRedis       = "redis"
)

// The speeds that serial lines have, in bit/s.
const (
	MinBaud = 50
	MaxBaud = 4_000_000
)

// Points says whose devices and tags the API offers.
type Points struct {
	// Source is hub (default): the gateway's own hub, configured by
	// /api/sync; redis: the tag bus of a hub that the device has already;
	// or none.
	Source string `yaml:"source"`
	// Redis is that tag bus. With another source it is not looked at.
	Redis redispoints.Config `yaml:"redis"`
}

// Upgrade says which firmware is taken, and what is done with it.
type Upgrade struct {
	// Enabled switches it on. Off (the default), /api/sysupgrade takes
	// nothing, and nothing else is looked at here.
	Enabled         bool `yaml:"enabled"`
	firmware.Config `yaml:",inline"`
}

func (c Modem) validate() error {
	var faults telemetry.ConfigError
	switch c.Source {
	case ModemAT:
		if !strings.HasPrefix(c.Device, "/") {
			faults.Addf("device", "required with source at: the path of the command port, such as /dev/ttyUSB2")
		}
	case SourceNone, ModemModemManager:
		if c.Device != "" {
			faults.Addf("device", "only used with source at")
		}
	default:
		faults.Addf("source", "unknown word %q, want %s, %s, %s", c.Source, SourceNone, ModemAT, ModemModemManager)
	}
	if c.Baud != 0 && (c.Baud < MinBaud || c.Baud > MaxBaud) {
		faults.Addf("baud", "%d is out of range, allowed is %d to %d, or 0 for 115200", c.Baud, MinBaud, MaxBaud)
	}
	if c.Modem != "" && c.Source != ModemModemManager {
		faults.Addf("modem", "only used with source modemmanager")
	}
	return faults.Err()
}

func (c Points) validate() error {
	var faults telemetry.ConfigError
	switch c.Source {
	case SourceNone, PointsHub:
	case PointsRedis:
		var list telemetry.ConfigError // the same type in every service
		if errors.As(c.Redis.Validate(), &list) {
			for _, f := range list {
				faults.Addf(strings.TrimSuffix("redis."+f.Path, "."), "%s", f.Problem)
			}
		}
	default:
		faults.Addf("source", "unknown word %q, want %s, %s, %s", c.Source, PointsHub, PointsRedis, SourceNone)
	}
	return faults.Err()
}

// validate looks at what is used only.
func (c Upgrade) validate() error {
	if !c.Enabled {
		return nil
	}
	return c.Config.Validate()
}

// warnings returns what works but should be known of the parts behind the
// API.
func (d Document) partWarnings() (all []string) {
	if d.Points.Source == PointsRedis {
		for _, w := range d.Points.Redis.Warnings() {
			all = append(all, "points.redis."+w.String())
		}
	}
	if d.Upgrade.Enabled {
		for _, w := range d.Upgrade.Warnings() {
			all = append(all, "upgrade."+w.String())
		}
	}
	on := d.API.Endpoints
	points := on.Devices || on.DeviceInfo || on.DeviceTags || on.DeviceTagValue || on.Tags
	for _, idle := range []struct {
		is        bool
		path, why string
	}{
		{on.GSMInfo && d.Modem.Source == SourceNone, "modem.source", "is none, so /api/gsmInfo answers that it is not ready"},
		{points && d.Points.Source == SourceNone, "points.source", "is none, so the endpoints of devices and tags answer that they are not ready"},
		{on.Sync && d.Points.Source != PointsHub, "points.source", "is not hub, so /api/sync answers that it is not ready"},
		{on.Sysupgrade && !d.Upgrade.Enabled, "upgrade.enabled", "is off, so /api/sysupgrade answers that it is not ready"},
	} {
		if d.API.Enabled && idle.is {
			all = append(all, idle.path+": "+idle.why)
		}
	}
	return all
}
