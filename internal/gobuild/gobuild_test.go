package gobuild_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/internal/gobuild"
)

func TestProgramIsMadeOnce(t *testing.T) {
	folder := t.TempDir()
	source := filepath.Join(folder, "main.go")
	require.NoError(t, os.WriteFile(source, []byte("package main\n\nfunc main() {}\n"), 0o600))
	p := gobuild.Program{Package: source}
	path, err := p.Path()
	require.NoError(t, err)
	assert.FileExists(t, path)
	require.NoError(t, os.Remove(source))
	again, err := p.Path()
	require.NoError(t, err)
	assert.Equal(t, path, again)
	require.NoError(t, p.Remove())
	assert.NoFileExists(t, path)
}

func TestProgramThatCannotBeMade(t *testing.T) {
	p := gobuild.Program{Package: "./nothing"}
	_, err := p.Path()
	require.ErrorContains(t, err, "go build ./nothing")
	require.NoError(t, p.Remove())
}

func TestProgramThatNobodyWanted(t *testing.T) {
	require.NoError(t, new(gobuild.Program).Remove())
}
