package openvpn

import "fmt"

// Report tells what [Import] made of every line of a file.
type Report struct {
	// Lines are in the order of the file, then what stands for the whole
	// (Number 0). Blank lines and comments have none.
	Lines []ReportLine `json:"lines,omitzero"`
}

// ReportLine is what became of one line, or of one inline block.
type ReportLine struct {
	Number  int     `json:"number,omitzero"` // of the file, from 1; 0 for the whole
	Option  string  `json:"option,omitzero"`
	Verdict Verdict `json:"verdict,omitzero"`
	// Reason says what was changed into what, why the line was dropped or
	// refused, or what an operator should know. Empty for a line that is kept
	// as it stands.
	Reason string `json:"reason,omitzero"`
}

// Verdict is what became of a line.
type Verdict string

// The verdicts.
const (
	VerdictKept    Verdict = "kept"    // means the same as before
	VerdictChanged Verdict = "changed" // stands in another form
	VerdictDropped Verdict = "dropped" // has no effect here, or is ours to set
	VerdictRefused Verdict = "refused" // would run, read or write something, or cannot be understood
	VerdictWarned  Verdict = "warning" // of the whole: works, but is weak
)

// String returns "line 3: up: refused: runs a program".
func (l ReportLine) String() string {
	text := string(l.Verdict)
	if l.Reason != "" {
		text += ": " + l.Reason
	}
	if l.Option != "" {
		text = l.Option + ": " + text
	}
	if l.Number == 0 {
		return text
	}
	return fmt.Sprintf("line %d: %s", l.Number, text)
}

// Of returns the lines with one of the verdicts.
func (r Report) Of(verdicts ...Verdict) []ReportLine {
	var lines []ReportLine
	for _, line := range r.Lines {
		for _, v := range verdicts {
			if line.Verdict == v {
				lines = append(lines, line)
			}
		}
	}
	return lines
}

func (r *Report) add(number int, option string, v Verdict, format string, args ...any) {
	r.Lines = append(r.Lines, ReportLine{number, option, v, fmt.Sprintf(format, args...)})
}
