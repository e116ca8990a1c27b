// Command sbom prints what a program is made of, as the toolchain has noted it
// in the program itself: a software bill of materials in CycloneDX 1.5 (JSON).
// Two runs on the same program print the same.
//
//	sbom [-time 2026-11-23T00:00:00Z] PROGRAM
package main

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("sbom", flag.ContinueOnError)
	when := flags.String("time", "", "when the release was made, RFC 3339; default: the `time` of the commit")
	version := flags.String("version", "", "`version` of the program; default: that of its module")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return errors.New("sbom: name one program")
	}
	path := flags.Arg(0)
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return fmt.Errorf("sbom: %w", err)
	}
	list := newBOM(info, filepath.Base(path), *version, sha256.Sum256(content))
	if *when != "" {
		list.Metadata.Timestamp = *when
	}
	if _, err := time.Parse(time.RFC3339, list.Metadata.Timestamp); err != nil {
		return fmt.Errorf("sbom: the time of the release is not known, give it with -time: %w", err)
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(list)
}

// The types have the names of CycloneDX.
type (
	bom struct {
		Schema       string       `json:"$schema"`
		Format       string       `json:"bomFormat"`
		Spec         string       `json:"specVersion"`
		Serial       string       `json:"serialNumber"`
		Version      int          `json:"version"`
		Metadata     metadata     `json:"metadata"`
		Components   []component  `json:"components"`
		Dependencies []dependency `json:"dependencies"`
	}
	metadata struct {
		Timestamp string    `json:"timestamp"`
		Component component `json:"component"`
	}
	component struct {
		Type       string     `json:"type"`
		Ref        string     `json:"bom-ref"`
		Name       string     `json:"name"`
		Version    string     `json:"version,omitempty"`
		Hashes     []hash     `json:"hashes,omitempty"`
		PURL       string     `json:"purl,omitempty"`
		Properties []property `json:"properties,omitempty"`
	}
	hash struct {
		Algorithm string `json:"alg"`
		Content   string `json:"content"`
	}
	property struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	dependency struct {
		Ref string   `json:"ref"`
		On  []string `json:"dependsOn"`
	}
)

// newBOM lists what info knows of a program with that name and digest.
func newBOM(info *debug.BuildInfo, name, version string, digest [sha256.Size]byte) bom {
	if version == "" {
		version = info.Main.Version
	}
	program := component{
		Type: "application", Ref: "program", Name: name, Version: version,
		Hashes: []hash{{"SHA-256", hex.EncodeToString(digest[:])}},
		PURL:   purl(info.Main.Path, version),
	}
	list := bom{
		Schema: "http://cyclonedx.org/schema/bom-1.5.schema.json", Format: "CycloneDX", Spec: "1.5",
		Serial: "urn:uuid:" + uuid(digest), Version: 1,
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.time" {
			list.Metadata.Timestamp = s.Value
		}
		if s.Value != "" {
			program.Properties = append(program.Properties, property{"fieldgate:build:" + s.Key, s.Value})
		}
	}
	list.Metadata.Component = program
	goVersion := strings.TrimPrefix(info.GoVersion, "go")
	list.Components = append(list.Components, component{
		Type: "library", Ref: "std", Name: "std", Version: goVersion, PURL: purl("std", goVersion),
	})
	for _, m := range info.Deps {
		list.Components = append(list.Components, module(m))
	}
	needs := dependency{Ref: "program"}
	for _, c := range list.Components {
		needs.On = append(needs.On, c.Ref)
	}
	list.Dependencies = []dependency{needs}
	return list
}

// module is a module, or what replaces it. The sum is that of go.sum.
func module(m *debug.Module) component {
	from := ""
	if m.Replace != nil {
		from, m = m.Path, m.Replace
	}
	c := component{Type: "library", Ref: m.Path + "@" + m.Version, Name: m.Path, Version: m.Version, PURL: purl(m.Path, m.Version)}
	if m.Sum != "" {
		c.Properties = append(c.Properties, property{"fieldgate:go.sum", m.Sum})
	}
	if from != "" {
		c.Properties = append(c.Properties, property{"fieldgate:replaces", from})
	}
	return c
}

// purl is a package URL.
func purl(path, version string) string {
	text := "pkg:golang/" + strings.ToLower(path)
	if version != "" && version != "(devel)" {
		text += "@" + strings.ReplaceAll(version, "+", "%2B")
	}
	return text
}

// uuid makes one from a digest, so that the same program has the same.
func uuid(digest [sha256.Size]byte) string {
	id := digest[:16]
	id[6] = id[6]&0x0f | 0x80 // version 8: made as its maker likes
	id[8] = id[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}
