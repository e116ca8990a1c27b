//go:build no_modem

package main

import (
	"context"
	"log/slog"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
)

const withModem = false

// modems has none.
type modems struct{}

// ModemInfo implements [api.Modem].
func (*modems) ModemInfo(context.Context) (api.ModemInfo, error) {
	return api.ModemInfo{}, notReady("modem", leftOut("modem").Error())
}

func modemUnit(document.Document, backends) unit { return without("modem") }

func (*modems) real(document.Modem, *slog.Logger) service { return disabled("modem") }

func (*modems) service(document.Modem, func() closingModem) service { return disabled("modem") }
