package conf

import (
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/fieldgate/fieldgate/snmp"
)

// File is what configuration files come to.
type File struct {
	// Config has all but Enabled, and no Listen when nothing is said of it.
	Config snmp.Config
	// Description is sysDescr; empty: the host's own.
	Description string
	// PersistentDir is where engine ID and boots are kept; empty: the default.
	PersistentDir string
	// Disks, AllDisks and Load are the limits of hostmib: AllDisks in percent,
	// 0 when there is no includeAllDisks.
	Disks    []Disk
	AllDisks int
	Load     [3]float64
	// LinkTraps tells of links that go up or down.
	LinkTraps bool
	Processes []Process
	Extends   []Extend
	Notes     []Note
}

// Disk is the directive disk: a mount point, and what must be free there.
type Disk struct {
	Path       string
	MinKiB     int32
	MinPercent int
}

// Process is the directive proc: how many of a name must run; Max 0 is no
// limit.
type Process struct {
	Name     string
	Max, Min int32
}

// Extend is the directive extend: a program whose output is served.
type Extend struct {
	Name, Program, Args string
}

// Input is a file that is read already.
type Input struct {
	Name string
	Text []byte
}

// Parse reads files one after another, as one configuration.
func Parse(inputs []Input, host Host) *File {
	p := &parser{host: host, file: &File{}, trapCommunity: "public"}
	for _, in := range inputs {
		p.text(in, 0)
	}
	p.finish()
	return p.file
}

// parser gathers a File.
type parser struct {
	host  Host
	file  *File
	at    Place
	lines int

	section  string // "" and "snmpd" are ours
	depth    int    // of includes
	allDisks bool

	trapCommunity string
	engine        []byte // as configured
	views         []view
	names         []com2sec
	groups        []membership
	access        []access
	users         []user
	sinks         []sink
}

// text reads a file.
func (p *parser) text(in Input, depth int) {
	outer, outerDepth, outerSection := p.at, p.depth, p.section
	p.depth, p.section = depth, ""
	number := 0
	for line := range strings.Lines(strings.TrimPrefix(string(in.Text), "\ufeff")) {
		number++
		p.at = Place{in.Name, number}
		if p.lines++; p.lines == maxLines {
			p.errorf("more than %d lines, the rest is not read", maxLines)
		}
		if p.lines >= maxLines {
			break
		}
		p.line(strings.TrimRight(line, "\r\n"))
	}
	p.at, p.depth, p.section = outer, outerDepth, outerSection
}

// line reads a line: [section], and a token with what belongs to it.
func (p *parser) line(line string) {
	line = skipSpace(line)
	if line == "" {
		return
	}
	if !utf8.ValidString(line) || strings.ContainsFunc(line, func(c rune) bool { return c == utf8.RuneError || unicode.IsControl(c) && c != '\t' }) {
		p.errorf("control characters, or what is not UTF-8: the line has no effect.")
		return
	}
	section := p.section
	if strings.HasPrefix(line, "[") {
		name, rest, closed := strings.Cut(line[1:], "]")
		if !closed || name == "" {
			p.errorf("no matching ']' for type %s.", line[1:])
			return
		}
		section = strings.ToLower(name)
		if line = skipSpace(rest); line == "" {
			p.section = section
			return
		}
	}
	token, rest, _ := word(line)
	if rest == "" {
		p.errorf("Blank line following %s token.", token)
		return
	}
	switch name := strings.ToLower(token); {
	case name == "includefile":
		p.includeFile(rest)
	case name == "includedir":
		p.includeDir(rest)
	case section == "snmp" && name != "persistentdir": // for the tools, not for the agent
	case section != "" && section != "snmpd" && section != "snmp":
		p.warnf("[%s] is not of this program, %s has no effect.", section, token)
	default:
		p.directive(name, token, rest)
	}
}

// includeFile reads another file, a relative name from the folder of this one.
func (p *parser) includeFile(rest string) {
	path, _, _ := word(rest)
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(p.at.File), path)
	}
	p.include(path)
}

// includeDir reads the files of a folder that end with .conf, of which there
// may be none.
func (p *parser) includeDir(rest string) {
	folder, _, _ := word(rest)
	if !filepath.IsAbs(folder) {
		folder = filepath.Join(filepath.Dir(p.at.File), folder)
	}
	list, err := p.host.Glob(filepath.Join(folder, "*.conf"))
	if there, _ := p.host.Glob(folder); err != nil || len(there) == 0 {
		p.errorf("Can't open include dir '%s'.", folder)
	}
	for _, path := range list {
		p.include(path)
	}
}

func (p *parser) include(path string) {
	if p.depth == maxNesting {
		p.errorf("Included file '%s' is nested too deep.", path)
		return
	}
	text, err := p.host.Read(path, MaxFile)
	if err != nil {
		p.errorf("Included file '%s' not found.", path)
		return
	}
	p.text(Input{path, text}, p.depth+1)
}
