package ser2net_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ser2net"
)

func TestTraces(t *testing.T) {
	dir := t.TempDir()
	c := config(port(func(p *ser2net.PortConfig) {
		p.Name = "x/line"
		p.Traces = []ser2net.Trace{
			{File: dir + "/raw"},
			{File: dir + "/in", Direction: ser2net.DirectionToDevice},
			{File: dir + `/\o-\Y.hex`, HexDump: true},
			{File: dir + "/time", Direction: ser2net.DirectionToNetwork, HexDump: true, Timestamp: true},
			{File: dir + "/chunks", Timestamp: true},
		}
	}))
	bubble(t, c, func(t *testing.T, r *rig) {
		client := r.connect()
		client.send("ask")
		r.say("a \x00 longer one\xff")
	})
	stamp := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Local().Format("2006/01/02 15:04:05.000 ")
	year := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Local().Format("2006")
	for name, want := range map[string]string{
		"raw": "aska \x00 longer one\xff",
		"in":  "ask",
		"line-" + year + ".hex": "tcp  61 73 6b                 |ask|\n" +
			"term 61 20 00 20 6c 6f 6e 67  |a . long|\n" +
			"term 65 72 20 6f 6e 65 ff     |er one.|\n",
		"time": stamp + "term 61 20 00 20 6c 6f 6e 67  |a . long|\n" +
			stamp + "term 65 72 20 6f 6e 65 ff     |er one.|\n",
		"chunks": stamp + "tcp  ask\n" + stamp + "term a \x00 longer one\xff\n",
	} {
		got, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		assert.Equal(t, want, string(got), name)
	}
}

// A disk that is full, or a folder that is missing, does not stop a port.
func TestTraceThatCannotBeWritten(t *testing.T) {
	for name, file := range map[string]string{"missing_folder": t.TempDir() + "/none/file", "full": "/dev/full"} {
		t.Run(name, func(t *testing.T) {
			if _, err := os.Stat("/dev/full"); name == "full" && err != nil {
				t.Skip("needs /dev/full")
			}
			c := config(port(func(p *ser2net.PortConfig) { p.Traces = []ser2net.Trace{{File: file}} }))
			bubble(t, c, func(t *testing.T, r *rig) {
				client := r.connect()
				client.send("1")
				client.send("2")
				assert.Equal(t, "12", r.hear())
				synctest.Wait()
				assert.Contains(t, r.service.Status().Ports[0].LastError, "trace: ")
				failures := 0
				for _, kind := range r.kinds() {
					if kind == ser2net.EventFailed {
						failures++
					}
				}
				assert.Equal(t, 1, failures, "told once")
			})
		})
	}
}

// A pipe that nobody reads holds nothing up.
func TestTracePipe(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	bubble(t, config(port(func(p *ser2net.PortConfig) { p.Traces = []ser2net.Trace{{File: pipe}} })), func(t *testing.T, r *rig) {
		client := r.connect()
		client.send("works")
		assert.Equal(t, "works", r.hear())
		assert.Contains(t, r.service.Status().Ports[0].LastError, pipe)
	})
}
