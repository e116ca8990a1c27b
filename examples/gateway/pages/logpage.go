package pages

import (
	"bytes"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/fieldgate/fieldgate/examples/gateway/account"
)

func (p *Pages) logPages() {
	p.handle("GET /log/download", account.Operator, p.logFile)
	p.show(page{path: "/log", title: "Log", role: account.Viewer, live: p.log})
}

// maxLines bounds the lines that the page shows: the newest ones.
const maxLines = 500

// logData is the log of the gateway through a filter.
type logData struct {
	None           bool
	Text, Level    string
	Service        string
	Services       []string
	Stop           bool // it is not followed
	Again          string
	Lines          []logLine
	Shown, Matches int
}

type logLine struct{ Text, Class string }

var (
	levelOf   = regexp.MustCompile(`(?:^| )level=(\w+)`)
	serviceOf = regexp.MustCompile(`(?:^| )service=("[^"]*"|\S+)`)
)

// levels are those of slog, from the least.
func levels() []string { return []string{"DEBUG", "INFO", "WARN", "ERROR"} }

func (p *Pages) log(r *http.Request) (living, error) {
	query := r.URL.Query()
	data := logData{
		None: p.OwnLog == nil, Text: query.Get("text"), Level: query.Get("level"), Service: query.Get("service"), Stop: query.Get("follow") == "no",
	}
	query.Set("follow", map[bool]string{true: "yes", false: "no"}[data.Stop])
	data.Again = "/log?" + query.Encode()
	for _, s := range p.Control.Services() {
		data.Services = append(data.Services, s.Name)
	}
	if data.None {
		return data, nil
	}
	var b bytes.Buffer
	if err := p.OwnLog.WriteLog(r.Context(), &b); err != nil {
		return nil, err
	}
	least := slices.Index(levels(), data.Level)
	for text := range strings.Lines(b.String()) {
		text = strings.TrimSuffix(text, "\n")
		level := levelWord(text)
		if slices.Index(levels(), level) < least || data.Service != "" && serviceWord(text) != data.Service {
			continue
		}
		if data.Text != "" && !strings.Contains(strings.ToLower(text), strings.ToLower(data.Text)) {
			continue
		}
		line := logLine{Text: text}
		switch level {
		case "WARN":
			line.Class = "warn"
		case "ERROR":
			line.Class = "error"
		}
		data.Lines = append(data.Lines, line)
	}
	data.Matches = len(data.Lines)
	data.Lines = data.Lines[max(0, len(data.Lines)-maxLines):]
	data.Shown = len(data.Lines)
	return data, nil
}

func levelWord(text string) string {
	if m := levelOf.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return "INFO"
}

func serviceWord(text string) string {
	if m := serviceOf.FindStringSubmatch(text); m != nil {
		return strings.Trim(m[1], `"`)
	}
	return ""
}

// logFile sends the whole log.
func (p *Pages) logFile(w http.ResponseWriter, r *http.Request) error {
	if p.OwnLog == nil {
		return &refusal{http.StatusNotFound, "There is no log."}
	}
	var b bytes.Buffer
	if err := p.OwnLog.WriteLog(r.Context(), &b); err != nil {
		return err
	}
	return attach(w, "text/plain; charset=utf-8", "gateway.log", b.Bytes())
}
