package cconfig

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/fieldgate/fieldgate/ser2net"
)

// portOption applies the value of an option of ser2net to a port that is
// being built.
type portOption func(b *builder, value string) error

// portOptions are the options of ser2net.yaml(5). An error says what is wrong
// with the value, or that the option is not supported.
func portOptions() map[string]portOption {
	return map[string]portOption{
		"max-connections":       whole(0, ser2net.MaxClientsLimit, func(b *builder, n int) { b.port.MaxClients = max(n, 1) }), // as C does
		"kickolduser":           onOff(func(b *builder, on bool) { b.kick = on }),
		"timeout-on-os-queue":   onOff(func(b *builder, on bool) { b.ignoreUnless(on, "what the kernel still sends counts always") }),
		"banner":                func(b *builder, v string) error { b.port.Banner = b.expand(v, false); return nil },
		"openstr":               func(b *builder, v string) error { b.port.OpenString = b.expand(v, false); return nil },
		"closestr":              func(b *builder, v string) error { b.port.CloseString = b.expand(v, false); return nil },
		"closeon":               func(b *builder, v string) error { b.port.CloseOn = b.expand(v, false); return nil },
		"sendon":                func(b *builder, v string) error { b.port.Packing.SendOn = b.expand(v, false); return nil },
		"signature":             setSignature,
		"telnet-brk-on-sync":    onOff(func(b *builder, on bool) { b.port.BreakOnSync = on }),
		"chardelay":             onOff(func(b *builder, on bool) { b.delay.on = on }),
		"chardelay-scale":       whole(0, 1000, func(b *builder, n int) { b.delay.scale = n }),
		"chardelay-min":         whole(0, maxDelay, func(b *builder, n int) { b.delay.min = n }),
		"chardelay-max":         whole(0, maxDelay, func(b *builder, n int) { b.delay.max = n }),
		"dev-to-net-bufsize":    whole(0, math.MaxInt32, func(b *builder, _ int) { b.ignore("buffers size themselves") }),
		"net-to-dev-bufsize":    whole(0, math.MaxInt32, func(b *builder, _ int) { b.ignore("buffers size themselves") }),
		"accepter-retry-time":   whole(1, maxSeconds, func(b *builder, n int) { b.port.ListenRetry = seconds(n) }),
		"connector-retry-time":  whole(1, maxSeconds, func(b *builder, n int) { b.retry = n }),
		"connback":              func(b *builder, v string) error { return b.connectBack(v) },
		"connback-timeout":      whole(0, maxSeconds, func(b *builder, n int) { b.backTimeout, b.backTimeoutAt = n, b.at }),
		"remaddr":               func(b *builder, v string) error { return b.allow(v) },
		"trace-read":            func(b *builder, v string) error { return b.trace(ser2net.DirectionToNetwork, v) },
		"trace-write":           func(b *builder, v string) error { return b.trace(ser2net.DirectionToDevice, v) },
		"trace-both":            func(b *builder, v string) error { return b.trace(ser2net.DirectionBoth, v) },
		"trace-hexdump":         onOff(func(b *builder, on bool) { b.hexdump("", on) }),
		"trace-read-hexdump":    onOff(func(b *builder, on bool) { b.hexdump(ser2net.DirectionToNetwork, on) }),
		"trace-write-hexdump":   onOff(func(b *builder, on bool) { b.hexdump(ser2net.DirectionToDevice, on) }),
		"trace-both-hexdump":    onOff(func(b *builder, on bool) { b.hexdump(ser2net.DirectionBoth, on) }),
		"trace-timestamp":       onOff(func(b *builder, on bool) { b.timestamp("", on) }),
		"trace-read-timestamp":  onOff(func(b *builder, on bool) { b.timestamp(ser2net.DirectionToNetwork, on) }),
		"trace-write-timestamp": onOff(func(b *builder, on bool) { b.timestamp(ser2net.DirectionToDevice, on) }),
		"trace-both-timestamp":  onOff(func(b *builder, on bool) { b.timestamp(ser2net.DirectionBoth, on) }),
		"no-con-to-acc":         onOff(func(b *builder, on bool) { b.writeOnly = b.writeOnly || on }),
		"no-acc-to-con":         onlyOff,
		"allowed-users":         func(b *builder, v string) error { b.users = append(b.users, strings.Fields(v)...); return nil },
		"authdir":               ineffective("a client is known by its certificate: ssl(clientauth,CA=FILE) and allowed-users"),
		"authdir-admin":         ineffective("there is no admin port"),
		"pamauth":               unsupported,
		"pamauth-admin":         ineffective("there is no admin port"),
		"led-tx":                ineffective("LEDs are not supported"),
		"led-rx":                ineffective("LEDs are not supported"),
		"led-conn":              ineffective("LEDs are not supported"),
		"mdns":                  onlyOff,
		"mdns-interface":        ineffective("mdns is not supported"),
		"mdns-nettype":          ineffective("mdns is not supported"),
		"mdns-name":             ineffective("mdns is not supported"),
		"mdns-type":             ineffective("mdns is not supported"),
		"mdns-domain":           ineffective("mdns is not supported"),
		"mdns-host":             ineffective("mdns is not supported"),
		"mdns-txt":              ineffective("mdns is not supported"),
		"mdns-sysattrs":         ineffective("mdns is not supported"),
	}
}

// maxDelay is the longest wait for more data, in microseconds. C has limits
// for the defaults only.
const maxDelay = int(ser2net.MaxForceTime / time.Microsecond)

var errUnsupported = errors.New("is not supported")

func unsupported(*builder, string) error { return errUnsupported }

