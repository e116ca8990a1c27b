package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
)

// defaultConfig is read without -c, -C and -Y.
const defaultConfig = "/etc/ser2net/ser2net.yaml"

const usage = `usage: ser2net [flags], with the flags of C ser2net:
  -c FILE       configuration, - for standard input (default ` + defaultConfig + `)
  -C LINE       a line of ser2net 3.x, may be repeated
  -Y STRING     YAML, may be repeated; an unquoted # is a line end
  -n            stay in the foreground
  -d            stay in the foreground and log to standard output
  -r            print Ready once all ports are listened on
  -P FILE       write the process id to FILE
  -s SIGNATURE  the RFC 2217 signature of connections that have none
  -l            log more
  -v            print the version
  -t N, -u, -b  accepted, without effect
`

// options is the command line.
type options struct {
	config                  string // "" = none, only lines and strings
	lines, strings          []string
	foreground, log2stdout  bool
	ready, version, verbose bool
	pidFile, signature      string
	threads                 int // as written; goroutines need no number
}

var errHelp = errors.New("help is asked for")

// parseFlags reads flags as getopt does: several letters behind one dash, the
// value of a flag in the same word or in the next.
func parseFlags(args []string) (options, error) {
	var o options
	config, configSet := defaultConfig, false
	for i := 0; i < len(args); i++ {
		word := args[i]
		if word == "--help" {
			return o, errHelp
		}
		if len(word) < 2 || word[0] != '-' {
			return o, fmt.Errorf("unexpected argument %q, see ser2net -h", word)
		}
		for j := 1; j < len(word); j++ {
			letter, value := word[j], ""
			switch letter {
			case 'c', 'C', 'Y', 't', 'P', 'p', 's':
				value, j = word[j+1:], len(word)
				if value == "" {
					if i++; i == len(args) {
						return o, fmt.Errorf("-%c needs a value", letter)
					}
					value = args[i]
				}
			}
			switch letter {
			case 'c':
				config, configSet = value, true
			case 'C':
				o.lines = append(o.lines, value)
			case 'Y':
				o.strings = append(o.strings, value)
			default:
				if err := o.set(letter, value); err != nil {
					return o, err
				}
			}
		}
	}
	if configSet || len(o.lines)+len(o.strings) == 0 {
		o.config = config
	}
	return o, o.absolute()
}

// set takes a flag other than -c, -C and -Y.
func (o *options) set(letter byte, value string) (err error) {
	switch letter {
	case 'n':
		o.foreground = true
	case 'd':
		o.foreground, o.log2stdout = true, true
	case 'r':
		o.ready = true
	case 'v':
		o.version = true
	case 'l':
		o.verbose = true
	case 'u', 'b':
	case 't':
		if o.threads, err = strconv.Atoi(value); err != nil || o.threads < 0 {
			return fmt.Errorf("-t %s: want a number of threads", value)
		}
	case 'P':
		o.pidFile = value
	case 's':
		o.signature = value
	case 'p':
		return fmt.Errorf("-p %s: the admin port is not supported; the log tells what happens, and SIGHUP reads the configuration again", value)
	case 'h':
		return errHelp
	default:
		return fmt.Errorf("-%c is no flag, see ser2net -h", letter)
	}
	return nil
}

// absolute makes the paths stay what they are when the daemon changes to /.
func (o *options) absolute() error {
	for _, path := range []*string{&o.config, &o.pidFile} {
		if *path == "" || *path == "-" {
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
