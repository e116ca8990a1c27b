//go:build !no_modem

package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/atmodem"
	"github.com/fieldgate/fieldgate/api/atmodem/serialport"
	"github.com/fieldgate/fieldgate/api/modemmanager"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
)

const withModem = true

// modemUnit is the modem.
func modemUnit(doc document.Document, b backends) unit {
	return unit{
		name:    "modem",
		enabled: doc.Modem.Source != document.SourceNone,
		config:  doc.Modem,
		build:   func(context.Context) (service, error) { return b.modem(), nil },
		detail:  modemDetail,
	}
}

// modems is the [api.Modem] of the API: the modem whose unit runs, if any.
type modems struct{ slot slot[askedModem] }

// ModemInfo implements [api.Modem].
func (m *modems) ModemInfo(ctx context.Context) (api.ModemInfo, error) {
	if modem := m.slot.now.Load(); modem != nil {
		return modem.ModemInfo(ctx)
	}
	return api.ModemInfo{}, notReady("modem", "no modem is in use now, modem.source in the configuration of the gateway says which one is")
}

// openModem returns the modem of a configuration. It opens nothing yet.
func openModem(c document.Modem, log *slog.Logger) closingModem {
	if c.Source == document.ModemModemManager {
		return modemmanager.New(modemmanager.Options{Modem: c.Modem})
	}
	return atmodem.New(serialport.Port{Device: c.Device, Baud: c.Baud}.Open, atmodem.Options{Logger: log})
}

// real returns the unit of the modem of this host.
func (m *modems) real(c document.Modem, log *slog.Logger) service {
	return m.service(c, func() closingModem { return openModem(c, log) })
}

// service returns the unit of a modem. It starts also where no modem
// answers: there may be one later.
func (m *modems) service(c document.Modem, open func() closingModem) service {
	asked := &askedModem{where: cmp.Or(c.Device, "ModemManager")}
	return &modemService{asked: asked, service: provider("modem", func() (func() error, error) {
		if c.Source == document.SourceNone {
			return nil, errDisabled
		}
		asked.modem = open()
		m.slot.put(asked)
		return func() error {
			m.slot.leave(asked)
			return asked.modem.Close()
		}, nil
	})}
}

type modemService struct {
	service
	asked *askedModem
}

// askedModem remembers what came of the last question, for the page.
type askedModem struct {
	modem closingModem
	where string

	mu   sync.Mutex
	at   time.Time // zero: it has not been asked
	said api.ModemInfo
	err  error
}

func (m *askedModem) ModemInfo(ctx context.Context) (api.ModemInfo, error) {
	info, err := m.modem.ModemInfo(ctx)
	if ctx.Err() == nil { // who asks may go away; that says nothing of the modem
		m.mu.Lock()
		defer m.mu.Unlock()
		m.at, m.said, m.err = time.Now(), info, err
	}
	return info, err
}

// modemDetail says what the modem last said. It is asked by clients only.
func modemDetail(s service) string {
	unit, ok := s.(*modemService)
	if !ok {
		return ""
	}
	m := unit.asked
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.at.IsZero():
		return m.where + ", not asked yet"
	case m.err != nil:
		return fmt.Sprintf("%s, no answer at %s: %v", m.where, m.at.Format(time.TimeOnly), m.err)
	}
	name := strings.TrimSpace(m.said.Manufacturer + " " + m.said.Model)
	return fmt.Sprintf("%s, %s answered at %s", m.where, cmp.Or(name, "a modem without a name"), m.at.Format(time.TimeOnly))
}
