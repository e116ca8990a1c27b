package conf

import (
	"encoding/hex"
	"fmt"
	"math/bits"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/fieldgate/fieldgate/internal/config"
	"github.com/fieldgate/fieldgate/snmp"
)

// view is a line of the directive view.
type view struct {
	name    string
	include bool
	family  snmp.Family
	key     string // of vacmViewTreeFamilyTable
}

// com2sec is a line of the directive com2sec.
type com2sec struct {
	name, context, community string
	sources                  []netip.Prefix
}

// membership is a line of the directive group.
type membership struct {
	group string
	snmp.Member
	at Place
}

// access is a line of the directive access, with the place for what is found
// out at the end.
type access struct {
	snmp.Access
	at Place
}

// sources reads "default", ADDRESS, ADDRESS/BITS, ADDRESS/MASK or a host name.
func (p *parser) sources(text string, six bool) ([]netip.Prefix, bool) {
	family := "IPv4"
	if six {
		family = "IPv6"
	}
	switch {
	case text == "default" && six:
		return []netip.Prefix{netip.MustParsePrefix("::/0")}, true
	case text == "default":
		return []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}, true
	}
	host, mask, masked := strings.Cut(text, "/")
	addrs := []netip.Addr{}
	if a, err := netip.ParseAddr(host); err == nil {
		addrs = append(addrs, a.Unmap())
	} else if resolved, err := p.host.Resolve(host); err == nil {
		for _, a := range resolved {
			addrs = append(addrs, a.Unmap())
		}
	}
	addrs = slices.DeleteFunc(addrs, func(a netip.Addr) bool { return a.Is6() != six })
	if len(addrs) == 0 {
		p.errorf("cannot resolve %s source hostname", family)
		return nil, false
	}
	size := addrs[0].BitLen()
	if masked {
		n, ok := maskBits(mask)
		if !ok || n > size {
			p.errorf("bad mask length")
			return nil, false
		}
		size = n
	}
	var list []netip.Prefix
	for _, a := range addrs {
		prefix := netip.PrefixFrom(a.WithZone(""), size)
		if prefix != prefix.Masked() {
			p.errorf("source/mask mismatch")
			return nil, false
		}
		list = append(list, prefix)
	}
	return list, true
}

// maskBits reads the length of a mask, as such or as an address.
func maskBits(text string) (int, bool) {
	if n, err := strconv.ParseUint(text, 10, 8); err == nil {
		return int(n), true
	}
	a, err := netip.ParseAddr(text)
	if err != nil {
		return 0, false
	}
	n := 0
	octets := a.AsSlice()
	for i, octet := range octets {
		ones := bits.LeadingZeros8(^octet)
		if n += ones; ones == 8 {
			continue
		}
		if octet<<ones != 0 || slices.ContainsFunc(octets[i+1:], func(o byte) bool { return o != 0 }) {
			return 0, false
		}
		break
	}
	return n, true
}

// community reads COMMUNITY [SOURCE [OID | -V VIEW [CONTEXT]]].
func (p *parser) community(name, rest string) {
	w := append(Words(rest), make([]string, 5)...)
	if len(w[0]) > 255 || w[0] == "" {
		p.errorf("community name too long")
		return
	}
	source := w[1]
	if source == "" {
		source = "default"
	}
	sources, ok := p.sources(source, strings.HasSuffix(name, "6"))
	if !ok {
		return
	}
	see, context, ok := p.seen(w[2:])
	if !ok {
		return
	}
	c := snmp.Community{Community: config.NewSecret(w[0]), Sources: sources, Read: see, Context: context}
	if strings.HasPrefix(name, "rw") {
		c.Write = see
	}
	p.file.Config.Communities = append(p.file.Config.Communities, c)
}

// seen reads [OID | -V VIEW [CONTEXT]] and returns the name of the view.
func (p *parser) seen(w []string) (name, context string, ok bool) {
	switch {
	case w[0] == "":
		return "_all_", "", true
	case w[0] == "-V":
		if w[1] == "" {
			p.errorf("missing VIEW parameter")
			return "", "", false
		}
		return w[1], w[2], p.context(w[2])
	}
	o, valid := parseOID(w[0])
	if !valid {
		p.errorf("bad SUBTREE object id")
		return "", "", false
	}
	name = fmt.Sprintf("line%d-%d", p.at.Line, len(p.views)+1)
	p.views = append(p.views, view{name: name, include: true, family: snmp.Family(o.String()), key: o.String()})
	return name, w[1], p.context(w[1])
}

// maxName is the longest name of a group, security name, view or context.
const maxName = 32

// named tells whether a name can be one. "_" begins those that the agent makes
// for itself.
func (p *parser) named(what, name string) bool {
	if name == "" || len(name) > maxName || strings.HasPrefix(name, "_") {
		p.errorf("%s \"%s\": want 1 to %d characters, the first of them no _", what, name, maxName)
		return false
	}
	return true
}

func (p *parser) context(name string) bool {
	if len(name) > maxName {
		p.errorf("context name too long, want at most %d characters", maxName)
		return false
	}
	return true
}

// com2sec reads [-Cn CONTEXT] SECNAME SOURCE COMMUNITY.
func (p *parser) com2sec(name, rest string) {
	w := Words(rest)
	c := com2sec{}
	if w[0] == "-Cn" {
		if len(w) < 2 {
			p.errorf("missing CONTEXT_NAME parameter")
			return
		}
		c.context, w = w[1], w[2:]
	}
	for i, missing := range []string{"NAME", "SOURCE", "COMMUNITY"} {
		if len(w) <= i {
			p.errorf("missing %s parameter", missing)
			return
		}
	}
	var ok bool
	if c.sources, ok = p.sources(w[1], name == "com2sec6"); !ok {
		return
	}
	c.name, c.community = w[0], w[2]
	if !p.named("security name", c.name) || !p.context(c.context) {
		return
	}
	if c.community == "" || len(c.community) > 255 {
		p.errorf("community name too long")
		return
	}
	p.names = append(p.names, c)
}

