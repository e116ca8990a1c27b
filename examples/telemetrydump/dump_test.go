package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/telemetry"
)

const (
	vectors = "../../telemetry/testdata"
	testKey = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
	sealed  = "d18443a10104a10446474b3030303152a500010218610305041a6afd6d00051903e8483b9ddc0bdeb52a68"
	acked   = "d18443a10104a10446474b3030303149831861051a6afd6d0148976547a80ad93f0d"
)

// dump runs the program.
func dump(stdin string, args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = run(args, strings.NewReader(stdin), &out, &errs)
	return code, out.String(), errs.String()
}

func keyFile(t *testing.T, content string) string {
	path := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// Every published vector is shown with the message beside it.
func TestDumpOfVectors(t *testing.T) {
	key := keyFile(t, testKey)
	for folder, form := range map[string]string{vectors: "bare", vectors + "/sealed": "sealed"} {
		files, err := filepath.Glob(folder + "/*.hex")
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, file := range files {
			t.Run(form+" "+filepath.Base(file), func(t *testing.T) {
				code, stdout, stderr := dump("", "-key", key, file)
				want, err := os.ReadFile(strings.TrimSuffix(file, ".hex") + ".json")
				if errors.Is(err, os.ErrNotExist) { // forged
					assert.Equal(t, exitFailed, code)
					assert.NotContains(t, stdout, `"verified":true`)
					return
				}
				require.NoError(t, err)
				assert.Equal(t, exitOK, code, stderr)
				assert.Empty(t, stderr)
				var got struct {
					Bytes    int
					Form     string
					Verified *bool
					Message  json.RawMessage
				}
				require.NoError(t, json.Unmarshal([]byte(stdout), &got))
				var compact bytes.Buffer
				require.NoError(t, json.Compact(&compact, want))
				assert.Equal(t, compact.String(), string(got.Message))
				assert.Equal(t, form, got.Form)
				assert.Equal(t, form == "sealed", got.Verified != nil && *got.Verified)
				text, err := os.ReadFile(file)
				require.NoError(t, err)
				assert.Equal(t, len(bytes.TrimSpace(text))/2, got.Bytes)
			})
		}
	}
}

func TestDump(t *testing.T) {
	const message = `"message":{"v":1,"serial":"GK0001","boot":97,"seq":5,"time":1794993408,"uptime":1000}}` + "\n"
	fleet, err := telemetry.ParseKey(testKey)
	require.NoError(t, err)
	derived := telemetry.DeriveKey(fleet, "GK0001").Reveal()
	binary, err := hex.DecodeString(sealed)
	require.NoError(t, err)
	raw := filepath.Join(t.TempDir(), "datagram")
	require.NoError(t, os.WriteFile(raw, binary, 0o600))

	for name, tc := range map[string]struct {
		stdin string
		args  []string
		code  int
		out   string
		err   string
	}{
		"hex":                {"", []string{"a200010300"}, 0, `{"bytes":5,"form":"bare","message":{"v":1,"seq":0}}` + "\n", ""},
		"lines on stdin":     {"a200010300\r\n\n A200010301\n", nil, 0, `{"bytes":5,"form":"bare","message":{"v":1,"seq":0}}` + "\n" + `{"bytes":5,"form":"bare","message":{"v":1,"seq":1}}` + "\n", ""},
		"bytes on stdin":     {"\xa2\x00\x01\x03\x00", []string{"-"}, 0, `{"bytes":5,"form":"bare","message":{"v":1,"seq":0}}` + "\n", ""},
		"bytes in a file":    {"", []string{raw}, 0, `{"bytes":43,"form":"sealed",` + message, ""},
		"sealed, no key":     {"", []string{sealed}, 0, `{"bytes":43,"form":"sealed",` + message, ""},
		"sealed, its key":    {"", []string{"-key", keyFile(t, testKey), sealed}, 0, `{"bytes":43,"form":"sealed","verified":true,` + message, ""},
		"sealed, other key":  {"", []string{"-key", keyFile(t, derived), sealed}, 1, `{"bytes":43,"form":"sealed","verified":false,` + message, ""},
		"keys of collector":  {"", []string{"-keys", keyFile(t, "GK0001 "+testKey), sealed}, 0, `{"bytes":43,"form":"sealed","verified":true,` + message, ""},
		"key of the fleet":   {"", []string{"-keys", keyFile(t, "* "+testKey), sealed}, 1, `{"bytes":43,"form":"sealed","verified":false,` + message, ""},
		"unknown device":     {"", []string{"-keys", keyFile(t, "GK0002 "+testKey), sealed}, 0, `{"bytes":43,"form":"sealed",` + message, ""},
		"ack":                {"", []string{"-key", keyFile(t, testKey), acked}, 0, `{"bytes":34,"form":"ack","verified":true,"ack":{"serial":"GK0001","boot":97,"seq":5,"time":1794993409}}` + "\n", ""},
		"ack, no key":        {"", []string{acked}, 1, "", "argument: an ack, which is read with the key"},
		"ack, other key":     {"", []string{"-key", keyFile(t, derived), acked}, 1, "", "argument: telemetry: ack: "},
		"goes on after one":  {"", []string{"ff", "a200010300"}, 1, `{"bytes":5,"form":"bare","message":{"v":1,"seq":0}}` + "\n", "argument: telemetry: decode"},
		"malformed line":     {"a200010300\na2000103\n", nil, 1, `{"bytes":5,"form":"bare","message":{"v":1,"seq":0}}` + "\n", "standard input: line 2: telemetry: decode"},
		"half a byte":        {"a200010300\na20", nil, 1, `{"bytes":5,"form":"bare","message":{"v":1,"seq":0}}` + "\n", "standard input: line 2: encoding/hex: odd"},
		"later version":      {"", []string{"a200020300"}, 1, "", "version 2, want 1"},
		"truncated seal":     {"", []string{sealed[:60]}, 1, "", "telemetry: open"},
		"nothing":            {" \n", nil, 1, "", "standard input: it is empty"},
		"no such file":       {"", []string{"gone"}, 1, "", "gone: no such file or directory: an argument is hex or a file"},
		"unknown flag":       {"", []string{"-x"}, 2, "", "-x"},
		"help":               {"", []string{"-h"}, 0, "", "-keys"},
		"both keys":          {"", []string{"-key", "a", "-keys", "b"}, 2, "", "exclude each other"},
		"key file is gone":   {"", []string{"-key", "gone", sealed}, 2, "", "gone"},
		"keys file is gone":  {"", []string{"-keys", "gone", sealed}, 2, "", "gone"},
		"key file is no key": {"", []string{"-key", keyFile(t, "secret"), sealed}, 2, "", "hexadecimal"},
	} {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := dump(tc.stdin, tc.args...)
			assert.Equal(t, tc.code, code, stderr)
			assert.Equal(t, tc.out, stdout)
			assert.Contains(t, stderr, tc.err)
			assert.Equal(t, tc.err == "", stderr == "", stderr)
			assert.NotContains(t, stderr, "secret")
		})
	}
}

func TestDumpOfBrokenStreams(t *testing.T) {
	var out, errs bytes.Buffer
	assert.Equal(t, exitFailed, run(nil, iotest.ErrReader(errors.New("pulled out")), &out, &errs))
	assert.Contains(t, errs.String(), "standard input: pulled out")
	errs.Reset()
	assert.Equal(t, exitFailed, run([]string{"a200010300"}, nil, fullDisk{}, &errs))
	assert.Contains(t, errs.String(), "no space")
	assert.Equal(t, exitFailed, run(nil, bytes.NewReader(make([]byte, maxInput+1)), &out, &errs))
	assert.Contains(t, errs.String(), "more than 67108864 bytes")
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space") }
