package packaging

import (
	"bytes"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// release is what scripts/release has made of the source as it is.
type release struct {
	folder string
	first  string // a release
	again  string // the same, made in another place
	next   string // of nextVersion
	err    error
}

const nextVersion = "0.1.1"

var releasesOnce sync.Once

// made is what releases has made.
var made release

// releases makes the releases, once; it is safe for concurrent use.
func releases() (release, error) {
	releasesOnce.Do(func() { made = makeReleases() })
	return made, made.err
}

// removeReleases waits for what makes them and takes them away.
func removeReleases() {
	releasesOnce.Do(func() {})
	if made.folder != "" {
		_ = os.RemoveAll(made.folder)
	}
}

func makeReleases() (r release) {
	if r.folder, r.err = os.MkdirTemp("", "fg"); r.err != nil {
		return r
	}
	targets := strings.Fields(os.Getenv("FIELDGATE_RELEASE_TARGETS"))
	if len(targets) == 0 {
		targets = []string{"amd64"}
	}
	for _, build := range []struct {
		out                 *string
		source, name, other string
		targets             []string
	}{
		{&r.first, "one", "first", "", targets},
		{&r.again, filepath.Join("a", "deeper", "place"), "again", "", targets},
		{&r.next, "three", "next", nextVersion, []string{"amd64"}},
	} {
		source := filepath.Join(r.folder, build.source)
		*build.out = filepath.Join(r.folder, build.name)
		if r.err = snapshot(source, build.other); r.err != nil {
			return r
		}
		cmd := exec.Command(filepath.Join(source, "scripts", "release"), append([]string{*build.out}, build.targets...)...)
		cmd.Dir = os.TempDir()
		if build.out == &r.again {
			// Somebody else's shell.
			cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "TZ=Asia/Tokyo", "GOAMD64=v2", "GOARM64=v8.1", "GORISCV64=rva22u64")
			if os.Getenv("FIELDGATE_RELEASE_TARGETS") != "" {
				cmd.Env = append(cmd.Env, "GOCACHE="+filepath.Join(r.folder, "cache")) // compiled anew
			}
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			r.err = fmt.Errorf("scripts/release: %w: %s", err, out)
			return r
		}
	}
	return r
}

// snapshot copies the source as it is, changes included, into a repository of
// its own with one commit, whose hash depends on nothing but the content. With
// a version it is that of another release.
func snapshot(folder, version string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	script := `set -euo pipefail
cd "$1"
git ls-files -co --exclude-standard -z | while IFS= read -r -d '' file; do
	if [[ -f $file ]]; then printf '%s\0' "$file"; fi
done | tar --null -T - -cf - | tar -xf - -C "$2"
cd "$2"
if [[ $3 ]]; then sed -i "s/^const release = .*/const release = \"$3\"/" examples/gateway/version.go; fi
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
export GIT_AUTHOR_NAME=test GIT_AUTHOR_EMAIL=test@example.org GIT_AUTHOR_DATE='2026-11-23T06:00:00Z'
export GIT_COMMITTER_NAME=$GIT_AUTHOR_NAME GIT_COMMITTER_EMAIL=$GIT_AUTHOR_EMAIL GIT_COMMITTER_DATE=$GIT_AUTHOR_DATE
git init -q .
git add -A
git commit -q -m snapshot`
	out, err := exec.Command("bash", "-c", script, "bash", repository(), folder, version).CombinedOutput()
	if err != nil {
		return fmt.Errorf("snapshot: %w: %s", err, out)
	}
	return nil
}

// theReleases makes the releases or ends the test.
func theReleases(t *testing.T) release {
	t.Helper()
	for _, program := range []string{"bash", "git", "tar", "gzip"} {
		if _, err := exec.LookPath(program); err != nil {
			skip(t, err.Error())
		}
	}
	r, err := releases()
	require.NoError(t, err)
	return r
}

// one returns the only file of a folder that a pattern names.
func one(t *testing.T, folder, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(folder, pattern))
	require.NoError(t, err)
	require.Len(t, found, 1, pattern)
	return found[0]
}

// Go notes no commit in programs that are built in a worktree of git: there is
// no release then, rather than one that does not know what it is.
func TestIntegrationReleaseInWorktree(t *testing.T) {
	r := theReleases(t)
	worktree := filepath.Join(t.TempDir(), "worktree")
	command(t, "git", "-C", filepath.Join(r.folder, "one"), "worktree", "add", "--quiet", "--detach", worktree)
	out, err := tryCommand(t, filepath.Join(worktree, "scripts", "release"), t.TempDir(), "amd64")
	require.Error(t, err)
	assert.Contains(t, out, "worktree")
}

