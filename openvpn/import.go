package openvpn

import (
	"errors"
	"fmt"
	"slices"

	"github.com/fieldgate/fieldgate/openvpn/internal/ovpn"
)

// maxImport is the size that a file must stay under.
const maxImport = 100 << 10

// Limits that keep a file from meaning two things: openvpn cuts longer lines.
const (
	maxOptionLine = 254
	maxBlockLine  = 250
)

// Imported is what [Import] made of a file.
type Imported struct {
	Instance Instance
	// Files by base name are for the store; Instance.Files names them. Those
	// that the file only names are not among them: they must be uploaded.
	Files  map[string][]byte
	Report Report
	// Lost are those lines of Report, refused or dropped, without which the
	// tunnel lets in or trusts more than the file means: a list of revoked
	// certificates in a folder, a script that asks for passwords. Whoever
	// enables the instance must settle them first; a file of the folder with
	// any of them does not run.
	Lost []ReportLine
}

// ImportError is why a file is refused as a whole.
type ImportError struct {
	Line   int // from 1, 0 when no line is to blame
	Reason string
}

// Error returns the reason, with the line where one is to blame.
func (e *ImportError) Error() string {
	if e.Line == 0 {
		return "openvpn: import: " + e.Reason
	}
	return fmt.Sprintf("openvpn: import: line %d: %s", e.Line, e.Reason)
}

// Import makes an instance of an OVPN file, as a provider or another device
// gives it. Only what [Catalogue] offers is taken over, with values that were
// checked; nothing of the file itself ever reaches openvpn. What became of
// each line tells the report. Import touches nothing outside: file names in
// the file are names of files to be uploaded, never read.
//
// The error is an [ImportError]: a file of 100 KB or more, one with control
// characters or lines so long that openvpn reads them in pieces, with blocks
// that do not end or whose end hides something, or one without anything to
// connect to.
func Import(name string, text []byte) (Imported, error) {
	if !validName(name) {
		return Imported{}, &ImportError{Reason: fmt.Sprintf(nameRule, show(name))}
	}
	lines, err := readable(text)
	if err != nil {
		return Imported{}, err
	}
	im := newImporter(name)
	for _, line := range lines {
		im.line(line)
	}
	if err := im.finish(); err != nil {
		return Imported{Report: im.report}, err
	}
	return Imported{Instance: im.inst, Files: im.files, Report: im.report, Lost: im.lost}, nil
}

// readable returns the lines of a file that cannot mean two things.
func readable(text []byte) ([]ovpn.Line, error) {
	if len(text) >= maxImport {
		return nil, &ImportError{Reason: fmt.Sprintf("the file has %d bytes, it must have less than %d", len(text), maxImport)}
	}
	number := 1
	for _, c := range text {
		switch {
		case c == '\n':
			number++
		case c < ' ' && c != '\t' && c != '\r' || c == 0x7f:
			return nil, &ImportError{number, fmt.Sprintf("has the control character 0x%02x", c)}
		}
	}
	lines, err := ovpn.Lex(text)
	var open *ovpn.UnterminatedError
	if errors.As(err, &open) {
		return nil, &ImportError{open.Number, fmt.Sprintf("the block <%s> has no end", show(open.Tag))}
	}
	for _, line := range lines {
		if err := straight(line); err != nil {
			return nil, err
		}
	}
	return lines, nil
}

// straight refuses lines that openvpn reads otherwise than people do.
func straight(line ovpn.Line) error {
	switch {
	case errors.Is(line.Err, ovpn.ErrLineTooLong), line.Length > maxOptionLine:
		return &ImportError{line.Number, fmt.Sprintf("is longer than %d bytes", maxOptionLine)}
	case line.Inline && line.Longest > maxBlockLine:
		return &ImportError{line.Number, fmt.Sprintf("a line of the block <%s> is longer than %d bytes", show(line.Name()), maxBlockLine)}
	case line.Inline && line.After != "":
		return &ImportError{line.Number, fmt.Sprintf("there is text after the end of the block <%s>", show(line.Name()))}
	}
	if line.Inline && line.Name() == "connection" {
		inner, err := ovpn.LexBlock(line.Block)
		if err != nil {
			return &ImportError{line.Number, "a block within <connection> has no end"}
		}
		for _, l := range inner {
			l.Number += line.Number
			if err := straight(l); err != nil {
				return err
			}
		}
	}
	return nil
}

