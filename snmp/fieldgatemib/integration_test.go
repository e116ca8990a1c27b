package fieldgatemib_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/snmp"
)

// peer skips the test where a program or the base modules are missing, but
// not in CI.
func peer(t *testing.T, program string) (path, modules string) {
	t.Helper()
	path, err := exec.LookPath(program)
	found, _ := filepath.Glob("/usr/lib/erlang/lib/snmp-*/mibs/SNMPv2-SMI.mib")
	if err == nil && len(found) > 0 {
		return path, filepath.Dir(found[0])
	}
	reason := "needs " + program + " (apt install snmp smitools) and the base modules (apt install erlang-snmp)"
	require.NotEqual(t, "true", os.Getenv("CI"), reason)
	t.Skip(reason)
	return "", ""
}

// folder holds the module, and the three that it needs.
func folder(t *testing.T, modules, text string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"SNMPv2-SMI", "SNMPv2-TC", "SNMPv2-CONF"} {
		base, err := os.ReadFile(filepath.Join(modules, name+".mib"))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name+".txt"), base, 0o600))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "FIELDGATE-MIB.txt"), []byte(text), 0o600))
	return dir
}

// run runs a program with the module alone. It must not complain.
func run(t *testing.T, dir, program string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Env = append(os.Environ(), "HOME="+dir, "SMIPATH="+dir, "MIBDIRS="+dir, "MIBS=FIELDGATE-MIB", "SNMPCONFPATH="+dir)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	require.NoError(t, err, "%s", complaints.String())
	require.Empty(t, complaints.String())
	return string(out)
}

// texts are the module where it is by default, and at other places.
func texts(t *testing.T) map[string]string {
	texts := make(map[string]string)
	for _, root := range []snmp.OID{nil, {1, 3, 6, 1, 4, 1, 4242}, {1, 3, 6, 1, 4, 1, 4242, 1, 7}} {
		o := newGateway().options()
		o.Root = root
		texts["root "+root.String()] = newHandler(t, o).MIB()
	}
	return texts
}

// smilint ends well whatever it finds; its silence is the proof.
func TestIntegrationSmilint(t *testing.T) {
	smilint, modules := peer(t, "smilint")
	for name, text := range texts(t) {
		t.Run(name, func(t *testing.T) {
			dir := folder(t, modules, text)
			// A module with a fault shows that it looks.
			fault := folder(t, modules, strings.Replace(text, "fieldgateModel,", "", 1))
			for _, level := range []string{"6", "9"} {
				assert.Empty(t, run(t, dir, smilint, "-s", "-l", level, filepath.Join(dir, "FIELDGATE-MIB.txt")))
			}
			cmd := exec.CommandContext(t.Context(), smilint, "-s", "-l", "6", filepath.Join(fault, "FIELDGATE-MIB.txt"))
			cmd.Env = append(os.Environ(), "SMIPATH="+fault)
			out, err := cmd.CombinedOutput()
			require.NoError(t, err)
			assert.Contains(t, string(out), "fieldgateModel")
		})
	}
}

// snmptranslate names all that is served, and finds it again by its name.
func TestIntegrationTranslate(t *testing.T) {
	translate, modules := peer(t, "snmptranslate")
	for _, root := range []snmp.OID{nil, {1, 3, 6, 1, 4, 1, 4242, 1, 7}} {
		o := newGateway().options()
		o.Root = root
		h := newHandler(t, o)
		t.Run(h.Root().String(), func(t *testing.T) {
			dir := folder(t, modules, h.MIB())
			var numbers []string
			for b, ok := h.Next(nil); ok; b, ok = h.Next(b.OID) {
				numbers = append(numbers, b.OID.String())
			}
			m := parseMIB(t, h.MIB())
			for name := range m.notifications {
				numbers = append(numbers, m.names[name].String())
			}
			names := strings.Fields(run(t, dir, translate, append([]string{"-OS"}, numbers...)...))
			require.Len(t, names, len(numbers))
			for _, name := range names {
				assert.Regexp(t, `^FIELDGATE-MIB::fieldgate[A-Z]\w+(\.0|\."[-a-z0-9/]+")?$`, name)
			}
			assert.Contains(t, names, `FIELDGATE-MIB::fieldgateTunnelState."site-a"`)
			assert.Contains(t, names, `FIELDGATE-MIB::fieldgateHostName.0`)
			assert.Contains(t, names, `FIELDGATE-MIB::fieldgateTunnelDown`)
			assert.Equal(t, numbers, strings.Fields(run(t, dir, translate, append([]string{"-On"}, names...)...)))

			// What the reader of this test takes the module for, it is.
			for _, object := range m.objects {
				numbers := strings.Fields(run(t, dir, translate, "-On", "FIELDGATE-MIB::"+object.name))
				assert.Equal(t, []string{object.oid.String()}, numbers)
			}
			assert.Contains(t, run(t, dir, translate, "-Td", "FIELDGATE-MIB::fieldgateTunnelState"), "up(3)")
		})
	}
}
