package benchkit

import (
	"fmt"
	"strings"
)

// Table is a table in Markdown, whose columns are as wide as their widest
// cell. Each line has as many cells as the head.
func Table(head []string, lines [][]string) string {
	lines = append([][]string{head, make([]string, len(head))}, lines...)
	widths := make([]int, len(head))
	for _, line := range lines {
		for i, cell := range line {
			widths[i] = max(widths[i], len(cell), 3)
		}
	}
	for i, width := range widths {
		lines[1][i] = strings.Repeat("-", width)
	}
	var text strings.Builder
	for _, line := range lines {
		for i, cell := range line {
			fmt.Fprintf(&text, "| %-*s ", widths[i], cell)
		}
		text.WriteString("|\n")
	}
	return text.String()
}
