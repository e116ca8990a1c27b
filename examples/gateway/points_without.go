//go:build no_points

package main

import (
	"context"
	"io"
	"log/slog"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/ser2net"
)

const withPoints = false

// points has none.
type points struct{}

func newPoints(string) *points { return new(points) }

func pointsUnit(document.Document, backends) unit { return without("points") }

func (*points) real(document.Points, ser2net.Opener, *slog.Logger) (service, error) {
	return nil, leftOut("points")
}

func (*points) simulated(*slog.Logger) (service, error) { return nil, leftOut("points") }

func noPoints() error { return notReady("points", leftOut("points").Error()) }

// Devices implements [api.Points].
func (*points) Devices(context.Context) ([]api.Device, error) { return nil, noPoints() }

// Device implements [api.Points].
func (*points) Device(context.Context, string) (api.Device, error) { return api.Device{}, noPoints() }

// Tags implements [api.Points].
func (*points) Tags(context.Context, string) ([]api.Tag, error) { return nil, noPoints() }

// Value implements [api.Points].
func (*points) Value(context.Context, string, string) (api.TagValue, error) {
	return api.TagValue{}, noPoints()
}

// Sync implements [api.Sync].
func (*points) Sync(context.Context, io.Reader) (string, error) { return "", noPoints() }
