package management

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/fieldgate/fieldgate/openvpn"
)

// MaxValue is the most bytes of one value of a command. openvpn 2.6 takes no
// more, and would repeat a longer one, password or not, in its reply and log.
const MaxValue = 255

// maxCommand is the most bytes of a line: openvpn collects 1024.
const maxCommand = 1000

// maxOption is the most bytes of an option of one client: openvpn cuts what is
// longer off without a word.
const maxOption = 254

// Command is a command with the shape of its reply. Its text may hold a
// password and is never shown; Name is.
type Command struct {
	Name  string
	Shape Shape
	text  string
}

// String returns the name of the command.
func (c Command) String() string { return c.Name }

// GoString returns the name of the command.
func (c Command) GoString() string { return c.Name }

// line returns a command of one line, its words quoted where they need it.
func line(shape Shape, words ...string) (Command, error) {
	c := Command{Name: words[0], Shape: shape}
	text, err := join(words)
	if err != nil {
		return c, fmt.Errorf("%s: %w", c.Name, err)
	}
	c.text = text + "\n"
	return c, nil
}

// plain returns a command of fixed words.
func plain(shape Shape, text string) Command {
	return Command{Name: text, Shape: shape, text: text + "\n"}
}

// PID asks for the process.
func PID() Command { return plain(Line, "pid") }

// LoadStats asks for little, and is the only one that leaves no line in the
// log.
func LoadStats() Command { return plain(Line, "load-stats") }

// HoldRelease lets openvpn go on.
func HoldRelease() Command { return plain(Line, "hold release") }

// StateOn asks for events of state, CurrentState for the state.
func StateOn() Command { return plain(Line, "state on") }

// CurrentState asks for the state.
func CurrentState() Command { return plain(Body, "state") }

// LogOnAll asks for the log so far and for events of log.
func LogOnAll() Command { return plain(LineBody, "log on all") }

// LogOn asks for events of log.
func LogOn() Command { return plain(Line, "log on") }

// Status asks for the list of clients, with tabs.
func Status() Command { return plain(Body, "status 3") }

// ByteCountEvery asks for events of traffic, every so many seconds.
func ByteCountEvery(seconds int) Command {
	return plain(Line, "bytecount "+strconv.Itoa(seconds))
}

// Throw lets openvpn act as on the signal.
func Throw(s openvpn.Signal) (Command, error) {
	switch s {
	case openvpn.SIGUSR1, openvpn.SIGHUP, openvpn.SIGTERM:
		return plain(Line, "signal "+string(s)), nil
	}
	return Command{}, fmt.Errorf("signal %q is none of SIGUSR1, SIGHUP, SIGTERM", s)
}

// Username gives the user name that was asked for.
func Username(what, name string) (Command, error) { return line(Line, "username", what, name) }

// Password gives the password that was asked for.
func Password(what, password string) (Command, error) {
	return line(Line, "password", what, password)
}

// Kill ends the session of a client.
func Kill(cid uint64) Command {
	return plain(Line, "client-kill "+strconv.FormatUint(cid, 10))
}

// Admit lets a client in, with options of its own.
func Admit(cid, kid uint64, options []openvpn.Option) (Command, error) {
	who := strconv.FormatUint(cid, 10) + " " + strconv.FormatUint(kid, 10)
	if len(options) == 0 {
		return plain(Line, "client-auth-nt "+who), nil
	}
	text := "client-auth " + who + "\n"
	for _, o := range options {
		if !isOptionName(o.Name) {
			return Command{}, fmt.Errorf("client-auth: %q is no name of an option", o.Name)
		}
		words, err := join(append([]string{o.Name}, o.Args...))
		if err != nil {
			return Command{}, fmt.Errorf("client-auth: option %s: %w", o.Name, err)
		}
		if len(words) > maxOption {
			return Command{}, fmt.Errorf("client-auth: option %s: more than %d bytes", o.Name, maxOption)
		}
		text += words + "\n"
	}
	return Command{Name: "client-auth", Shape: Line, text: text + "END\n"}, nil
}

// Deny turns a client away. reason goes into the server's log.
func Deny(cid, kid uint64, reason string) (Command, error) {
	return line(Line, "client-deny", strconv.FormatUint(cid, 10), strconv.FormatUint(kid, 10), reason)
}

// isOptionName reports whether openvpn could have an option of that name;
// END, which ends the options, is none.
func isOptionName(name string) bool {
	for _, c := range []byte(name) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return name != "" && name[0] != '-'
}

// join puts words on a line.
func join(words []string) (string, error) {
	var b strings.Builder
	for i, w := range words {
		quoted, err := Quote(w)
		if err != nil {
			return "", err
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(quoted)
	}
	if b.Len() > maxCommand {
		return "", fmt.Errorf("more than %d bytes in all", maxCommand)
	}
	return b.String(), nil
}

// Quote returns value as one word of a command, in the quoting of openvpn's
// configuration files. The error never shows the value.
func Quote(value string) (string, error) {
	if len(value) > MaxValue {
		return "", fmt.Errorf("a value of %d bytes: openvpn takes %d at most", len(value), MaxValue)
	}
	bare := value != ""
	for _, c := range []byte(value) {
		switch {
		case c < ' ' || c == 0x7f:
			return "", errors.New("a value with a control character")
		case strings.IndexByte(` "'\#;`, c) >= 0 || c >= 0x80:
			bare = false
		}
	}
	if bare {
		return value, nil
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`, nil
}
