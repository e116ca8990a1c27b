package confstore

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/fieldgate/fieldgate/examples/gateway/document"
	"github.com/fieldgate/fieldgate/snmp"
)

const secretsFile = "secrets.yaml"

// secrets is what secrets.yaml holds: text by name.
type secrets map[string]string

func readSecrets(f Folder) (secrets, error) {
	text, err := f.ReadFile(secretsFile)
	if errors.Is(err, fs.ErrNotExist) {
		return secrets{}, nil
	}
	if err != nil {
		return nil, err
	}
	known := secrets{}
	if err := yaml.Load(text, &known); err != nil {
		return nil, fmt.Errorf("%s is damaged", secretsFile) // the library's words may show a secret
	}
	return known, nil
}

func (s secrets) write(f Folder) error {
	text, err := yaml.Marshal(map[string]string(s))
	if err != nil {
		return err
	}
	return replace(f, secretsFile, append([]byte("# Secrets of gateway.yaml. For its owner only.\n"), text...))
}

// nameOf returns the name of a secret, a new one if it is not known.
func (s secrets) nameOf(text string) string {
	for name, known := range s {
		if known == text {
			return name
		}
	}
	name := strings.ToLower(rand.Text()[:12])
	s[name] = text
	return name
}

// refer returns what stands in the text for a secret.
func (s secrets) refer(_ string, secret document.Secret) string {
	return document.Reference(s.nameOf(secret.Reveal())).Reveal()
}

// lookup returns the secret of a name.
func (s secrets) lookup(name string) (document.Secret, bool) {
	text, known := s[name]
	return snmp.NewSecret(text), known
}

// only returns those whose names are used.
func (s secrets) only(used map[string]bool) secrets {
	kept := secrets{}
	for name, text := range s {
		if used[name] {
			kept[name] = text
		}
	}
	return kept
}