// importer makes an instance of lines.
type importer struct {
	inst      Instance
	files     map[string][]byte
	report    Report
	lost      []ReportLine
	catalogue catalogue
	unlisted  unlisted
	seen      hints
	rules     map[string]rule
	optionAt  []int          // line of the report of each of inst.Options
	fieldAt   map[string]int // line of the report that sets a field, by option
	ignored   map[string]bool
	blocks    []connection
}

// hints are settings that mean something only together.
type hints struct {
	client, pull, tlsServer, tlsClient, modeServer bool
	nobind                                         bool
	port, lport, rport                             uint16
	lportSet, topologySet                          bool
	listens                                        bool // proto names the end that listens
}

func newImporter(name string) *importer {
	im := &importer{
		inst:  Instance{Name: name, Files: make(map[FileKind]string), Protocol: ProtocolUDP, DeviceType: DeviceTun},
		files: make(map[string][]byte), catalogue: newCatalogue(), unlisted: newUnlisted(), fieldAt: make(map[string]int),
		ignored: make(map[string]bool),
	}
	im.rules = im.makeRules()
	return im
}

// line takes a line over, or tells why not.
func (im *importer) line(line ovpn.Line) {
	if line.Err != nil {
		im.report.add(line.Number, "", VerdictRefused, "%v", line.Err)
		return
	}
	line, wrapped := unwrap(line)
	if len(line.Words) == 0 {
		im.report.add(line.Number, "setenv", VerdictDropped, "sets nothing")
		return
	}
	at := len(im.report.Lines)
	im.option(line)
	if wrapped {
		for n := at; n < len(im.report.Lines); n++ {
			switch l := &im.report.Lines[n]; {
			case l.Verdict == VerdictKept:
				l.Verdict, l.Reason = VerdictChanged, "stands without setenv"
			case l.Verdict == VerdictRefused && im.unknown(l.Option):
				l.Verdict = VerdictDropped // setenv opt is for what not every release has
			}
		}
	}
}

// unknown reports whether openvpn 2.6 has no option of a name.
func (im *importer) unknown(name string) bool {
	_, offered := im.catalogue[name]
	_, supervised := im.unlisted.supervised[name]
	_, withheld := im.unlisted.withheld[name]
	return !offered && !supervised && !withheld
}

// unwrap takes the option out of "setenv opt OPTION", and those that setenv
// stands for.
func unwrap(line ovpn.Line) (ovpn.Line, bool) {
	if line.Name() != "setenv" || line.Inline || len(line.Words) < 2 {
		return line, false
	}
	switch line.Words[1] {
	case "opt":
		line.Words = line.Words[2:]
	case "PUSH_PEER_INFO":
		line.Words = []string{"push-peer-info"}
	case "REMOTE_RANDOM_HOSTNAME":
		line.Words = []string{"remote-random-hostname"}
	case "SERVER_POLL_TIMEOUT":
		line.Words = append([]string{"connect-timeout"}, line.Words[2:]...)
	default:
		return line, false
	}
	return line, true
}

// option takes an option over by the list that it stands in.
func (im *importer) option(line ovpn.Line) {
	name := line.Name()
	info, offered := im.catalogue[name]
	switch {
	case line.Inline && !isBlock(name):
		im.say(line, VerdictRefused, "no such block")
	case offered && info.Field == "" && line.Inline:
		im.block(line)
	case offered && info.Field == "":
		im.offered(line, name, line.Args())
	case offered:
		at := len(im.report.Lines)
		im.field(line)
		im.overrule(name, at)
	default:
		im.unwanted(line)
	}
}

// isBlock reports whether openvpn takes an option as an inline block.
func isBlock(name string) bool {
	return slices.Contains([]string{
		"auth-gen-token-secret", "auth-user-pass", "ca", "cert", "connection", "crl-verify", "dh", "extra-certs",
		"http-proxy-user-pass", "key", "peer-fingerprint", "pkcs12", "secret", "tls-auth", "tls-crypt", "tls-crypt-v2", "verify-hash",
	}, name)
}

// say reports about a line.
func (im *importer) say(line ovpn.Line, v Verdict, format string, args ...any) {
	im.report.add(line.Number, show(line.Name()), v, format, args...)
}

