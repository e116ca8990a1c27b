package packaging

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// validator is the library of CycloneDX, which brings the published schema.
const validator = `
import {readFileSync} from 'node:fs'
import * as cdx from '@cyclonedx/cyclonedx-library'
const validator = new cdx.Validation.JsonStrictValidator(cdx.Spec.Version.v1dot5)
for (const file of process.argv.slice(2)) {
	const faults = await validator.validate(readFileSync(file, 'utf8'))
	if (faults) { console.log(file, faults); process.exitCode = 1 }
}
`

// The SBOMs are what CycloneDX 1.5 says.
func TestIntegrationSBOM(t *testing.T) {
	if os.Getenv("FIELDGATE_SBOM") == "" {
		t.Skip("set FIELDGATE_SBOM=1, as make test-release does: npm gets the validator")
	}
	for _, program := range []string{"npm", "node"} {
		if _, err := exec.LookPath(program); err != nil {
			skip(t, err.Error())
		}
	}
	r := theReleases(t)
	folder := t.TempDir()
	command(t, "npm", "install", "--silent", "--no-fund", "--no-audit", "--prefix", folder,
		"@cyclonedx/cyclonedx-library@10.3.0", "ajv@8", "ajv-formats@3", "ajv-formats-draft2019@1")
	script := filepath.Join(folder, "validate.mjs")
	require.NoError(t, os.WriteFile(script, []byte(validator), 0o600))
	lists, err := filepath.Glob(filepath.Join(r.first, "*.cdx.json"))
	require.NoError(t, err)
	require.NotEmpty(t, lists)
	out, err := tryCommand(t, "node", append([]string{script}, lists...)...)
	assert.NoError(t, err, out)

	wrong := filepath.Join(folder, "wrong.json")
	require.NoError(t, os.WriteFile(wrong, []byte(`{"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [{"type": "libary", "name": "x"}]}`), 0o600))
	out, err = tryCommand(t, "node", script, wrong)
	assert.Error(t, err, "the validator sees what is wrong: %s", out)
}
