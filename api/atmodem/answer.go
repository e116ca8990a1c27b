package atmodem

import "strings"

// maxLines is how many lines of one answer are kept.
const maxLines = 32

// answer is what a modem says to one command.
type answer struct {
	command string
	lines   []string // without the final one
	final   string   // "OK", "ERROR", "+CME ERROR: 10"; empty: none yet

	// Where the modem may owe answers to earlier commands: how the first line
	// of this one begins, how many may come before, and how many have.
	after         string
	owed, skipped int
}

// add takes a line and reports whether it ends the answer.
func (a *answer) add(line string) bool {
	if a.after != "" && len(a.lines) == 0 && !hasPrefix(line, a.after) {
		if !isFinal(line) || a.skipped < a.owed {
			if isFinal(line) {
				a.skipped++
			}
			return false
		}
	}
	switch {
	case strings.EqualFold(line, a.command): // the echo
		return false
	case isFinal(line):
		a.final = line
		return true
	}
	if len(a.lines) < maxLines {
		a.lines = append(a.lines, line)
	}
	return false
}

func isFinal(line string) bool {
	return line == "OK" || line == "ERROR" || line == "COMMAND NOT SUPPORT" ||
		hasPrefix(line, "+CME ERROR:") || hasPrefix(line, "+CMS ERROR:")
}

// explained reports whether the modem has refused the command for a reason
// that may pass, such as a SIM that is missing.
func (a *answer) explained() bool { return hasPrefix(a.final, "+CME ERROR:") }

// values returns the fields of each line that begins with name and a colon.
func (a *answer) values(name string) [][]string {
	var all [][]string
	for _, line := range a.lines {
		if rest, ok := cutLabel(line, name); ok {
			all = append(all, fields(rest))
		}
	}
	return all
}

// texts returns the lines that can be an answer of plain text, without a
// label such as "+CGMI:" or "Revision:" and without quotes.
func (a *answer) texts(labels ...string) []string {
	var all []string
	for _, line := range a.lines {
		labelled := false
		for _, label := range labels {
			if rest, ok := cutLabel(line, label); ok {
				line, labelled = rest, true
				break
			}
		}
		if text := strings.TrimSpace(strings.Trim(line, `"`)); text != "" && (labelled || !isNews(line)) {
			all = append(all, text)
		}
	}
	return all
}

// news are lines that modems send by themselves.
var news = [...]string{
	"RING", "NO CARRIER", "BUSY", "NO ANSWER", "NO DIALTONE", "NO DIAL TONE", "CONNECT", "RDY", "READY", "PB DONE",
	"SMS DONE", "SMS READY", "CALL READY", "NORMAL POWER DOWN", "POWERED DOWN", "UNDER-VOLTAGE WARNNING",
	"OVER-VOLTAGE WARNNING",
}

// isNews reports whether a modem sends such a line by itself: one of news, one
// that begins with a sign, as in "+CREG: 1" or "^RSSI:19", or with a word in
// capitals and a colon, as in "STIN: 25" or "MISSED_CALL: 10:14".
func isNews(line string) bool {
	if strings.ContainsRune("+^*$%#&", rune(line[0])) {
		return true
	}
	for _, known := range news {
		if strings.EqualFold(line, known) {
			return true
		}
	}
	word, _, colon := strings.Cut(line, ":")
	return colon && word != "" && strings.Trim(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_ ") == ""
}

func hasPrefix(line, prefix string) bool {
	return len(line) >= len(prefix) && strings.EqualFold(line[:len(prefix)], prefix)
}

// cutLabel returns what stands after label and a colon.
func cutLabel(line, label string) (rest string, ok bool) {
	if !hasPrefix(line, label+":") {
		return "", false
	}
	return strings.TrimSpace(line[len(label)+1:]), true
}

// fields splits values at commas that stand outside of quotes, and takes the
// quotes away.
func fields(text string) []string {
	var all []string
	quoted, start := false, 0
	add := func(end int) {
		all = append(all, strings.Trim(strings.TrimSpace(text[start:end]), `"`))
		start = end + 1
	}
	for i := range len(text) {
		switch {
		case text[i] == '"':
			quoted = !quoted
		case text[i] == ',' && !quoted:
			add(i)
		}
	}
	add(len(text))
	return all
}
