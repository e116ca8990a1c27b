package openvpn_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/openvpn"
)

// canaries are files that tell when something was run, read or written.
type canaries struct {
	folder, program, written, pipe string

	listen chan struct{} // to the next one who reads the pipe
}

func newCanaries(t *testing.T) canaries {
	t.Helper()
	folder := t.TempDir()
	c := canaries{folder, filepath.Join(folder, "run.sh"), filepath.Join(folder, "written"), filepath.Join(folder, "pipe"), make(chan struct{}, 1)}
	require.NoError(t, os.WriteFile(c.program, []byte("#!/bin/sh\ntouch "+folder+"/ran\n"), 0o700))
	require.NoError(t, syscall.Mkfifo(c.pipe, 0o600))
	stop, done := make(chan struct{}), make(chan struct{})
	c.listen <- struct{}{}
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			case <-c.listen:
			}
			pipe, err := os.OpenFile(c.pipe, os.O_WRONLY, 0) // waits for one who reads
			if !assert.NoError(t, err) {
				return
			}
			assert.NoError(t, os.WriteFile(filepath.Join(folder, "read"), nil, 0o600))
			_ = pipe.Close() // only now the reader gets anywhere
		}
	}()
	t.Cleanup(func() {
		close(stop)
		pipe, err := os.OpenFile(c.pipe, os.O_RDONLY|syscall.O_NONBLOCK, 0) // lets it go
		require.NoError(t, err)
		<-done
		require.NoError(t, pipe.Close())
	})
	return c
}

// sung returns what happened, and makes the canaries ready for more.
func (c canaries) sung(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(c.folder)
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		if e.Name() != "run.sh" && e.Name() != "pipe" {
			names = append(names, e.Name())
			require.NoError(t, os.Remove(filepath.Join(c.folder, e.Name())))
		}
		if e.Name() == "read" {
			c.listen <- struct{}{}
		}
	}
	return names
}

// attacks are lines of which each alone runs, reads or writes something when
// openvpn gets it as it is, most of them even before it connects.
func (c canaries) attacks() []string {
	return []string{
		"script-security 3\nup " + c.program, "script-security 2\nipchange " + c.program, "script-security 2\nroute-up " + c.program,
		"script-security 2\ntls-verify " + c.program, "script-security 2\nup \"/bin/sh -c " + c.program + "\"",
		"plugin " + c.program, "engine " + c.program, "providers " + c.program, "pkcs11-providers " + c.program, "show-pkcs11-ids " + c.program,
		"log " + c.written, "log-append " + c.written, "status " + c.written, "writepid " + c.written, "replay-persist " + c.written,
		"memstats " + c.written, "tls-export-cert " + c.folder, "tmp-dir " + c.folder, "genkey secret " + c.written,
		"auth-user-pass " + c.pipe, "askpass " + c.pipe, "config " + c.pipe, "extra-certs " + c.pipe, "tls-crypt " + c.pipe, "dh " + c.pipe,
		"http-proxy 192.0.2.1 8080 " + c.pipe + " basic", "daemon", "management 127.0.0.1 7505 " + c.pipe, "dev-node " + c.pipe,
		"cd " + c.folder + "\nlog written", "chroot " + c.folder, "user nobody", "mktun", "version", "ifconfig-pool-persist " + c.written,
	}
}

// forms hide a line in the ways that openvpn takes.
func forms(line string) map[string]string {
	first, rest, _ := strings.Cut(line, " ")
	wrapped := strings.ReplaceAll("setenv opt "+line, "\n", "\nsetenv opt ")
	filler := strings.Repeat("A", 255)
	return map[string]string{
		"direct": line, "dashes": "--" + line, "quotes": `"` + first + `" ` + rest, "setenv": wrapped, "CR LF": strings.ReplaceAll(line, "\n", "\r\n") + "\r",
		"vertical tab": "\v" + line, "block": "<extra-certs>\n" + filler + "</extra-certs>\n" + line, "junk": "<extra-certs>\nx\n</extra-certs>x\n" + line,
		"NUL": "#\x00" + strings.Repeat(".", 254) + line, "connection": "<connection>\nremote 192.0.2.2\n" + line + "\n</connection>",
	}
}

