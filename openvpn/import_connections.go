package openvpn

import (
	"strings"

	"github.com/fieldgate/fieldgate/openvpn/internal/ovpn"
)

// connection is a <connection> block.
type connection struct {
	line    ovpn.Line
	remote  Remote
	options []ovpn.Line // beside remote, proto and port
}

// connection takes the remote of a block.
func (im *importer) connection(line ovpn.Line) {
	inner, err := ovpn.LexBlock(line.Block)
	if err != nil || !line.Inline {
		im.say(line, VerdictRefused, "is a block with one remote")
		return
	}
	c, at := connection{line: line}, len(im.report.Lines)
	p, r, remotes := "", uint16(0), 0
	for _, l := range inner {
		l.Number += line.Number
		if l.Err != nil {
			im.report.add(l.Number, "", VerdictRefused, "%v", l.Err)
			continue
		}
		known := l.Name() == "remote" || l.Name() == "proto" || l.Name() == "rport" || l.Name() == "port"
		if !known {
			c.options = append(c.options, l)
			continue
		}
		if l.Inline {
			im.say(l, VerdictRefused, "stands in a line, not in a block")
			continue
		}
		if err := (OptionInfo{Params: im.rules[l.Name()].params}).checkArgs(l.Args()); err != nil {
			im.say(l, VerdictRefused, "%v", err)
			continue
		}
		switch l.Name() {
		case "remote":
			c.remote = remoteOf(l.Args())
			remotes++
		case "proto":
			p = l.Args()[0]
		default:
			r = port(l.Args()[0])
		}
		im.say(l, VerdictKept, "")
	}
	if remotes != 1 {
		for n := at; n < len(im.report.Lines); n++ {
			if l := &im.report.Lines[n]; l.Verdict == VerdictKept {
				l.Verdict, l.Reason = VerdictDropped, "its block is refused"
			}
		}
		for _, l := range c.options {
			im.say(l, VerdictDropped, "its block is refused")
		}
		im.say(line, VerdictRefused, "has %d remotes, wants one", remotes)
		return
	}
	if c.remote.Protocol == "" {
		c.remote.Protocol = protocolOf(p)
	}
	if c.remote.Port == 0 {
		c.remote.Port = r
	}
	im.inst.Remotes = append(im.inst.Remotes, c.remote)
	im.blocks = append(im.blocks, c)
}

// connections gives the options that all blocks agree on to the instance.
func (im *importer) connections() {
	if len(im.blocks) == 0 {
		return
	}
	key := func(l ovpn.Line) string { return strings.Join(l.Words, "\x00") } // which no word has
	blocksWith := make(map[string]int)
	for _, c := range im.blocks {
		own := make(map[string]bool)
		for _, option := range c.options {
			if k := key(option); !own[k] {
				own[k] = true
				blocksWith[k]++
			}
		}
	}
	all := len(im.blocks) == len(im.inst.Remotes)
	for n, c := range im.blocks {
		for _, option := range c.options {
			switch {
			case option.Inline:
				im.say(option, VerdictRefused, "stands in a line, not in a block")
			case !all || blocksWith[key(option)] < len(im.blocks):
				im.say(option, VerdictDropped, "not all connections have it, and it counts for all here")
			case n == 0:
				im.line(option)
			default:
				im.say(option, VerdictKept, "as in the first block")
			}
		}
	}
}
