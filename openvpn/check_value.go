package openvpn

import (
	"errors"
	"fmt"
	"math/bits"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/fieldgate/fieldgate/internal/config"
	"github.com/fieldgate/fieldgate/openvpn/internal/ovpn"
)

// maxText keeps a text and its option within one line, quotes and all.
const maxText = 200

// check returns what is wrong with a value.
func (p Param) check(text string) error {
	if slices.Contains(p.Words, text) {
		return nil
	}
	if err := p.checkKind(text); err != nil {
		if len(p.Words) > 0 && p.Kind != KindWord {
			return fmt.Errorf("%w, nor one of %s", err, strings.Join(p.Words, ", "))
		}
		return err
	}
	return nil
}

func (p Param) checkKind(text string) error {
	ok := false
	switch p.Kind {
	case KindWord:
		return fmt.Errorf("unknown word %q, want %s", show(text), strings.Join(p.Words, ", "))
	case KindNumber:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || strings.HasPrefix(text, "+") {
			return fmt.Errorf("%q is no whole number", show(text))
		}
		if n < p.Min || n > p.Max {
			return fmt.Errorf("%d is out of range, allowed is %d to %d", n, p.Min, p.Max)
		}
		return nil
	case KindText:
		return checkText(text)
	case kindIgnored:
		return nil
	case KindName:
		ok = isName(text, "._-:+=")
	case KindNames:
		ok = isName(text, "._-:+=!@?") && !strings.Contains(text, "::")
	case KindHex:
		_, err := strconv.ParseUint(text, 16, 16)
		ok = err == nil
	case KindHost:
		var faults config.Errors
		faults.CheckHost("", text)
		ok = len(faults) == 0
	case KindPort:
		n, err := strconv.ParseUint(text, 10, 16)
		ok = err == nil && n > 0
	case KindIPv4:
		_, ok = parseIPv4(text)
	case KindNetmask:
		_, ok = parseMask(text)
	case KindIPv6:
		a, err := netip.ParseAddr(text)
		ok = err == nil && a.Is6() && a.Zone() == "" && !a.Is4In6()
	case KindAddress:
		a, err := netip.ParseAddr(text)
		ok = err == nil && a.Zone() == ""
	case KindPrefix6:
		net, err := netip.ParsePrefix(text)
		ok = err == nil && net.Addr().Is6() && !net.Addr().Is4In6()
		if ok && (int64(net.Bits()) < p.Min || int64(net.Bits()) > p.Max) {
			return fmt.Errorf("/%d is out of range, allowed is /%d to /%d", net.Bits(), p.Min, p.Max)
		}
	case KindVersion:
		ok = isVersion(text)
	case KindDigest:
		ok = isDigest(text)
	case KindCipher:
		ok = isCipher(text)
	case KindCiphers:
		return checkCiphers(text)
	case KindFingerprint:
		ok = isFingerprint(text)
	case KindPushed:
		return checkPushed(text)
	}
	if !ok {
		return fmt.Errorf("%q is no %s", show(text), p.Kind)
	}
	return nil
}

func checkText(text string) error {
	switch {
	case text == "":
		return errors.New("is empty")
	case len(text) > maxText:
		return fmt.Errorf("is %d bytes long, allowed are %d", len(text), maxText)
	case !utf8.ValidString(text):
		return errors.New("is no UTF-8 text")
	case strings.ContainsFunc(text, isControl):
		return errors.New("has a control character")
	case strings.HasPrefix(text, "[[INLINE") || strings.Contains(text, "../") || strings.HasPrefix(text, "/"):
		return errors.New("looks like a path")
	}
	return nil
}

func isName(text, marks string) bool {
	if strings.Trim(text, ".") == "" {
		return false
	}
	for _, c := range []byte(text) {
		if !isWord(c) && !strings.ContainsRune(marks, rune(c)) {
			return false
		}
	}
	return len(text) <= maxText && text[0] != '-'
}

// number reads a value that was checked.
func number(text string) int64 {
	n, _ := strconv.ParseInt(text, 10, 64)
	return n
}

func parseIPv4(text string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(text)
	return a, err == nil && a.Is4()
}

// parseMask returns the prefix length of a netmask.
func parseMask(text string) (int, bool) {
	a, ok := parseIPv4(text)
	if !ok {
		return 0, false
	}
	b := a.As4()
	mask := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
	length := bits.LeadingZeros32(^mask)
	return length, mask == ^uint32(0)<<(32-length)
}

func isDNSAddress(text string) bool {
	if _, err := netip.ParseAddr(text); err == nil {
		return true
	}
	_, err := netip.ParseAddrPort(text)
	return err == nil
}

func isVersion(text string) bool {
	parts := strings.Split(text, ".")
	for _, part := range parts {
		if n, err := strconv.ParseUint(part, 10, 8); err != nil || n > 99 {
			return false
		}
	}
	return len(parts) == 3
}

func isFingerprint(text string) bool {
	pairs := strings.Split(text, ":")
	for _, pair := range pairs {
		if _, err := strconv.ParseUint(pair, 16, 8); err != nil || len(pair) != 2 {
			return false
		}
	}
	return len(pairs) == 20 || len(pairs) == 32
}

// checkPushed checks an option for clients, given as one text.
func checkPushed(text string) error {
	if err := checkText(text); err != nil {
		return err
	}
	words, err := ovpn.Split(text)
	if err != nil || len(words) == 0 {
		return fmt.Errorf("%q is no option", show(text))
	}
	switch words[0] {
	case "route", "route-ipv6", "redirect-gateway", "redirect-private", "dhcp-option", "dns", "ping", "ping-restart",
		"ping-exit", "topology", "route-gateway", "route-ipv6-gateway", "route-metric", "route-delay", "block-ipv6",
		"block-outside-dns", "register-dns", "dhcp-renew", "dhcp-release", "persist-key", "persist-tun", "inactive",
		"session-timeout", "sndbuf", "rcvbuf", "explicit-exit-notify", "comp-lzo", "compress", "cipher", "socket-flags",
		"tun-mtu", "echo", "ifconfig", "ifconfig-ipv6", "ip-win32", "tap-sleep", "setenv-safe", "client-nat",
		"auth-token", "auth-token-user", "verb", "mute", "shaper", "ping-timer-rem", "ifconfig-nowarn", "ifconfig-noexec",
		"route-method", "parameter", "comp-noadapt", "dhcp-pre-release", "tun-ipv6":
		return nil
	}
	return fmt.Errorf("clients do not take %q from a server", show(words[0]))
}
