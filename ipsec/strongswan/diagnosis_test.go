package strongswan

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ipsec"
)

// The folder has what charon 5.9.8 said to swanctl --initiate, as
// "version-case": 1-agg is aggressive mode.
func TestDiagnosis(t *testing.T) {
	want := map[string]ipsec.Cause{
		"1-name": ipsec.CauseName, "2-name": ipsec.CauseName,
		"1-silent": ipsec.CauseNoResponse, "2-silent": ipsec.CauseNoResponse,
		"1-silent0": ipsec.CauseNoResponse, "2-silent0": ipsec.CauseNoResponse,
		// charon does not tell a missing route apart.
		"1-unreachable": ipsec.CauseNoResponse, "2-unreachable": ipsec.CauseNoResponse,
		"1-psk": ipsec.CauseAuthentication, "2-psk": ipsec.CauseAuthentication, "1-agg-psk": ipsec.CauseAuthentication,
		"1-localid": ipsec.CauseAuthentication, "2-localid": ipsec.CauseAuthentication, "1-agg-localid": ipsec.CauseAuthentication,
		"1-remoteid": ipsec.CauseAuthentication, "2-remoteid": ipsec.CauseAuthentication,
		"1-phase1": ipsec.CausePhase1, "2-phase1": ipsec.CausePhase1, "1-agg-phase1": ipsec.CausePhase1,
		"1-phase2": ipsec.CausePhase2, "2-phase2": ipsec.CausePhase2,
		"1-selectors": ipsec.CauseSelectors, "2-selectors": ipsec.CauseSelectors,
		"1-good": "", "2-good": "", "1-agg-good": "",
	}
	files, err := filepath.Glob("testdata/initiate/*")
	require.NoError(t, err)
	require.Len(t, files, len(want))
	for _, path := range files {
		name := filepath.Base(path)
		t.Run(name, func(t *testing.T) {
			d, reply := recorded(t, path)
			cause, known := want[name]
			require.True(t, known)
			assert.Equal(t, cause, d.cause, d.detail)
			assert.Equal(t, strings.HasSuffix(name, "0"), d.hopeless)
			if cause == "" {
				assert.True(t, d.established)
				return
			}
			f := d.failure("m", reply)
			assert.Equal(t, cause, f.Cause)
			assert.NotEmpty(t, f.Detail)
			assert.LessOrEqual(t, len(f.Log), keptLines)
			assert.NotContains(t, f.Detail, "[IKE]")
		})
	}
}

// recorded reads a recording: "[GROUP] text" lines, and swanctl's own.
func recorded(t *testing.T, path string) (*diagnosis, string) {
	f, err := os.Open(path)
	require.NoError(t, err)
	defer func() { _ = f.Close() }() // only read
	var d diagnosis
	reply := ""
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if text, ok := strings.CutPrefix(lines.Text(), "initiate failed: "); ok {
			reply = text
		} else if _, text, ok := strings.Cut(lines.Text(), "] "); ok && strings.HasPrefix(lines.Text(), "[") {
			d.line(text)
		}
	}
	return &d, reply
}

func TestDiagnosisOfLines(t *testing.T) {
	up := "IKE_SA m[1] established between 192.0.2.1[a]...192.0.2.2[b]"
	for name, c := range map[string]struct {
		lines []string
		reply string
		cause ipsec.Cause
	}{
		"no key":               {[]string{"no shared key found for 'a' - 'b'"}, "", ipsec.CauseNoSecret},
		"no private key":       {[]string{"no private key found for 'a'"}, "", ipsec.CauseNoSecret},
		"expired":              {[]string{"subject certificate invalid (valid from Jan 01 to Jan 02)", "no trusted RSA public key found for 'b'"}, "", ipsec.CauseCertificate},
		"wrong CA":             {[]string{"constraint check failed: peer not authenticated by CA 'CN=x'"}, "", ipsec.CauseCertificate},
		"peer closes":          {[]string{up, "received DELETE for IKE_SA m[1]"}, "", ipsec.CauseClosed},
		"silent after phase 1": {[]string{up, "giving up after 2 retransmits"}, "", ipsec.CauseNoResponse},
		"IKEv1 early":          {[]string{"received INVALID_ID_INFORMATION error notify"}, "", ipsec.CauseAuthentication},
		"kernel":               {[]string{up, "error installing route with policy 10.0.0.0/8"}, "", ipsec.CauseDaemon},
		"another refusal":      {[]string{"received INVALID_SYNTAX notify error"}, "", ipsec.CauseOther},
		"too long":             {nil, "CHILD_SA 'm' not established after 4000ms", ipsec.CauseTimeout},
		"too long, silent":     {[]string{"retransmit 1 of request with message ID 0"}, "CHILD_SA 'm' not established after 4000ms", ipsec.CauseNoResponse},
		"unloaded":             {nil, "CHILD_SA config 'm' not found", ipsec.CauseDaemon},
		"nothing is said":      {nil, "", ipsec.CauseOther},
		"what is not known":    {[]string{strings.Repeat("x", 1000)}, "establishing CHILD_SA 'm' failed", ipsec.CauseOther},
	} {
		t.Run(name, func(t *testing.T) {
			var d diagnosis
			for _, line := range c.lines {
				d.line(line)
			}
			f := d.failure("m", c.reply)
			assert.Equal(t, c.cause, f.Cause)
			assert.NotEmpty(t, f.Detail)
			for _, line := range f.Log {
				assert.LessOrEqual(t, len(line), lineBytes)
			}
		})
	}
}

func FuzzDiagnosis(f *testing.F) {
	for _, s := range signs() {
		f.Add(s.text + "\nIKE_SA m[1] established between a...b\ngiving up after 2 retransmits")
	}
	f.Fuzz(func(t *testing.T, text string) {
		var d diagnosis
		for line := range strings.Lines(text) {
			d.line(line)
		}
		got := d.failure("m", "")
		assert.NotEmpty(t, got.Cause)
		assert.NotEmpty(t, got.Detail)
		assert.LessOrEqual(t, len(got.Log), keptLines)
	})
}
