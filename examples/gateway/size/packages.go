package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"github.com/fieldgate/fieldgate/internal/order"
)

// module is this one.
const module = "github.com/fieldgate/fieldgate"

// least is the size in bytes below which a line is summed up with others.
const least = 20_000

// row is code and data of a package or a module.
type row struct {
	name  string
	bytes int64
}

// packages writes the tables of where the code comes from.
func packages(ctx context.Context, w io.Writer, program string) error {
	cmd := exec.CommandContext(ctx, "scripts/build-gateway", target, program)
	cmd.Env = append(os.Environ(), "LDFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("scripts/build-gateway: %w: %s", err, out)
	}
	symbols, err := exec.CommandContext(ctx, "go", "tool", "nm", "-size", program).Output()
	if err != nil {
		return fmt.Errorf("go tool nm: %w", err)
	}
	list, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Path}}", "all").Output()
	if err != nil {
		return fmt.Errorf("go list: %w", err)
	}
	own, other, std := sum(symbols, strings.Fields(string(list)))
	for _, table := range []struct {
		title string
		rows  map[string]int64
	}{{"this module", own}, {"modules it needs", other}, {"the standard library and the runtime", std}} {
		write(w, table.title, table.rows)
	}
	return nil
}

// sum adds up symbols: by package of this module, by module, and by part of
// the standard library. Data that is not in the file does not count.
func sum(symbols []byte, modules []string) (own, other, std map[string]int64) {
	own, other, std = make(map[string]int64), make(map[string]int64), make(map[string]int64)
	lines := bufio.NewScanner(bytes.NewReader(symbols))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) < 4 || !strings.Contains("TtRrDd", f[2]) || strings.HasSuffix(f[3], "drbg.memory") {
			continue // drbg.memory is listed as data and is none
		}
		n, err := strconv.ParseInt(f[1], 10, 64)
		if err != nil {
			continue
		}
		name := packageOf(f[3])
		switch {
		case name == "main":
			own["examples/gateway"] += n
		case name == module || strings.HasPrefix(name, module+"/"):
			own[short(strings.TrimPrefix(strings.TrimPrefix(name, module), "/"))] += n
		case strings.Contains(strings.SplitN(name, "/", 2)[0], ".") && !strings.HasPrefix(name, "vendor/"):
			other[moduleOf(name, modules)] += n
		default:
			std[strings.SplitN(strings.TrimPrefix(name, "vendor/"), "/", 2)[0]] += n
		}
	}
	return own, other, std
}

// packageOf returns the package that a symbol belongs to; generic code to the
// one that has it.
func packageOf(symbol string) string {
	if i := strings.IndexAny(symbol, "[("); i >= 0 {
		symbol = symbol[:i]
	}
	if strings.HasPrefix(symbol, "type:") || strings.HasPrefix(symbol, "go:") {
		return "(types and tables)"
	}
	slash := strings.LastIndexByte(symbol, '/') + 1
	name, _, _ := strings.Cut(symbol[slash:], ".")
	return strings.ReplaceAll(symbol[:slash]+name, "%2e", ".")
}

// short keeps the service of a package, or the folder of an example.
func short(path string) string {
	parts := strings.Split(path, "/")
	most := 1
	if parts[0] == "examples" {
		most = 3
	}
	return strings.Join(parts[:min(len(parts), most)], "/")
}

// moduleOf returns the longest module that a package may be of.
func moduleOf(name string, modules []string) string {
	longest := name
	found := 0
	for _, m := range modules {
		if (name == m || strings.HasPrefix(name, m+"/")) && len(m) > found {
			longest, found = m, len(m)
		}
	}
	return longest
}

// write writes a table, the largest first.
func write(w io.Writer, title string, sizes map[string]int64) {
	var rows []row
	var total, small int64
	for name, n := range sizes {
		total += n
		if n < least {
			small += n
			continue
		}
		rows = append(rows, row{name, n})
	}
	order.Sort(rows, func(a, b row) int {
		if a.bytes != b.bytes {
			return int(b.bytes - a.bytes)
		}
		return strings.Compare(a.name, b.name)
	})
	fmt.Fprintf(w, "\n| code and data of %s | kilobytes |\n|---|---:|\n", title)
	for _, r := range rows {
		fmt.Fprintf(w, "| %s | %s |\n", r.name, kilo(r.bytes))
	}
	fmt.Fprintf(w, "| others below %s each | %s |\n| **sum** | **%s** |\n", kilo(least), kilo(small), kilo(total))
}
