//go:build no_simulate

package simulate

import (
	"context"
	"errors"

	"github.com/fieldgate/fieldgate/examples/gateway/doctor"
	"github.com/fieldgate/fieldgate/examples/gateway/document"
)

// Device is what there is none of in this gateway.
type Device struct{}

// New says that there is none.
func New() (*Device, error) {
	return nil, errors.New("simulate: this gateway was built without -simulate")
}

// Fill leaves a configuration as it is.
func (*Device) Fill(*document.Document) {}

// Host knows nothing.
func (*Device) Host() doctor.Host { return doctor.Host{} }

// Play ends at once.
func (*Device) Play(context.Context) {}

// Faults returns no switches.
func (*Device) Faults() *Faults { return new(Faults) }

// Faults has no switches.
type Faults struct{}

// All returns none.
func (*Faults) All() []State { return nil }

// DiskFull reports false.
func (*Faults) DiskFull() bool { return false }

// Set knows no switch.
func (*Faults) Set(Switch, bool) error { return ErrUnknown }
