package cconfig

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Layer is one protocol or end of a stack such as
// "telnet(rfc2217),tcp,localhost,2000".
type Layer struct {
	Name string
	// Options are what stands in its parentheses.
	Options []Option
	// Args follow the lowest layer: host and port, or device and settings.
	Args []string
}

// Option is a setting of a layer. Without "=" the value is empty and Bare is
// set.
type Option struct {
	Name, Value string
	Bare        bool
}

// filters are the layers that another one follows.
func isFilter(name string) bool { return name == "telnet" || name == "ssl" }

// parseStack reads a stack of layers, topmost first.
func parseStack(s string) ([]Layer, error) {
	if strings.ContainsRune(s, 0) {
		return nil, errors.New("it holds a NUL")
	}
	var stack []Layer
	rest := strings.TrimSpace(s)
	for {
		if rest == "" {
			return nil, errors.New("it ends where a protocol is expected")
		}
		end := strings.IndexAny(rest, "(,")
		if end < 0 {
			end = len(rest)
		}
		layer := Layer{Name: strings.TrimSpace(rest[:end])}
		rest = rest[end:]
		if impliedTCP(layer.Name) {
			layer.Name, rest = "tcp", ","+layer.Name+rest
		} else if strings.HasPrefix(layer.Name, "/") {
			layer.Name, rest = "serialdev", ","+layer.Name+rest
		}
		if strings.HasPrefix(rest, "(") {
			words, n, err := split(rest[1:], ')')
			if err != nil {
				return nil, err
			}
			for _, word := range words {
				layer.Options = append(layer.Options, optionOf(word))
			}
			rest = strings.TrimSpace(rest[1+n:])
			if rest != "" && rest[0] != ',' {
				return nil, fmt.Errorf("a comma is missing after %s(...)", layer.Name)
			}
		}
		rest = strings.TrimSpace(strings.TrimPrefix(rest, ","))
		if isFilter(layer.Name) {
			if len(stack) == 4 {
				return nil, errors.New("it has too many layers")
			}
			stack = append(stack, layer)
			continue
		}
		args, _, err := split(rest, 0)
		if err != nil {
			return nil, err
		}
		layer.Args = args
		return append(stack, layer), nil
	}
}

// impliedTCP tells whether a name is a port, or a version of IP, which C
// takes for TCP.
func impliedTCP(name string) bool {
	_, err := strconv.ParseUint(name, 10, 16)
	return err == nil || name == "ipv4" || name == "ipv6" || name == "ipv6n4"
}

func optionOf(word string) Option {
	name, value, found := strings.Cut(word, "=")
	return Option{name, value, !found}
}

// split cuts s into words at commas and spaces, up to the byte end (0: to the
// end of s), and returns how many bytes it read. Quotes and \ take away the
// meaning of what they hold.
func split(s string, end byte) (words []string, n int, err error) {
	var word []byte
	var quote byte
	begun := false // a word has begun, be it empty
	flush := func() {
		if begun {
			words = append(words, string(word))
		}
		word, begun = word[:0], false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && i+1 < len(s) && quote != '\'':
			i++
			word, begun = append(word, s[i]), true
		case quote != 0:
			if c == quote {
				quote = 0
			} else {
				word = append(word, c)
			}
		case c == '\'' || c == '"':
			quote, begun = c, true
		case c == end && end != 0:
			flush()
			return words, i + 1, nil
		case c == ',' || c == ' ' || c == '\t' || c == '\n' || c == '\r':
			flush()
		default:
			word, begun = append(word, c), true
		}
	}
	if quote != 0 {
		return nil, 0, fmt.Errorf("a quote %c is not closed", quote)
	}
	if end != 0 {
		return nil, 0, fmt.Errorf("a %c is missing", end)
	}
	flush()
	return words, len(s), nil
}

// address reads the end of a stack: [ipv4|ipv6|ipv6n4,][host,]port.
func address(args []string) (host, port string, err error) {
	words := slices.Clone(args)
	if len(words) > 0 {
		anyHost, known := map[string]string{"ipv4": "0.0.0.0", "ipv6": "::", "ipv6n4": "::"}[words[0]]
		if known {
			host, words = anyHost, words[1:]
		}
	}
	switch len(words) {
	case 0:
		return "", "", errors.New("a port is missing")
	case 1:
	case 2:
		host, words = words[0], words[1:]
	default:
		return "", "", errors.New("more than one address is not supported, write a connection for each")
	}
	if _, err := strconv.ParseUint(words[0], 10, 16); err != nil {
		return "", "", fmt.Errorf("%q is not a port, want a number from 0 to 65535", words[0])
	}
	return host, words[0], nil
}

// flag reads the value of a setting that is on or off.
func (o Option) flag() (bool, error) {
	if o.Bare {
		return true, nil
	}
	return boolean(o.Value)
}

// boolean reads a value as C does.
func boolean(s string) (bool, error) {
	switch strings.ToLower(s) {
	case "true", "yes", "on", "1":
		return true, nil
	case "false", "no", "off", "0":
		return false, nil
	}
	return false, fmt.Errorf("%q is not allowed, want true or false", s)
}

// integer is a whole number as C writes it: with 0x in hexadecimal, with a 0
// before it in octal.
var integer = regexp.MustCompile(`^(?:0[xX][0-9a-fA-F]+|[0-9]+)$`)

// number reads a whole number from least to most.
func number(s string, least, most int) (int, error) {
	n, err := strconv.ParseInt(s, 0, 64)
	if err != nil || !integer.MatchString(s) || n < int64(least) || n > int64(most) {
		return 0, fmt.Errorf("%q is not allowed, want a whole number from %d to %d", s, least, most)
	}
	return int(n), nil
}
