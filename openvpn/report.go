package openvpn

// Report tells what became of the lines of an imported file.
type Report struct {
	Lines []ReportLine
}

// ReportLine is what became of one line.
type ReportLine struct {
	Line    int     // counted from 1
	Text    string  // the option without its values where they are secret
	Verdict Verdict // kept, changed, dropped or refused
	Reason  string  // why, unless it was kept
}

// Verdict is what became of a line of an imported file.
type Verdict string

// The verdicts.
const (
	Kept    Verdict = "kept"
	Changed Verdict = "changed"
	Dropped Verdict = "dropped"
	Refused Verdict = "refused"
)
