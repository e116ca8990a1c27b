package cellular_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/fieldgate/fieldgate/api/internal/cellular"
)

func TestRegistration(t *testing.T) {
	for stat, want := range map[uint64]string{
		0: "not registered", 1: "home", 2: "searching", 3: "denied", 4: "unknown", 5: "roaming",
		6: "home", 7: "roaming", 8: "denied", 9: "home", 10: "roaming", 11: "denied", 12: "", 1 << 40: "",
	} {
		assert.Equal(t, want, cellular.Registration(stat), "%d", stat)
		assert.Equal(t, want == "home" || want == "roaming", cellular.Registered(stat), "%d", stat)
	}
}

func TestNumber(t *testing.T) {
	for hex, want := range map[string]string{
		"1a2b3c": "1A2B3C", "0F01": "0F01", "12345678A": "12345678A",
		"": "", "0000": "", "FFFF": "", "ffffffff": "", "FFFE": "", "12G4": "", " 12": "", "1234567890": "",
	} {
		assert.Equal(t, want, cellular.Number(hex), "%q", hex)
	}
}
