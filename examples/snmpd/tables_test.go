package main

import (
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/snmpd/conf"
	"github.com/fieldgate/fieldgate/snmp"
)

func TestProcessTable(t *testing.T) {
	folder := t.TempDir()
	for i, name := range []string{"sshd", "sshd", "sshd", "cron", "self"} {
		at := filepath.Join(folder, strconv.Itoa(i+1))
		if name == "self" {
			at = filepath.Join(folder, "self") // no process of its own
		}
		require.NoError(t, os.Mkdir(at, 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(at, "comm"), []byte(name+"\n"), 0o600))
	}
	h := processMount(folder, []conf.Process{{Name: "sshd", Max: 2}, {Name: "cron", Min: 2, Max: 4}, {Name: "self", Min: 1}, {Name: "cron"}}).Handler
	for i, want := range []struct {
		count int32
		fault string
	}{{3, "Too many sshd running (# = 3)"}, {1, "Too few cron running (# = 1)"}, {0, "No self process running"}, {1, ""}} {
		index := uint32(i + 1)
		entry := prTable().Append(1)
		assert.Equal(t, snmp.Integer(want.count), h.Get(entry.Append(5, index)))
		assert.Equal(t, snmp.OctetString(want.fault), h.Get(entry.Append(101, index)))
		flag := int32(0)
		if want.fault != "" {
			flag = 1
		}
		assert.Equal(t, snmp.Integer(flag), h.Get(entry.Append(100, index)))
	}
	assert.Equal(t, snmp.NoSuchInstance(), h.Get(prTable().Append(1, 5, 9)))
}

// However many ask at the same time, a program runs once.
func TestExtendRunsOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "runs")
	h := extendMount([]conf.Extend{{Name: "x", Program: "/bin/sh", Args: "-c 'echo run >> " + file + "; sleep 0.2; echo done'"}}).Handler
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			v := h.Get(extendTree().Append(3, 1, 1, 1, 'x'))
			assert.Equal(t, snmp.OctetString("done"), v)
		})
	}
	all.Wait()
	runs, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, "run\n", string(runs))
}

// An output without end is cut, and does not fill the memory.
func TestExtendOutputIsBounded(t *testing.T) {
	r := runProgram(conf.Extend{Program: "/bin/sh", Args: "-c 'yes | head -c 1000000'"})
	assert.Len(t, r.output, extendOutput-1, "without its last line end")
	assert.Zero(t, r.status)
}
