package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// defaultConfigs are read without -C, where they exist.
var defaultConfigs = [...]string{"/etc/snmp/snmpd.conf", "/etc/snmp/snmpd.local.conf"}

const usage = `usage: snmpd [flags] [LISTENING ADDRESSES], with the flags of net-snmp's snmpd:
  -c FILE[,...]  configuration, may be repeated
  -C             do not read ` + "/etc/snmp/snmpd.conf and snmpd.local.conf" + `
  -f             stay in the foreground
  -p FILE        write the process id to FILE
  -U             leave that file where it is at the end
  -L[eo]         log to standard error or standard output
  -L[fF] FILE    log to FILE; -Ln: do not log; -Ls FACILITY: to syslog
  -A             append to the log file rather than to truncate it
  -V             log more
  -v             print the version
  --extend       run the programs of extend; without it they are not
  --NAME=VALUE   a line of configuration, behind those of the files
  -a, -d, -D..., -g GID, -I LIST, -m LIST, -M LIST, -q, -r, -u UID, -x ADDRESS, -X
                 accepted, without effect

Addresses: udp:127.0.0.1:1161, udp6:[::1]:1161, 127.0.0.1:1161, 1161; default udp:161
`

// options is the command line.
type options struct {
	configs          []string
	noDefaults       bool
	foreground       bool
	pidFile          string
	leavePID         bool
	log              logTarget
	verbose, version bool
	extend           bool
	listen           []string
	directives       string   // lines of configuration
	notes            []string // flags without effect
}

// logTarget is where the log goes: 'e' and 'o' are the standard files, 'f' a
// file, 's' syslog, 'n' nowhere; 0 is what suits.
type logTarget struct {
	kind   byte
	file   string
	append bool
}

var errHelp = errors.New("help is asked for")

// parseFlags reads flags as getopt does: several letters behind one dash, the
// value of a flag in the same word or in the next.
func parseFlags(args []string) (options, error) {
	var o options
	for i := 0; i < len(args); i++ {
		arg := args[i]
		switch {
		case arg == "--help":
			return o, errHelp
		case arg == "--version":
			o.version = true
			continue
		case arg == "--extend" || arg == "-extend":
			o.extend = true
			continue
		case strings.HasPrefix(arg, "--") && strings.Contains(arg[2:], "="):
			name, value, _ := strings.Cut(arg[2:], "=")
			o.directives += name + " " + value + "\n"
			continue
		case arg == "--":
			o.listen = append(o.listen, args[i+1:]...)
			return o, o.finish()
		case len(arg) < 2 || arg[0] != '-':
			o.listen = append(o.listen, arg)
			continue
		}
		for j := 1; j < len(arg); j++ {
			letter, value := arg[j], ""
			if strings.IndexByte("cgILmMpuxD", letter) >= 0 {
				value, j = arg[j+1:], len(arg)
				if value == "" && letter != 'D' {
					if i++; i == len(args) {
						return o, fmt.Errorf("-%c needs a value, see snmpd -h", letter)
					}
					value = args[i]
				}
			}
			if letter == 'L' {
				n, err := o.setLog(value, args[i+1:])
				if err != nil {
					return o, err
				}
				i += n
				continue
			}
			if err := o.set(letter, value); err != nil {
				return o, err
			}
		}
	}
	return o, o.finish()
}

// set takes a flag other than -L.
func (o *options) set(letter byte, value string) error {
	switch letter {
	case 'c':
		o.configs = append(o.configs, strings.Split(value, ",")...)
	case 'C':
		o.noDefaults = true
	case 'f':
		o.foreground = true
	case 'p':
		o.pidFile = value
	case 'U':
		o.leavePID = true
	case 'A':
		o.log.append = true
	case 'V':
		o.verbose = true
	case 'v':
		o.version = true
	case 'h':
		return errHelp
	case 'u', 'g':
		o.notes = append(o.notes, fmt.Sprintf("-%c %s has no effect: start the daemon as the user that it is to run as.", letter, value))
	case 'a', 'd', 'D', 'I', 'm', 'M', 'q', 'r', 'x', 'X':
		o.notes = append(o.notes, strings.TrimSpace(fmt.Sprintf("-%c %s", letter, value))+" has no effect.")
	default:
		return fmt.Errorf("-%c is no flag, see snmpd -h", letter)
	}
	return nil
}

// setLog takes -L with its value. It returns how many of the words behind it
// belong to it as well.
func (o *options) setLog(value string, rest []string) (taken int, err error) {
	kind, own := value[0], strings.TrimSpace(value[1:])
	next := func() (string, error) {
		if own != "" {
			word := own
			own = ""
			return word, nil
		}
		if taken == len(rest) {
			return "", fmt.Errorf("-L%c needs a value, see snmpd -h", kind)
		}
		taken++
		return rest[taken-1], nil
	}
	if strings.IndexByte("EONFS", kind) >= 0 { // a priority comes first, it has no effect
		if _, err = next(); err != nil {
			return 0, err
		}
	}
	o.log.kind = kind | 0x20 // in lower case
	switch o.log.kind {
	case 'e', 'o', 'n':
	case 'f':
		o.log.file, err = next()
	case 's':
		_, err = next() // a facility
	default:
		err = fmt.Errorf("-L%s: want e, o, n, f FILE or s FACILITY", value)
	}
	return taken, err
}

// finish makes the paths stay what they are when the daemon changes to /.
func (o *options) finish() error {
	paths := []*string{&o.pidFile, &o.log.file}
	for i := range o.configs {
		paths = append(paths, &o.configs[i])
	}
	for _, path := range paths {
		if *path == "" {
			continue
		}
		abs, err := filepath.Abs(*path)
		if err != nil {
			return err
		}
		*path = abs
	}
	return nil
}