// Two releases of one commit in two folders have the same bytes.
func TestIntegrationReproducible(t *testing.T) {
	r := theReleases(t)
	files, err := os.ReadDir(r.first)
	require.NoError(t, err)
	again, err := os.ReadDir(r.again)
	require.NoError(t, err)
	assert.Len(t, again, len(files))
	assert.GreaterOrEqual(t, len(files), 5)
	for _, file := range files {
		a, err := os.ReadFile(filepath.Join(r.first, file.Name()))
		require.NoError(t, err)
		b, err := os.ReadFile(filepath.Join(r.again, file.Name()))
		require.NoError(t, err)
		assert.True(t, bytes.Equal(a, b), file.Name())
		assert.NotContains(t, string(a), r.folder, "%s tells where it was made", file.Name())
	}
	for _, folder := range []string{r.first, r.next} {
		cmd := exec.Command("sha256sum", "--check", "--strict", "SHA256SUMS")
		cmd.Dir = folder
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
}

// Each program says what it is, and its SBOM says what it is made of.
func TestIntegrationVersion(t *testing.T) {
	r := theReleases(t)
	for version, folder := range map[string]string{"0.1.0": r.first, nextVersion: r.next} {
		program := one(t, folder, "fieldgate-*-linux-amd64")
		assert.Equal(t, "fieldgate-"+version+"-linux-amd64", filepath.Base(program))
		out := command(t, program, "-version")
		assert.Regexp(t, `^fieldgate `+version+`
commit   [0-9a-f]{40}
date     2026-11-23T06:00:00Z
go       go1\.\d+\S*
target   linux/amd64 v1
$`, out)

		info, err := buildinfo.ReadFile(program)
		require.NoError(t, err)
		var list struct {
			Metadata struct {
				Timestamp string
				Component struct{ Version string }
			}
			Components []struct{ Name, Version string }
		}
		require.NoError(t, json.Unmarshal([]byte(read(t, program+".cdx.json")), &list))
		assert.Equal(t, "2026-11-23T06:00:00Z", list.Metadata.Timestamp)
		assert.Equal(t, version, list.Metadata.Component.Version)
		listed := make(map[string]string)
		for _, c := range list.Components {
			listed[c.Name] = c.Version
		}
		assert.Len(t, listed, len(info.Deps)+1, "every module and the standard library")
		for _, m := range info.Deps {
			assert.Equal(t, m.Version, listed[m.Path], m.Path)
		}
	}
}

// An architecture of OpenWrt whose name has no FPU may have none: only GOARM=5
// runs there. And make test-release builds what make release does.
func TestTargets(t *testing.T) {
	_, table, _ := strings.Cut(read(t, filepath.Join(repository(), "scripts", "release")), "all='\n")
	table, _, found := strings.Cut(table, "\n'")
	require.True(t, found)
	var targets []string
	for line := range strings.Lines(table) {
		columns := strings.Fields(line)
		require.Len(t, columns, 4, line)
		targets = append(targets, columns[0])
		for arch := range strings.SplitSeq(columns[3], ",") {
			if strings.HasPrefix(arch, "arm_") && !regexp.MustCompile(`[_-](vfp|neon)`).MatchString(arch) {
				assert.Equal(t, "arm,GOARM=5", columns[0], arch)
			}
		}
	}
	assert.Contains(t, read(t, filepath.Join(repository(), "scripts", "test-release")), `="`+strings.Join(targets, " ")+`"`)
}

// lintian finds no error in the package.
func TestIntegrationLintian(t *testing.T) {
	needs(t, "lintian")
	r := theReleases(t)
	out, err := tryCommand(t, "lintian", "--fail-on", "error", one(t, r.first, "*_amd64.deb"))
	assert.NoError(t, err, out)
	assert.NotContains(t, out, "E: ")
}

// The scripts are understood by dash and by busybox.
func TestIntegrationScripts(t *testing.T) {
	for _, script := range []string{
		"debian/postinst", "debian/prerm", "debian/postrm",
		"openwrt/postinst", "openwrt/prerm", "openwrt/fieldgate.init",
	} {
		for _, shell := range [][]string{{"dash", "-n"}, {"busybox", "sh", "-n"}} {
			if _, err := exec.LookPath(shell[0]); err != nil {
				skip(t, err.Error()+" (make peers)")
			}
			out, err := tryCommand(t, shell[0], append(shell[1:], script)...)
			assert.NoError(t, err, "%s: %s", script, out)
		}
		assert.Regexp(t, `^#!/bin/sh`, read(t, script))
	}
}

// files lists a tree: the path of each file and what tells it from another.
func files(t *testing.T, root string, without ...string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		name := "/" + strings.TrimPrefix(strings.TrimPrefix(path, root), "/")
		for _, prefix := range without {
			if name == prefix || strings.HasPrefix(name, prefix+"/") {
				if d.IsDir() {
					return fs.SkipDir
				}
				return nil
			}
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		all[name] = info.Mode().String()
		if info.Mode().IsRegular() {
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			all[name] += " " + string(content[:min(len(content), 64<<10)])
		}
		return nil
	}))
	return all
}
