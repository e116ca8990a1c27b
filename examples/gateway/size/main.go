// Command size measures what the gateway takes of the flash of the reference
// device, as a whole and without each of the services that a build tag leaves
// out, and writes it into docs/size.md:
//
//	go run ./examples/gateway/size -docs docs/size.md
//
// It needs gzip and xz, and takes some minutes.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// target is the processor of the reference device.
const target = "mips,GOMIPS=softfloat"

// part is what a build tag leaves out.
type part struct{ tags, what string }

func parts() []part {
	all := []part{
		{"no_telemetry", "telemetry agent, with DTLS"},
		{"no_dtls", "DTLS of the telemetry agent (pion/dtls)"},
		{"no_ipsec", "IPsec and L2TP (govici)"},
		{"no_openvpn", "OpenVPN"},
		{"no_ser2net", "ser2net"},
		{"no_snmp", "SNMP agent and MIBs (gosnmp)"},
		{"no_api", "device API"},
		{"no_points", "tags: Modbus hub, Excel configuration and Redis bus (modbus, redigo)"},
		{"no_modem", "modem: AT commands and ModemManager (dbus)"},
		{"no_simulate", "-simulate with its fakes"},
	}
	var tags []string
	for _, p := range all {
		tags = append(tags, p.tags)
	}
	return append(all, part{strings.Join(tags, ","), "all of these"})
}

// size is what a program takes, in bytes.
type size struct{ plain, gzip, xz int64 }

func main() {
	docs := flag.String("docs", "docs/size.md", "`file` to write the tables into, between its markers")
	flag.Parse()
	if err := run(context.Background(), *docs); err != nil {
		fmt.Fprintln(os.Stderr, "size:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, docs string) (err error) {
	folder, err := os.MkdirTemp("", "size-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	program := filepath.Join(folder, "gateway")
	var b strings.Builder
	if err = services(ctx, &b, program); err == nil {
		err = packages(ctx, &b, program)
	}
	if err != nil {
		return err
	}
	text, err := os.ReadFile(docs)
	if err != nil {
		return err
	}
	replaced, err := between(string(text), b.String())
	if err != nil {
		return err
	}
	return os.WriteFile(docs, []byte(replaced), 0o644)
}

// The tables stand between these.
const (
	begin = "<!-- make size writes this -->\n"
	end   = "<!-- up to here -->\n"
)

// between replaces what stands between the markers of a text.
func between(text, tables string) (string, error) {
	head, rest, ok := strings.Cut(text, begin)
	_, tail, closed := strings.Cut(rest, end)
	if !ok || !closed {
		return "", fmt.Errorf("the markers %q and %q are missing", begin, end)
	}
	return head + begin + tables + end + tail, nil
}

// services writes the table of what each tag saves.
func services(ctx context.Context, w io.Writer, program string) error {
	whole, err := measure(ctx, program, "")
	if err != nil {
		return err
	}
	version, err := exec.CommandContext(ctx, "go", "version").Output()
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "\nLinux on %s, %s; kilobytes of 1,000 bytes.\n\n", target, strings.Fields(string(version))[2])
	fmt.Fprintln(w, "| left out | tag | stripped | gzip -9 | xz -9e | saves stripped | saves gzip | saves xz |")
	fmt.Fprintln(w, "|---|---|---:|---:|---:|---:|---:|---:|")
	fmt.Fprintf(w, "| nothing | | %s | %s | %s | | | |\n", kilo(whole.plain), kilo(whole.gzip), kilo(whole.xz))
	for _, p := range parts() {
		s, err := measure(ctx, program, p.tags)
		if err != nil {
			return err
		}
		tag := "`" + p.tags + "`"
		if strings.Contains(p.tags, ",") {
			tag = "all"
		}
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", p.what, tag, kilo(s.plain), kilo(s.gzip), kilo(s.xz),
			kilo(whole.plain-s.plain), kilo(whole.gzip-s.gzip), kilo(whole.xz-s.xz))
	}
	return nil
}

// measure builds the gateway with tags and says what it takes.
func measure(ctx context.Context, program, tags string) (size, error) {
	fmt.Fprintln(os.Stderr, "size: building with", "-tags", tags)
	if out, err := exec.CommandContext(ctx, "scripts/build-gateway", target, program, tags).CombinedOutput(); err != nil {
		return size{}, fmt.Errorf("scripts/build-gateway: %w: %s", err, out)
	}
	info, err := os.Stat(program)
	if err != nil {
		return size{}, err
	}
	s := size{plain: info.Size()}
	if s.gzip, err = packed(ctx, "gzip", "-9", "-c", program); err == nil {
		s.xz, err = packed(ctx, "xz", "-9e", "-c", program)
	}
	return s, err
}

// packed counts what a program writes.
func packed(ctx context.Context, name string, args ...string) (int64, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	var n counter
	cmd.Stdout, cmd.Stderr = &n, os.Stderr
	if err := cmd.Run(); err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	return int64(n), nil
}

type counter int64

func (c *counter) Write(b []byte) (int, error) {
	*c += counter(len(b))
	return len(b), nil
}

// kilo writes a number of bytes as kilobytes, with commas.
func kilo(n int64) string {
	text := fmt.Sprint((n + 500) / 1000)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
