package cconfig

import (
	"slices"
	"strings"
)

// lineOptions reads the last field of a port of 3.x.
type lineOptions struct {
	*lineParser
	owner  string
	c      *Connection
	remote bool // RFC 2217
}

func (o *lineOptions) read(options string) {
	for _, word := range optionWords(options) {
		if !o.serial(word) && !o.named(word) && !o.toggle(word) {
			o.faultf(o.c.At, "%s: %s is neither an option of %s nor a BANNER", o.owner, word, Lines)
		}
	}
}

// optionWords splits options at spaces and commas; an address keeps its comma.
func optionWords(options string) (words []string) {
	for word := range strings.FieldsSeq(options) {
		if strings.HasPrefix(word, "remaddr=") {
			words = append(words, word)
			continue
		}
		words = slices.AppendSeq(words, strings.FieldsFuncSeq(word, func(c rune) bool { return c == ',' }))
	}
	return words
}

// device adds a setting of the device.
func (o *lineOptions) device(setting string) {
	o.c.Connector[0].Args = append(o.c.Connector[0].Args, setting)
}

// serial takes a word that is about the line.
func (o *lineOptions) serial(word string) bool {
	known := isSerialWord(word)
	if known {
		o.device(word)
	}
	return known
}

// named takes a word that names a line defined before.
func (o *lineOptions) named(word string) bool {
	if banner, ok := o.texts["BANNER"][word]; ok {
		o.option("banner", banner)
		return true
	}
	name, value, found := strings.Cut(word, "=")
	if !found {
		if name, value, found = strings.Cut(word, ":"); !found { // as before 3.0
			return false
		}
	}
	key, known := map[string][2]string{
		"tr": {"TRACEFILE", "trace-read"}, "tw": {"TRACEFILE", "trace-write"}, "tb": {"TRACEFILE", "trace-both"},
		"os": {"OPENSTR", "openstr"}, "cs": {"CLOSESTR", "closestr"}, "co": {"CLOSEON", "closeon"},
		"so": {"SENDON", "sendon"}, "sig": {"SIGNATURE", "signature"}, "rs485": {"RS485CONF", ""},
		"openstr": {"OPENSTR", "openstr"}, "closestr": {"CLOSESTR", "closestr"}, "closeon": {"CLOSEON", "closeon"},
		"sendon": {"SENDON", "sendon"}, "banner": {"BANNER", "banner"}, "signature": {"SIGNATURE", "signature"},
	}[name]
	if !known {
		return o.portOption(name, value)
	}
	defined, ok := o.texts[key[0]][value]
	switch {
	case !ok && name == key[1]: // as in 4.x
		o.option(name, value)
	case !ok:
		o.faultf(o.c.At, "%s: there is no line %s:%s before this one", o.owner, key[0], value)
	case key[1] == "":
		o.device("rs485=" + defined)
	default:
		o.option(key[1], defined)
	}
	return true
}

// toggle takes a word that switches something, off with a - before it.
func (o *lineOptions) toggle(word string) bool {
	name, off := strings.CutPrefix(word, "-")
	name, value, set := strings.Cut(name, "=")
	switch {
	case off && set:
		return false
	case off:
		value = "false"
	case !set:
		value = "true"
	}
	switch name {
	case "remctl":
		o.remote = value == "true"
	case "telnet_brk_on_sync":
		o.option("telnet-brk-on-sync", value)
	case "hexdump", "timestamp":
		o.option("trace-"+name, value)
	case "tr-hexdump", "tr-timestamp":
		o.option("trace-read"+name[2:], value)
	case "tw-hexdump", "tw-timestamp":
		o.option("trace-write"+name[2:], value)
	case "tb-hexdump", "tb-timestamp":
		o.option("trace-both"+name[2:], value)
	case "kickolduser", "chardelay", "telnet-brk-on-sync", "timeout-on-os-queue", "no-con-to-acc", "no-acc-to-con", "mdns":
		o.option(name, value)
	default:
		dump := strings.HasSuffix(name, "-hexdump") || strings.HasSuffix(name, "-timestamp")
		return dump && o.portOption(name, value)
	}
	return true
}

// portOption takes an option that has the same name in YAML, and returns
// whether it is one.
func (o *lineOptions) portOption(name, value string) bool {
	_, known := portOptions()[name]
	if known {
		o.option(name, value)
	}
	return known
}

func (o *lineOptions) option(name, value string) {
	o.c.Options = append(o.c.Options, Setting{name, value, o.c.At})
}