// Uploads that attack go the whole way to openvpn, past the point where it
// opens its device, and nothing is run, read or written. The same files as
// they came make each of the canaries sing.
func TestIntegrationAttacksDoNothing(t *testing.T) {
	program(t)
	c := newCanaries(t)
	files := credentials(t)
	base := "tls-client\ndev null\nremote 192.0.2.1 1194\nca ca.crt\ncert server.crt\nkey server.key\nremote-cert-tls server\n"
	folder := t.TempDir()
	for name, content := range files {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), content, 0o600))
	}
	for line, song := range map[string]string{
		"log " + c.written: "written", "script-security 2\nup " + c.program: "ran", "setenv opt askpass " + c.pipe: "read",
		"script-security 2\nsetenv opt up " + c.program: "ran", "extra-certs " + c.pipe: "read",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, "x.conf"), []byte(base+line+"\n"), 0o600))
		ran := operate(t, folder, "--config", "x.conf")
		require.Equal(t, []string{song}, c.sung(t), "%s: %s", line, ran.output)
	}

	tried, imported := make(map[string]bool), 0
	for _, line := range c.attacks() {
		for form, text := range forms(line) {
			im, err := openvpn.Import("demo", []byte(strings.NewReplacer("dev null", "dev tun", "tls-client", "client").Replace(base)+text+"\n"))
			if err != nil {
				continue
			}
			imported++
			conf, err := openvpn.Render(im.Instance)
			if err != nil || tried[string(conf)] {
				continue
			}
			tried[string(conf)] = true
			assert.NotContains(t, string(conf), c.folder)
			folder := t.TempDir()
			for kind, name := range im.Instance.Files { // an operator uploads what is asked for
				content := files[name]
				if content == nil {
					content = map[openvpn.FileKind][]byte{openvpn.FileExtraCerts: files["ca.crt"]}[kind]
				}
				if content == nil {
					content = files["ta.key"]
				}
				require.NoError(t, os.WriteFile(filepath.Join(folder, name), content, 0o600))
			}
			require.NoError(t, os.WriteFile(filepath.Join(folder, "x.conf"), conf, 0o600))
			ran := operate(t, folder, "--config", "x.conf", "--dev-type", "null", "--script-security", "1")
			assert.True(t, ran.held, "%s, %s:\n%s\n%s", line, form, conf, ran.output)
			assert.Empty(t, c.sung(t), "%s, %s:\n%s\n%s", line, form, conf, ran.output)
			entries, err := os.ReadDir(folder)
			require.NoError(t, err)
			assert.Len(t, entries, len(im.Instance.Files)+1, "%s, %s wrote into its own folder", line, form)
		}
	}
	assert.Greater(t, imported, 100)
	assert.Greater(t, len(tried), 3)
	t.Log(fmt.Sprint(imported, " imported, ", len(tried), " different"))
}

// What is made of files as providers give them is taken by openvpn.
func TestIntegrationImportsAreAccepted(t *testing.T) {
	program(t)
	files := credentials(t)
	paths, err := filepath.Glob("testdata/import/*.ovpn")
	require.NoError(t, err)
	not := []string{
		"misspelt.ovpn", "machine-builder.ovpn", // an operator must settle something first
		"firewall-export.ovpn", "road-warrior-server.ovpn", // need PKCS#12 and DH files
	}
	for _, path := range paths {
		if slices.Contains(not, filepath.Base(path)) {
			continue
		}
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			im, err := openvpn.Import("demo", text)
			require.NoError(t, err)
			have := im.Files
			if have == nil {
				have = make(map[string][]byte)
			}
			uploads := map[openvpn.FileKind]string{openvpn.FileCA: "ca.crt", openvpn.FileCert: "server.crt", openvpn.FileKey: "server.key"}
			for kind, base := range im.Instance.Files {
				if have[base] == nil {
					have[base] = files[uploads[kind]]
				}
			}
			output, ok := hold(t, rendered(t, im.Instance, have), "--config", "x.conf")
			assert.True(t, ok, "%s", output)
		})
	}
}
