// Command api compares what the public packages export with scripts/api/*.txt,
// the listing of the last release: one line for each identifier, field and
// method. It fails when a line of the listing is gone or another one, since
// programs that use it would not compile, or would store and send something
// else. What is new passes. With -update it writes the listing anew, which a
// reviewer then sees as a difference.
//
// Run it in the top folder: go run ./scripts/api [-update]
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const folder = "scripts/api"

func main() {
	update := flag.Bool("update", false, "write the listing anew")
	flag.Parse()
	if err := run(*update); err != nil {
		fmt.Fprintln(os.Stderr, "api:", err)
		os.Exit(1)
	}
}

func run(update bool) error {
	packages, err := load()
	if err != nil {
		return err
	}
	current := make(map[string][]string) // by file
	for _, p := range packages {
		file := filepath.Join(folder, root(p.path)+".txt")
		current[file] = append(current[file], list(p)...)
	}
	if update {
		return write(current)
	}
	return check(current)
}

// root is the service that a package belongs to.
func root(path string) string {
	first, _, _ := strings.Cut(path, "/")
	return first
}

func write(current map[string][]string) error {
	old, err := filepath.Glob(filepath.Join(folder, "*.txt"))
	if err != nil {
		return err
	}
	for _, file := range old {
		if err := os.Remove(file); err != nil {
			return err
		}
	}
	for file, lines := range current {
		if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func check(current map[string][]string) error {
	baselines, err := filepath.Glob(filepath.Join(folder, "*.txt"))
	if err != nil {
		return err
	}
	if len(baselines) == 0 {
		return fmt.Errorf("there is no listing in %s: make it with -update", folder)
	}
	broken := 0
	for _, file := range baselines {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		for _, c := range incompatible(strings.Split(strings.TrimSpace(string(text)), "\n"), current[file]) {
			broken++
			fmt.Println(c)
		}
	}
	if broken > 0 {
		return fmt.Errorf("%d changes break programs that use these packages: take them back, or, "+
			"if they are meant, say so in CHANGELOG.md and run make api-update", broken)
	}
	return nil
}
