package redispoints_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api"
	"github.com/fieldgate/fieldgate/api/redispoints"
)

// message is the good value n of this moment.
func message(n int) string { return fmt.Sprintf("%d,%d,", n, time.Now().UnixMilli()) }

func TestMessages(t *testing.T) {
	const invalid, old, overflow = api.FlagInvalid, api.FlagNonTopical, api.FlagOverflow
	for text, want := range map[string]struct {
		value string
		flags api.Flags
	}{
		"5.9589999999999996,1708000203824,":   {"5.959", 0},
		"-12,1708000203824,IV":                {"-12", invalid},
		"9007199254740993,1708000203824,":     {"9007199254740993", 0},
		"18446744073709551615,1708000203824,": {"18446744073709551615", 0},
		"1e-7,1708000203824,NT":               {"1e-07", old},
		"nan,1708000203824,NT":                {"nan", old},
		"NaN,1708000203824,":                  {"nan", 0},
		"-nan,1708000203824,IV":               {"nan", invalid},
		"inf,1708000203824,":                  {"nan", overflow},
		"-1e999,1708000203824,":               {"nan", overflow},
		"1,1708000203824,IV NT OV":            {"1", invalid | old | overflow},
		"1,1708000203824,SB OV BL":            {"1", overflow},
		"1,1708000203824,iv":                  {"1", 0},
		" 1.50 , 1708000203824 , OV \r\n":     {"1.5", overflow},
		"1,1708000203824,\x00":                {"1", 0},
		"36893488147419103232,1708000203824,": {"3.6893488147419103e+19", 0},
	} {
		t.Run(text, func(t *testing.T) {
			v, err := redispoints.ParseMessage([]byte(text))
			require.NoError(t, err)
			assert.Equal(t, want.value, v.Value.String())
			assert.Equal(t, want.flags, v.Flags)
			assert.Equal(t, int64(1708000203824), v.Time.UnixMilli())
		})
	}
}

func TestMalformedMessages(t *testing.T) {
	for _, text := range []string{
		"", ",", ",,", "5", "5,1708000203824", "5,1708000203824,,", "x,1708000203824,", ",1708000203824,", "0x10,1708000203824,",
		"1_000,1708000203824,", "1p4,1708000203824,", "true,1708000203824,", "5,,", "5,-1,", "5,1.5,", "5,253402300800000,", "5,now,",
		"5;1708000203824;", "5,1708000203824," + strings.Repeat("x", 300), "\xff,1708000203824,",
	} {
		_, err := redispoints.ParseMessage([]byte(text))
		assert.Error(t, err, "%q", text)
	}
}

func FuzzMessage(f *testing.F) {
	for _, seed := range []string{"5.9589999999999996,1708000203824,", "nan,1,IV NT", "1e999,0,OV", "-9223372036854775808,1,"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := redispoints.ParseMessage(data)
		if err != nil {
			return
		}
		require.GreaterOrEqual(t, v.Time.UnixMilli(), int64(0))
		again, err := redispoints.ParseMessage(fmt.Appendf(nil, "%s,%d,%s", v.Value, v.Time.UnixMilli(), v.Flags))
		require.NoError(t, err)
		require.Equal(t, v, again, "what the API shows says the same")
	})
}

// What passes the guard keeps to the bounds, however it is cut into pieces.
func FuzzGuard(f *testing.F) {
	f.Add([]byte("*4\r\n$8\r\npmessage\r\n$1\r\n*\r\n$1\r\nx\r\n$3\r\n1,2\r\n*2\r\n$4\r\npong\r\n$0\r\n\r\n"))
	f.Add([]byte("-NOAUTH\r\n+OK\r\n:1\r\n$-1\r\n*-1\r\n"))
	f.Add([]byte("*1\r\n*1\r\n$2000000000\r\n"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		whole, wholeErr := io.ReadAll(redispoints.Guard(bytes.NewReader(stream)))
		pieces, piecesErr := io.ReadAll(redispoints.Guard(iotest.OneByteReader(bytes.NewReader(stream))))
		require.Equal(t, wholeErr == nil, piecesErr == nil)
		if wholeErr == nil {
			require.Equal(t, stream, append([]byte{}, whole...))
			require.Equal(t, stream, append([]byte{}, pieces...))
		}
	})
}
