package document

import (
	_ "embed"
	"strconv"
	"strings"
)

//go:embed default.yaml
var defaultYAML string

// FirstFile is the file of a first start: with the hash of its API key, and
// the folder whose *.conf files become instances of OpenVPN.
func FirstFile(keyHash, folder string) []byte {
	return []byte(strings.NewReplacer("{{hash}}", keyHash, "{{folder}}", strconv.Quote(folder)).Replace(defaultYAML))
}