// unwanted tells why an option is left out.
func (im *importer) unwanted(line ovpn.Line) {
	name := line.Name()
	if reason, ok := im.unlisted.supervised[name]; ok {
		im.say(line, VerdictDropped, "%s", reason)
		return
	}
	if name == "ignore-unknown-option" {
		for _, other := range line.Args() {
			im.ignored[other] = true
		}
	}
	if w, ok := im.unlisted.withheld[name]; ok {
		verdict := VerdictRefused
		if w.harmless || name == "setenv" {
			verdict = VerdictDropped
		}
		im.say(line, verdict, "%s", w.reason)
		return
	}
	if reason, ok := im.unlisted.bygone[name]; ok {
		im.say(line, VerdictDropped, "%s", reason)
		return
	}
	if im.ignored[name] {
		im.say(line, VerdictDropped, "openvpn 2.6 has no such option, and the file says to ignore it")
		return
	}
	im.say(line, VerdictRefused, "openvpn 2.6 has no such option")
}

// offered takes an option of the catalogue over. It may stand in the file
// under another name.
func (im *importer) offered(line ovpn.Line, name string, args []string) {
	verdict, reason := VerdictKept, ""
	if name != line.Name() {
		verdict, reason = VerdictChanged, "stands as "+name
	}
	o := Option{Name: name, Args: slices.Clone(args)}
	if len(o.Args) == 0 {
		o.Args = nil
	}
	if changed, why := im.mend(&o); changed {
		if o.Name == "" {
			im.say(line, VerdictDropped, "%s", why)
			return
		}
		verdict, reason = VerdictChanged, why
	}
	if err := im.catalogue.check(o, inMain); err != nil {
		im.say(line, VerdictRefused, "%v", err)
		return
	}
	if !im.catalogue[o.Name].Repeats {
		if n := slices.IndexFunc(im.inst.Options, func(other Option) bool { return other.Name == o.Name }); n >= 0 {
			earlier := &im.report.Lines[im.optionAt[n]]
			earlier.Verdict, earlier.Reason = VerdictDropped, fmt.Sprintf("line %d says it again", line.Number)
			im.removeOption(n)
		}
	}
	im.inst.Options = append(im.inst.Options, o)
	im.optionAt = append(im.optionAt, len(im.report.Lines))
	im.say(line, verdict, "%s", reason)
}

func (im *importer) removeOption(n int) {
	im.inst.Options = slices.Delete(im.inst.Options, n, n+1)
	im.optionAt = slices.Delete(im.optionAt, n, n+1)
	if len(im.inst.Options) == 0 {
		im.inst.Options = nil
	}
}

// mend brings old values into a form that openvpn 2.6 takes. An option
// without a name is to be left out.
func (im *importer) mend(o *Option) (bool, string) {
	if len(o.Args) == 0 {
		return false, ""
	}
	switch o.Name {
	case "verb":
		if num("verb", 0, 2).check(o.Args[0]) == nil {
			o.Name = ""
			return true, "less than 3 would hide why a tunnel fails"
		}
		if num("verb", 7, 15).check(o.Args[0]) == nil {
			o.Args = []string{"6"}
			return true, "stands as verb 6: more would write keys into the log"
		}
	case "connect-retry-max":
		if o.Args[0] == "unlimited" {
			o.Args = []string{"0"}
			return true, "stands as 0, which is the same"
		}
	case "fragment":
		if o.Args[0] == "0" {
			o.Name = ""
			return true, "0 is off"
		}
	case "cipher", "data-ciphers-fallback":
		if o.Args[0] != "none" && !isCipher(o.Args[0]) {
			reason := fmt.Sprintf("openvpn 2.6 has no cipher %q; the other end must agree on a better one", show(o.Args[0]))
			o.Name = ""
			return true, reason
		}
	case "data-ciphers":
		usable := usableCiphers(o.Args[0])
		if usable == o.Args[0] {
			break
		}
		if usable == "" {
			o.Name = ""
			return true, "openvpn 2.6 has none of these ciphers"
		}
		o.Args = append([]string{usable}, o.Args[1:]...)
		return true, "without ciphers that openvpn 2.6 does not have"
	}
	return false, ""
}

// finish puts together what the lines said.
func (im *importer) finish() error {
	im.connections()
	im.tooManyRemotes()
	if err := im.role(); err != nil {
		return err
	}
	im.ports()
	im.leftovers()
	im.dropMisfits()
	im.findLost()
	im.judge()
	return nil
}