// onlyOff is an option that may be off.
func onlyOff(_ *builder, value string) error {
	on, err := booleanOption(value)
	if err == nil && on {
		err = errUnsupported
	}
	return err
}

func ineffective(why string) portOption {
	return func(b *builder, _ string) error { b.ignore(why); return nil }
}

// booleanOption reads a value; none means true, as in C.
func booleanOption(value string) (bool, error) {
	if value == "" {
		return true, nil
	}
	return boolean(value)
}

func onOff(set func(b *builder, on bool)) portOption {
	return func(b *builder, value string) error {
		on, err := booleanOption(value)
		if err == nil {
			set(b, on)
		}
		return err
	}
}

func whole(least, most int, set func(b *builder, n int)) portOption {
	return func(b *builder, value string) error {
		n, err := number(value, least, most)
		if err == nil {
			set(b, n)
		}
		return err
	}
}

func setSignature(b *builder, value string) error {
	if b.port.Signature = value; value == "" {
		b.ignore("an empty signature is not sent, the usual one is")
	}
	return nil
}

func seconds(n int) ser2net.Duration { return ser2net.Duration(time.Duration(n) * time.Second) }

// escapes are those that package ser2net knows, \x and its digits apart.
const escapes = `01234567abfnrtv\?'"oNIYyMmADehHiSqPU`

// hexEscape is \x with a digit, at the begin of a text.
var hexEscape = regexp.MustCompile(`^\\x[0-9a-fA-F]`)

// expand replaces the escapes that stand for what only this file knows: the
// connector and accepter as they are written, and \s; and it puts the comma
// before \B that C puts there. As in C, the backslash of an unknown escape is
// left out. The others are left to package ser2net.
func (b *builder) expand(s string, fileName bool) string {
	connector := b.c.ConnectorText
	if fileName {
		connector = path.Base(connector)
	}
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			out.WriteByte(s[i])
			continue
		}
		hex := hexEscape.MatchString(s[i:])
		i++
		if i == len(s) {
			b.ignore(`a backslash at the end stands for nothing`)
			break
		}
		switch c := s[i]; {
		case c == 'd':
			out.WriteString(literal(connector))
		case c == 'p':
			out.WriteString(literal(b.c.AccepterText))
		case c == 's' && fileName:
			out.WriteString(`\S`)
		case c == 's', c == 'B':
			out.WriteString(`,\B`)
		case hex, strings.IndexByte(escapes, c) >= 0:
			out.WriteByte('\\')
			out.WriteByte(c)
		case c == 'x':
			b.ignore(`\x without a digit stands for nothing`)
		default:
			b.ignore(fmt.Sprintf(`the backslash of \%c is no escape`, c))
			out.WriteByte(c)
		}
	}
	return out.String()
}

// literal returns a text that stands for itself where escapes are replaced.
func literal(s string) string { return strings.ReplaceAll(s, `\`, `\\`) }

// trace adds a file; what else it records is settled at the end.
func (b *builder) trace(direction ser2net.Direction, file string) error {
	if file == "" {
		return errors.New("a file name is missing")
	}
	b.traces[direction] = b.expand(file, true)
	return nil
}

// hexdump and timestamp apply to one file, or with no direction to all.
func (b *builder) hexdump(direction ser2net.Direction, on bool) {
	for _, d := range tracesOf(direction) {
		b.hex[d] = on
	}
}

func (b *builder) timestamp(direction ser2net.Direction, on bool) {
	for _, d := range tracesOf(direction) {
		b.stamped[d] = on
	}
}

// directions are the traces of a port, in the order of the settings.
func directions() []ser2net.Direction {
	return []ser2net.Direction{ser2net.DirectionToNetwork, ser2net.DirectionToDevice, ser2net.DirectionBoth}
}

func tracesOf(direction ser2net.Direction) []ser2net.Direction {
	if direction == "" {
		return directions()
	}
	return []ser2net.Direction{direction}
}

// allow reads remaddr: addresses divided by ;. One with a ! is for connecting
// back, in the words of 3.x.
func (b *builder) allow(list string) error {
	for one := range strings.SplitSeq(list, ";") {
		one = strings.TrimSpace(one)
		if back, found := strings.CutPrefix(one, "!"); found {
			words, _, err := split(back, 0)
			if err == nil {
				err = b.dial(words)
			}
			if err != nil {
				return err
			}
			continue
		}
		prefix, err := allowed(one)
		if err != nil {
			return err
		}
		b.port.Allow = append(b.port.Allow, prefix)
	}
	return nil
}

// allowed reads [ipv4|ipv6,]address[,port], where the address may be a network.
func allowed(s string) (netip.Prefix, error) {
	words, _, err := split(s, 0)
	if err != nil {
		return netip.Prefix{}, err
	}
	if len(words) > 1 && (words[0] == "ipv4" || words[0] == "ipv6" || words[0] == "tcp" || words[0] == "udp") {
		words = words[1:]
	}
	if len(words) == 2 {
		if n, err := strconv.ParseUint(words[1], 10, 16); err != nil {
			return netip.Prefix{}, fmt.Errorf("%q is not a port", words[1])
		} else if n != 0 {
			return netip.Prefix{}, fmt.Errorf("%s: the port of the client is not looked at, write 0", s)
		}
		words = words[:1]
	}
	if len(words) != 1 {
		return netip.Prefix{}, fmt.Errorf("%q is not an address, want something like 192.0.2.1,0", s)
	}
	if prefix, err := netip.ParsePrefix(words[0]); err == nil {
		return prefix.Masked(), nil
	}
	address, err := netip.ParseAddr(words[0])
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is not an IP address", words[0])
	}
	address = address.WithZone("").Unmap()
	return netip.PrefixFrom(address, address.BitLen()), nil
}
