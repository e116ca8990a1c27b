package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

const module = "github.com/fieldgate/fieldgate"

var services = [...]string{"api", "ipsec", "openvpn", "ser2net", "snmp", "telemetry"}

// listed is a public package with its path below the module.
type listed struct {
	path  string
	types *types.Package
}

// load returns the public packages, as they are on Linux, from what the
// compiler exports.
func load() ([]listed, error) {
	args := []string{"list", "-deps", "-export", "-json=ImportPath,Export"}
	for _, service := range services {
		args = append(args, "./"+service+"/...")
	}
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	exports := make(map[string]string)
	var public []string
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct{ ImportPath, Export string }
		switch err := decoder.Decode(&p); {
		case errors.Is(err, io.EOF):
			return read(public, exports)
		case err != nil:
			return nil, fmt.Errorf("go list: %w", err)
		}
		exports[p.ImportPath] = p.Export
		if path, ours := strings.CutPrefix(p.ImportPath, module+"/"); ours && isPublic(path) {
			public = append(public, path)
		}
	}
}

// isPublic tells whether others may import a package and are meant to.
func isPublic(path string) bool {
	parts := strings.Split(path, "/")
	return slices.Contains(services[:], parts[0]) && !slices.Contains(parts, "internal")
}

func read(public []string, exports map[string]string) ([]listed, error) {
	from := importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(exports[path])
	})
	var packages []listed
	for _, path := range public {
		p, err := from.Import(module + "/" + path)
		if err != nil {
			return nil, err
		}
		packages = append(packages, listed{path, p})
	}
	return packages, nil
}