// group reads GROUP MODEL SECNAME.
func (p *parser) group(rest string) {
	w := Words(rest)
	for i, missing := range []string{"GROUP", "MODEL", "SECURITY"} {
		if len(w) <= i {
			p.errorf("missing %s parameter", missing)
			return
		}
	}
	m, ok := securityModel(w[1])
	if !ok || m == snmp.ModelAny {
		p.errorf("bad security model, should be: v1, v2c or usm or a registered security plugin name")
		return
	}
	if !p.named("GROUP", w[0]) || !p.named("SECURITY", w[2]) {
		return
	}
	p.join(w[0], snmp.Member{Model: m, SecurityName: w[2]})
}

// join makes a member of a group; of another it is one no longer.
func (p *parser) join(group string, m snmp.Member) {
	p.groups = slices.DeleteFunc(p.groups, func(g membership) bool { return g.Member == m })
	p.groups = append(p.groups, membership{group, m, p.at})
}

func securityModel(text string) (snmp.SecurityModel, bool) {
	switch strings.ToLower(text) {
	case "any":
		return snmp.ModelAny, true
	case "v1":
		return snmp.ModelV1, true
	case "v2c":
		return snmp.ModelV2c, true
	case "usm":
		return snmp.ModelUSM, true
	}
	return "", false
}

func securityLevel(text string) (snmp.Level, bool) {
	switch strings.ToLower(text) {
	case "noauth", "noauthnopriv":
		return snmp.NoAuthNoPriv, true
	case "auth", "authnopriv":
		return snmp.AuthNoPriv, true
	case "priv", "authpriv":
		return snmp.AuthPriv, true
	}
	return "", false
}

// view reads NAME included|excluded SUBTREE [MASK].
func (p *parser) view(rest string) {
	w := Words(rest)
	for i, missing := range []string{"NAME", "TYPE", "SUBTREE"} {
		if len(w) <= i {
			p.errorf("missing %s parameter", missing)
			return
		}
	}
	v := view{name: w[0]}
	switch strings.ToLower(w[1]) {
	case "included":
		v.include = true
	case "excluded":
	default:
		p.errorf("TYPE must be included/excluded?")
		return
	}
	o, ok := parseOID(w[2])
	if !ok {
		p.errorf("bad SUBTREE object id")
		return
	}
	if !p.named("view", v.name) {
		return
	}
	var mask []byte
	if len(w) > 3 {
		if mask, ok = viewMask(w[3]); !ok {
			p.errorf("invalid MASK")
			return
		}
	}
	v.family, v.key = family(o, mask)
	p.views = append(p.views, v)
}

// viewMask reads hexadecimal octets, with dots or colons between them.
func viewMask(text string) ([]byte, bool) {
	text = strings.TrimPrefix(strings.TrimPrefix(text, "0x"), "0X")
	var mask []byte
	for part := range strings.FieldsFuncSeq(text, func(c rune) bool { return c == '.' || c == ':' }) {
		if len(part)%2 == 1 {
			part = "0" + part
		}
		octets, err := hex.DecodeString(part)
		if err != nil {
			return nil, false
		}
		mask = append(mask, octets...)
	}
	return mask, len(mask) <= 16
}

// family writes an identifier with a mask: arcs whose bit is 0 match any.
func family(o snmp.OID, mask []byte) (f snmp.Family, key string) {
	var b strings.Builder
	fixed := o.Append()
	for i, arc := range o {
		if i/8 < len(mask) && mask[i/8]&(0x80>>(i%8)) == 0 {
			b.WriteString(".*")
			fixed[i] = 0
		} else {
			fmt.Fprintf(&b, ".%d", arc)
		}
	}
	return snmp.Family(b.String()), fixed.String()
}

// accessRow reads GROUP CONTEXT MODEL LEVEL PREFIX READ WRITE NOTIFY.
func (p *parser) accessRow(rest string) {
	w := Words(rest)
	for i, missing := range []string{"NAME", "CONTEXT", "MODEL", "LEVEL", "PREFIX", "readVIEW", "writeVIEW", "notifyVIEW"} {
		if len(w) <= i {
			p.errorf("missing %s parameter", missing)
			return
		}
	}
	model, ok := securityModel(w[2])
	if !ok {
		p.errorf("bad security model (any, v1, v2c, usm or a registered plugin)")
		return
	}
	level, ok := securityLevel(w[3])
	if !ok {
		p.errorf("bad security level (noauthnopriv, authnopriv, authpriv)")
		return
	}
	if !p.context(w[1]) {
		return
	}
	prefix := strings.EqualFold(w[4], "prefix") || w[4] == "2"
	if !prefix && !strings.EqualFold(w[4], "exact") && w[4] != "1" {
		p.errorf("bad prefix match parameter \"%s\" should be: exact or prefix - installing anyway with 'exact'", w[4])
	}
	p.allow(snmp.Access{
		Group: w[0], Context: w[1], ContextPrefix: prefix, Model: model, Level: level,
		Read: w[5], Write: w[6], Notify: w[7],
	})
}

// allow adds a row; one with the same key is replaced.
func (p *parser) allow(r snmp.Access) {
	p.access = slices.DeleteFunc(p.access, func(other access) bool {
		return other.Group == r.Group && other.Context == r.Context && other.Model == r.Model && other.Level == r.Level
	})
	p.access = append(p.access, access{r, p.at})
}
