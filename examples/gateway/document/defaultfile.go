package document

import _ "embed"

// DefaultYAML is the file of a first start; {{hash}} stands for the hash of
// its API key.
//
//go:embed default.yaml
var DefaultYAML string
