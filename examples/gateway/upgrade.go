package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/firmware"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
)

// upgrades is the [api.Upgrade] of the API.
type upgrades struct{ slot slot[upgradeService] }

// Receive implements [api.Upgrade].
func (u *upgrades) Receive(ctx context.Context, image io.Reader) (apply func() error, err error) {
	s := u.slot.now.Load()
	if s == nil {
		return nil, notReady("upgrade", "no firmware is taken now, upgrade.enabled in the configuration of the gateway says whether any is")
	}
	return s.taker.Receive(ctx, image)
}

// taker returns what takes firmware now; nil: nothing does.
func (u *upgrades) taker() api.Upgrade {
	if s := u.slot.now.Load(); s != nil {
		return s.taker
	}
	return nil
}

// service returns the unit that takes firmware. running is the version that
// runs now.
func (u *upgrades) service(c document.Upgrade, running string, log *slog.Logger) service {
	return u.serviceOf(func() (api.Upgrade, error) {
		if !c.Enabled {
			return nil, errDisabled
		}
		taker, err := firmware.New(c.Config, firmware.Options{RunningVersion: running, Logger: log})
		if err != nil {
			// The configuration was found valid without knowing the host. The
			// rest of the gateway is not to suffer.
			log.Error("no firmware can be taken", "error", err)
			return noUpgrade{fmt.Errorf("%w: %w (device.firmware says what runs)", api.ErrNotReady, err)}, nil
		}
		if err := taker.Clean(); err != nil && !errors.Is(err, api.ErrBusy) {
			log.Warn("what an earlier upgrade left is not removed", "error", err)
		}
		return taker, nil
	})
}

func (u *upgrades) serviceOf(open func() (api.Upgrade, error)) service {
	s := new(upgradeService)
	s.service = provider("upgrade", func() (_ func() error, err error) {
		if s.taker, err = open(); err != nil {
			return nil, err
		}
		u.slot.put(s)
		return func() error { u.slot.leave(s); return nil }, nil
	})
	return s
}

type upgradeService struct {
	service
	taker api.Upgrade
}

// noUpgrade says why there is none.
type noUpgrade struct{ reason error }

func (n noUpgrade) Receive(context.Context, io.Reader) (func() error, error) { return nil, n.reason }

// versionOf returns the version at the end of a firmware's name, such as
// "WCC Lite 1.8.2".
func versionOf(name string) string {
	return name[strings.LastIndexByte(name, ' ')+1:]
}

// upgradeDetail says how far the last upgrade has come.
func upgradeDetail(s service) string {
	unit, ok := s.(*upgradeService)
	if !ok {
		return ""
	}
	switch taker := unit.taker.(type) {
	case noUpgrade:
		return "takes nothing: " + taker.reason.Error()
	case *firmware.Upgrade:
		return stageDetail(taker.Status())
	}
	return ""
}

func stageDetail(s firmware.Status) string {
	text := string(s.Stage)
	if s.Version != "" {
		text += fmt.Sprintf(" version %s for %s, %d of %d bytes", s.Version, s.Board, s.Received, s.Size)
	}
	if s.Error != "" {
		text += ": " + s.Error
	}
	return text
}
