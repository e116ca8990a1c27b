package fakecharon

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"github.com/fieldgate/fieldgate/ipsec/internal/vici"
)

// The options of load-conn that charon 5.9.8 takes, and what they must look
// like. As charon does, an unknown one or a bad value discards the connection.
var (
	ikeTexts = map[string]func(string) bool{
		"version": oneOf("0", "1", "2"), "aggressive": yesOrNo, "mobike": yesOrNo, "dpd_delay": isTime, "dpd_timeout": isTime,
		"fragmentation": oneOf("yes", "accept", "force", "no"), "keyingtries": isNumber, "rekey_time": isTime,
		"reauth_time": isTime, "over_time": isTime, "rand_time": isTime, "unique": oneOf("no", "never", "keep", "replace"),
		"encap": yesOrNo, "pull": yesOrNo, "send_cert": anything, "send_certreq": yesOrNo, "local_port": isNumber, "remote_port": isNumber,
	}
	ikeLists = map[string]func(string) bool{
		"local_addrs": anything, "remote_addrs": anything, "proposals": isProposal, "vips": anything, "pools": anything,
	}
	authTexts  = map[string]func(string) bool{"auth": anything, "id": anything, "round": isNumber, "revocation": anything, "eap_id": anything}
	authLists  = map[string]func(string) bool{"certs": isCertificate, "cacerts": isCertificate, "pubkeys": anything, "groups": anything}
	childTexts = map[string]func(string) bool{
		"mode": oneOf("tunnel", "transport", "beet", "pass", "drop"), "ipcomp": yesOrNo, "rekey_time": isTime, "life_time": isTime,
		"rand_time": isTime, "dpd_action": isAction, "close_action": isAction, "start_action": isAction, "inactivity": isTime,
		"updown": anything, "hostaccess": yesOrNo, "policies": yesOrNo, "reqid": isNumber, "priority": isNumber,
	}
	childLists = map[string]func(string) bool{
		"esp_proposals": isProposal, "ah_proposals": isProposal, "local_ts": isSelector, "remote_ts": isSelector,
	}
)

func anything(string) bool { return true }

func oneOf(words ...string) func(string) bool {
	return func(text string) bool {
		for _, word := range words {
			if strings.EqualFold(text, word) {
				return true
			}
		}
		return false
	}
}

func yesOrNo(text string) bool {
	return oneOf("yes", "no", "true", "false", "enabled", "disabled", "0", "1")(text)
}

// isAction is about the actions of a child. start_action may be two joined,
// which nobody here sends.
func isAction(text string) bool {
	return oneOf("none", "clear", "trap", "route", "start", "restart")(text)
}

var timeForm = regexp.MustCompile(`^[0-9]+[smhd]?$`)

func isTime(text string) bool { return timeForm.MatchString(text) }

func isNumber(text string) bool {
	_, err := strconv.ParseUint(text, 0, 32)
	return err == nil
}

var proposalWord = regexp.MustCompile(`^(3des|aes(128|192|256)?(gcm16|gcm128|gcm|ctr)?|chacha20poly1305|null|` +
	`(prf)?(md5|sha1|sha|sha256|sha384|sha512|sha2_256|sha2_384|sha2_512)|modp[0-9]+|ecp[0-9]+|curve25519|x25519|noesn|esn)$`)

func isProposal(text string) bool {
	text = strings.TrimSuffix(text, " ")
	if text == "default" {
		return true
	}
	for _, word := range strings.Split(text, "-") {
		if !proposalWord.MatchString(word) {
			return false
		}
	}
	return true
}

func isSelector(text string) bool {
	text, _, _ = strings.Cut(text, "[")
	if text == "dynamic" {
		return true
	}
	if from, to, isRange := strings.Cut(text, "-"); isRange {
		_, errFrom := netip.ParseAddr(from)
		_, errTo := netip.ParseAddr(to)
		return errFrom == nil && errTo == nil
	}
	_, err := netip.ParsePrefix(text)
	if err != nil {
		_, err = netip.ParseAddr(text)
	}
	return err == nil
}

func isCertificate(text string) bool {
	return strings.HasPrefix(text, "-----BEGIN CERTIFICATE-----") || strings.HasPrefix(text, "0")
}

// check returns charon's complaint about a connection, or nothing.
func check(m *vici.Message) string {
	if text := fields(m, ikeTexts, ikeLists); text != "" {
		return text
	}
	for _, proposal := range m.List("proposals") {
		if !strings.Contains(proposal, "modp") && !strings.Contains(proposal, "ecp") && !strings.Contains(proposal, "25519") && proposal != "default" {
			return "invalid value for: proposals, config discarded" // no group
		}
	}
	for name, section := range m.Sections() {
		switch {
		case strings.HasPrefix(name, "local"), strings.HasPrefix(name, "remote"):
			if text := fields(section, authTexts, authLists); text != "" {
				return text
			}
		case name == "children":
			for _, child := range section.Sections() {
				if text := fields(child, childTexts, childLists); text != "" {
					return text
				}
			}
		default:
			return "invalid section: " + name
		}
	}
	return ""
}

func fields(m *vici.Message, texts, lists map[string]func(string) bool) string {
	for key, text := range m.Texts() {
		if valid, known := texts[key]; !known {
			return "unknown option: " + key + ", config discarded"
		} else if !valid(text) {
			return "invalid value for: " + key + ", config discarded"
		}
	}
	for key, list := range m.Lists() {
		valid, known := lists[key]
		if !known {
			return "unknown option: " + key + ", config discarded"
		}
		for _, text := range list {
			if !valid(text) {
				return "invalid value for: " + key + ", config discarded"
			}
		}
	}
	return ""
}
