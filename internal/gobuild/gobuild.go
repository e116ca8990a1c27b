// Package gobuild makes programs of this module for tests that run them as
// processes.
package gobuild

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
)

// Program is a program that is made when it is first wanted, once. Its methods
// are safe for concurrent use.
type Program struct {
	// Package is where its source is, such as "." or "../gateway", from the
	// folder of the test.
	Package string

	once         sync.Once
	folder, path string
	err          error
}

// Path returns the file of the program, which has the name of the folder of
// its source. It is there until Remove, alone in a folder of its own.
func (p *Program) Path() (string, error) {
	p.once.Do(p.build)
	return p.path, p.err
}

func (p *Program) build() {
	source, err := filepath.Abs(p.Package)
	if err != nil {
		p.err = err
		return
	}
	if p.folder, p.err = os.MkdirTemp("", "fieldgate"); p.err != nil {
		return
	}
	p.path = filepath.Join(p.folder, filepath.Base(source))
	// Without the state of git, which a test does not need to know.
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", p.path, p.Package)
	if text, err := cmd.CombinedOutput(); err != nil {
		p.err = fmt.Errorf("go build %s: %w: %s", p.Package, err, text)
	}
}

// Remove takes the program away, if it was made: a TestMain calls it last. The
// program must not be wanted any more.
func (p *Program) Remove() error {
	p.once.Do(func() {})
	if p.folder == "" {
		return nil
	}
	return os.RemoveAll(p.folder)
}
