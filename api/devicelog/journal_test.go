package devicelog_test

import (
	"bytes"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/api/apitest/suite"
	"github.com/fieldgate/fieldgate/api/devicelog"
)

const journalRemote = "/lib/systemd/systemd-journal-remote"

// journal is a folder of journal files, made by systemd itself.
type journal struct {
	folder  string
	files   int
	entries int64
}

func newJournal(t *testing.T) *journal {
	t.Helper()
	needPeer(t, "/usr/bin/journalctl", "systemd")
	needPeer(t, journalRemote, "systemd-journal-remote")
	return &journal{folder: t.TempDir()}
}

// append writes one more journal file, in the journal export format
// (systemd.io/JOURNAL_EXPORT_FORMATS).
func (j *journal) append(t *testing.T, lines ...string) {
	t.Helper()
	var export bytes.Buffer
	for _, line := range lines {
		j.entries++
		fmt.Fprintf(&export, "__REALTIME_TIMESTAMP=%d\n__MONOTONIC_TIMESTAMP=%d\n", 1700000000000000+j.entries*1000000, j.entries*1000000)
		fmt.Fprintf(&export, "_BOOT_ID=0123456789abcdef0123456789abcdef\n_HOSTNAME=plant-7\nSYSLOG_IDENTIFIER=hub\n_PID=42\nPRIORITY=6\nMESSAGE=%s\n\n", line)
	}
	j.files++
	cmd := exec.CommandContext(t.Context(), journalRemote, "-o", filepath.Join(j.folder, fmt.Sprintf("part%d.journal", j.files)), "-")
	cmd.Stdin = &export
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
}

func TestIntegrationJournalConforms(t *testing.T) {
	suite.TestSyslog(t, func(t *testing.T) suite.SyslogRig {
		j := newJournal(t)
		return suite.SyslogRig{Syslog: devicelog.Journal{Folder: j.folder}, Append: j.append}
	})
}

func TestIntegrationJournalLines(t *testing.T) {
	j := newJournal(t)
	j.append(t, "héllo €", "second")
	lines := strings.Split(read(t, devicelog.Journal{Folder: j.folder}), "\n")
	require.Len(t, lines, 3)
	assert.Regexp(t, `^2023-11-1\dT\d\d:\d\d:\d\d[+-]\d{4} plant-7 hub\[42\]: héllo €$`, lines[0])
	assert.Regexp(t, ` plant-7 hub\[42\]: second$`, lines[1])
}

// A large journal passes through, and one that is left half-way leaves no
// child.
func TestIntegrationLargeJournal(t *testing.T) {
	j := newJournal(t)
	lines := make([]string, 20_000)
	for i := range lines {
		lines[i] = fmt.Sprintf("line %05d of a long journal, with some text to it", i)
	}
	j.append(t, lines...)
	provider := devicelog.Journal{Folder: j.folder}
	text := read(t, provider)
	assert.Equal(t, len(lines), strings.Count(text, "\n"))
	assert.Contains(t, text, lines[0])
	assert.Contains(t, text[len(text)-200:], lines[len(lines)-1])

	ctx, w := endAfterFirst(t)
	require.ErrorIs(t, provider.WriteLog(ctx, w), ctx.Err())
}

func TestIntegrationJournalReasons(t *testing.T) {
	needPeer(t, "/usr/bin/journalctl", "systemd")
	assert.Empty(t, read(t, devicelog.Journal{Folder: t.TempDir()}))

	missing := filepath.Join(t.TempDir(), "missing")
	err := devicelog.Journal{Folder: missing}.WriteLog(t.Context(), io.Discard)
	require.ErrorContains(t, err, "devicelog: journalctl: Failed to open "+missing)
}
