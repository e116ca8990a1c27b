package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSum(t *testing.T) {
	own, other, std := sum([]byte(strings.Join([]string{
		"  11000      100 T main.run",
		"  11100       50 T github.com/fieldgate/fieldgate/snmp/internal/ber.(*Decoder).Next",
		"  11200       25 r github.com/fieldgate/fieldgate/examples/gateway/pages.style",
		"  11300       10 T github.com/godbus/dbus/v5.(*Conn).Auth",
		"  11400        5 T go.yaml.in/yaml/v4/internal/libyaml.Load",
		"  11500        4 T slices.Index[go.shape.[]github.com/godbus/dbus/v5.Signature,go.shape.string]",
		"  11600        3 T vendor/golang.org/x/net/idna.init",
		"  11700        2 T crypto/internal/fips140/bigmod.addMulVVW",
		"  11800        1 r go:func.*",
		"  11900 33554432 D crypto/internal/fips140/drbg.memory",
		"  12000       99 B runtime.mheap_",
		"                 U missing",
	}, "\n")), []string{"github.com/godbus/dbus/v5", "go.yaml.in/yaml/v4", "go.yaml.in/yaml"})
	assert.Equal(t, map[string]int64{"examples/gateway": 100, "snmp": 50, "examples/gateway/pages": 25}, own)
	assert.Equal(t, map[string]int64{"github.com/godbus/dbus/v5": 10, "go.yaml.in/yaml/v4": 5}, other)
	assert.Equal(t, map[string]int64{"slices": 4, "golang.org": 3, "crypto": 2, "(types and tables)": 1}, std)
}

func TestWrite(t *testing.T) {
	var b strings.Builder
	write(&b, "it", map[string]int64{"a": 30_400, "b": 1_234_567, "c": 400, "d": 700})
	assert.Equal(t, "\n| code and data of it | kilobytes |\n|---|---:|\n| b | 1,235 |\n| a | 30 |\n| others below 20 each | 1 |\n| **sum** | **1,266** |\n", b.String())
}

func TestKilo(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 499: "0", 500: "1", 999_499: "999", 999_500: "1,000", 16_908_481: "16,908", 1_234_567_890: "1,234,568"} {
		assert.Equal(t, want, kilo(n))
	}
}

func TestBetween(t *testing.T) {
	text, err := between("a\n"+begin+"old\n"+end+"b\n", "new\n")
	require.NoError(t, err)
	assert.Equal(t, "a\n"+begin+"new\n"+end+"b\n", text)
	for _, wrong := range []string{"", begin, end, "a" + end} {
		_, err := between(wrong, "new\n")
		assert.Error(t, err)
	}
}
