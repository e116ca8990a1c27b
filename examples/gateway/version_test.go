package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestBuild(t *testing.T) {
	known := build{
		"go": "go1.26.0", "GOOS": "linux", "GOARCH": "mipsle", "GOMIPS": "softfloat", "-tags": "no_snmp",
		"vcs.revision": "0123456789abcdef0123456789abcdef01234567", "vcs.time": "2026-11-23T06:00:00Z", "vcs.modified": "false",
	}
	assert.Equal(t, release+" (0123456789ab)", known.version())
	assert.Equal(t, "fieldgate "+release+`
commit   0123456789abcdef0123456789abcdef01234567
date     2026-11-23T06:00:00Z
go       go1.26.0
target   linux/mipsle softfloat
without  no_snmp
`, known.String())

	known["vcs.modified"] = "true"
	assert.Equal(t, release+" (0123456789ab with changes)", known.version())
	assert.Contains(t, known.String(), "01234567 with changes\n")

	unknown := build{"GOOS": "linux", "GOARCH": "amd64"}
	assert.Equal(t, release, unknown.version())
	assert.Equal(t, "fieldgate "+release+"\ntarget   linux/amd64\n", unknown.String(), "nothing is invented")
}

func TestTarget(t *testing.T) {
	for want, b := range map[string]build{
		"linux/amd64 v1":       {"GOARCH": "amd64", "GOAMD64": "v1"},
		"linux/arm 7":          {"GOARCH": "arm", "GOARM": "7"},
		"linux/mips softfloat": {"GOARCH": "mips", "GOMIPS": "softfloat"},
		"linux/riscv64":        {"GOARCH": "riscv64"},
	} {
		b["GOOS"] = "linux"
		assert.Equal(t, want, b.target())
	}
}
