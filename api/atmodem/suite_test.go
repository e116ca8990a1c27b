package atmodem_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/apitest/suite"
	"github.com/fieldgate/fieldgate/api/atmodem"
	"github.com/fieldgate/fieldgate/api/atmodem/atmodemtest"
)

func TestConforms(t *testing.T) {
	for name, o := range map[string]atmodem.Options{"cached": {}, "uncached": {TTL: always}} {
		t.Run(name, func(t *testing.T) {
			suite.TestModem(t, func(t *testing.T) api.Modem {
				m := atmodem.New(atmodemtest.NewModem().Open, o)
				t.Cleanup(func() { assert.NoError(t, m.Close()) })
				return m
			})
		})
	}
}

func TestNoModemConforms(t *testing.T) {
	suite.TestNoModem(t, func(t *testing.T) api.Modem {
		fake := atmodemtest.NewModem()
		fake.SetFaults(atmodemtest.Faults{Refuse: errors.New("not here")})
		m := atmodem.New(fake.Open, atmodem.Options{})
		t.Cleanup(func() { assert.NoError(t, m.Close()) })
		return m
	})
}
