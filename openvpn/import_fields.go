package openvpn

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/fieldgate/fieldgate/openvpn/internal/ovpn"
)

// field takes an option over that has a field of its own.
func (im *importer) field(line ovpn.Line) {
	name := line.Name()
	if slices.Contains(fileKinds(), FileKind(name)) {
		im.file(line, FileKind(name))
		return
	}
	if other := aliasOf(name); other != "" {
		args := line.Args()
		if name == "client-cert-not-required" {
			args = []string{"none"}
		}
		im.offered(line, other, args)
		return
	}
	switch name {
	case "connection":
		im.connection(line)
	case "peer-fingerprint":
		im.fingerprints(line)
	case "auth-user-pass", "http-proxy-user-pass", "askpass":
		im.credentials(line)
	case "disable", "ifconfig-push", "iroute", "iroute-ipv6":
		im.say(line, Refused, "is for single clients: enter it under clients")
	case "ifconfig-ipv6-pool":
		im.say(line, Refused, "server-ipv6 gives the addresses")
	case "client-config-dir":
		im.say(line, Dropped, "the folder is not read: enter settings of single clients under clients")
	default:
		im.fieldOf(line)
	}
}

// aliasOf returns the option that another stands for.
func aliasOf(name string) string {
	return map[string]string{
		"client-cert-not-required": "verify-client-cert", "ip-remote-hint": "preresolve", "ncp-ciphers": "data-ciphers",
		"ns-cert-type": "remote-cert-tls", "parameter": "echo", "server-poll-timeout": "connect-timeout", "udp-mtu": "link-mtu",
	}[name]
}

// rule is how the arguments of an option become a field. set returns a note
// on what is different now.
type rule struct {
	params []Param
	set    func(args []string) (note string)
}

// fieldOf takes an option over by its rule.
func (im *importer) fieldOf(line ovpn.Line) {
	r, ok := im.rules()[line.Name()]
	if !ok || line.Inline {
		im.say(line, Refused, "cannot stand here")
		return
	}
	args := line.Args()
	if err := (OptionInfo{Params: r.params}).checkArgs(args); err != nil {
		im.say(line, Refused, "%v", err)
		return
	}
	if note := r.set(args); note != "" {
		im.say(line, Changed, "%s", note)
		return
	}
	im.say(line, Kept, "")
}

func (im *importer) rules() map[string]rule {
	i, seen := &im.inst, &im.seen
	flag := func(set func()) rule {
		return rule{nil, func([]string) string { set(); return "" }}
	}
	text := func(p Param, set func(string)) rule {
		return rule{params(p), func(args []string) string { set(args[0]); return "" }}
	}
	number := func(low, high int64, set func(int64)) rule {
		return text(num("value", low, high), func(s string) { set(number(s)) })
	}
	address := value("address", KindIPv4)
	file := value("file", kindIgnored)
	return map[string]rule{
		"client":     flag(func() { seen.client = true }),
		"pull":       flag(func() { seen.pull = true }),
		"tls-client": flag(func() { seen.tlsClient = true }),
		"tls-server": flag(func() { seen.tlsServer = true }),
		"mode":       text(oneOf("mode", "p2p", "server"), func(s string) { seen.modeServer = s == "server" }),

		"dev":      {params(value("name", KindName)), im.device},
		"dev-type": text(oneOf("type", "tun", "tap"), func(s string) { i.DeviceType = DeviceType(s) }),
		"topology": text(oneOf("topology", "net30", "p2p", "subnet"), func(s string) { i.Topology, seen.topologySet = Topology(s), true }),

		"proto":     {params(oneOf("protocol", protocolWords()...)), im.protocol},
		"port":      number(1, 65535, func(n int64) { seen.port = uint16(n) }),
		"lport":     number(0, 65535, func(n int64) { seen.lport, seen.lportSet = uint16(n), true }),
		"rport":     number(1, 65535, func(n int64) { seen.rport = uint16(n) }),
		"nobind":    flag(func() { seen.nobind = true }),
		"bind":      {params(oneOf("how", "ipv6only").opt()), func(args []string) string { i.Listen.IPv6Only = len(args) == 1; return "" }},
		"local":     text(value("address", KindHost), func(s string) { i.Listen.Address = s }),
		"remote":    {params(value("host", KindHost), value("port", KindPort).opt(), oneOf("protocol", protocolWords()...).opt()), im.remote},
		"bind-dev":  text(value("device", KindName), func(s string) { i.System.BindDevice = s }),
		"multihome": flag(func() { i.Listen.Multihome = true }),
		"port-share": {params(value("host", KindHost), value("port", KindPort), file.opt()), func(args []string) string {
			i.Listen.ShareHost, i.Listen.SharePort = args[0], port(args[1])
			if len(args) == 3 {
				return "without a journal"
			}
			return ""
		}},

		"server":        {params(address, value("netmask", KindNetmask), oneOf("pool", "nopool").opt()), im.server},
		"server-ipv6":   text(prefix6("network", 64, 124), func(s string) { i.ServerIPv6 = masked(s) }),
		"server-bridge": {params(value("gateway", KindIPv4, "nogw").opt(), value("netmask", KindNetmask).opt(), address.opt(), address.opt()), im.serverBridge},
		"ifconfig":      {params(address, address), func(args []string) string { i.Ifconfig = &Ifconfig{args[0], args[1]}; return "" }},
		"ifconfig-ipv6": {params(prefix6("address", 64, 124), value("remote", KindIPv6)), func(args []string) string {
			i.IfconfigIPv6 = &Ifconfig{args[0], args[1]}
			return ""
		}},
		"ccd-exclusive": flag(func() { i.ListedClientsOnly = true }),
		"ifconfig-pool-persist": {params(file, num("seconds", 0, maxInt).opt()), func(args []string) string {
			i.RememberAddresses = true
			if args[0] == addressesFile && len(args) == 1 {
				return ""
			}
			return "the file is ours: " + addressesFile
		}},

		"key-direction": text(oneOf("direction", "0", "1"), func(s string) { i.KeyDirection = s }),
		"http-proxy": {params(value("host", KindHost), value("port", KindPort), file.opt(), oneOf("method", "none", "basic", "ntlm", "ntlm2").opt()),
			func(args []string) string { return im.proxy(ProxyHTTP, args) }},
		"socks-proxy": {params(value("host", KindHost), value("port", KindPort).opt(), file.opt()),
			func(args []string) string { return im.proxy(ProxySOCKS, args) }},

		"nice":         number(-20, 19, func(n int64) { i.System.Nice = int(n) }),
		"mlock":        flag(func() { i.System.LockMemory = true }),
		"mark":         number(0, 1<<32-1, func(n int64) { i.System.Mark = uint32(n) }),
		"lladdr":       text(value("address", KindName), func(s string) { i.System.HardwareAddress = s }),
		"txqueuelen":   number(0, maxInt, func(n int64) { i.System.TxQueueLength = uint32(n) }),
		"socket-flags": text(oneOf("flag", "TCP_NODELAY"), func(string) { i.System.NoDelay = true }),
	}
}

// device takes the type of the device, its name is ours.
func (im *importer) device(args []string) string {
	name := args[0]
	for _, kind := range []DeviceType{Tun, Tap} {
		if strings.HasPrefix(name, string(kind)) {
			im.inst.DeviceType = kind
		}
	}
	if ours := im.inst.DeviceName(); name != ours {
		return "the name of the device is ours: " + ours
	}
	return ""
}

func protocolWords() []string {
	return []string{
		"udp", "udp4", "udp6", "tcp", "tcp4", "tcp6", "tcp-client", "tcp4-client", "tcp6-client",
		"tcp-server", "tcp4-server", "tcp6-server",
	}
}

// protocolOf returns a protocol without the end that listens.
func protocolOf(text string) Protocol {
	text, _, _ = strings.Cut(text, "-")
	return Protocol(text)
}

func (im *importer) protocol(args []string) string {
	im.inst.Protocol = protocolOf(args[0])
	im.seen.listens = strings.HasSuffix(args[0], "-server")
	return ""
}

func port(text string) uint16 {
	n, _ := strconv.ParseUint(text, 10, 16)
	return uint16(n)
}

func (im *importer) remote(args []string) string {
	im.inst.Remotes = append(im.inst.Remotes, remoteOf(args))
	return ""
}

func remoteOf(args []string) Remote {
	r := Remote{Host: args[0]}
	if len(args) > 1 {
		r.Port = port(args[1])
	}
	if len(args) > 2 {
		r.Protocol = protocolOf(args[2])
	}
	return r
}

// masked returns a prefix without host bits.
func masked(text string) string {
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return text
	}
	return p.Masked().String()
}

func (im *importer) server(args []string) string {
	length, _ := parseMask(args[1])
	given := args[0] + "/" + strconv.Itoa(length)
	im.inst.Server, im.inst.ServerNoPool = masked(given), len(args) == 3
	if im.inst.Server != given {
		return "the network is " + im.inst.Server
	}
	return ""
}

func (im *importer) serverBridge(args []string) string {
	b := &ServerBridge{}
	switch {
	case len(args) == 4:
		*b = ServerBridge{Gateway: args[0], Netmask: args[1], Start: args[2], End: args[3]}
	case len(args) == 1 && args[0] == "nogw":
		b.NoGateway = true
	}
	im.inst.ServerBridge = b
	return ""
}

func (im *importer) proxy(kind ProxyKind, args []string) string {
	p := &Proxy{Kind: kind, Host: args[0], Port: 1080}
	if old := im.inst.Proxy; old != nil {
		p.Login, p.Username, p.Password = old.Login, old.Username, old.Password
	}
	if len(args) > 1 {
		p.Port = port(args[1])
	}
	im.inst.Proxy = p
	if len(args) < 3 || args[2] == "none" {
		return ""
	}
	p.Login = true
	if args[2] == "auto" || args[2] == "stdin" {
		return ""
	}
	return "no file is read: enter user name and password of the proxy"
}

// credentials takes user names and passwords; files with them are not read.
func (im *importer) credentials(line ovpn.Line) {
	name, password := "", ""
	if line.Inline {
		var err error
		if name, password, err = login(line.Block); err != nil || line.Name() == "askpass" {
			im.say(line, Refused, "%v", err)
			return
		}
	}
	note := ""
	switch line.Name() {
	case "auth-user-pass":
		im.inst.Login = true
		im.inst.Username, im.inst.Password = name, NewSecret(password)
		note = "enter user name and password"
	case "http-proxy-user-pass":
		if im.inst.Proxy == nil {
			im.inst.Proxy = &Proxy{Kind: ProxyHTTP}
		}
		im.inst.Proxy.Login = true
		im.inst.Proxy.Username, im.inst.Proxy.Password = name, NewSecret(password)
		note = "enter user name and password of the proxy"
	default:
		note = "enter the password of the key"
	}
	switch {
	case line.Inline, len(line.Args()) == 0 && line.Name() == "auth-user-pass":
		im.say(line, Kept, "")
	default:
		im.say(line, Changed, "no file is read: %s", note)
	}
}

// fingerprints takes them from a line or a block.
func (im *importer) fingerprints(line ovpn.Line) {
	prints := line.Args()
	if line.Inline {
		prints = strings.Fields(line.Block)
	}
	for _, text := range prints {
		text = strings.ToUpper(text)
		if !isFingerprint(text) || len(text) != 95 {
			im.say(line, Refused, "%q is no SHA-256 fingerprint", show(text))
			return
		}
	}
	if len(prints) == 0 || !line.Inline && len(prints) > 1 {
		im.say(line, Refused, "names no fingerprint, or more than one")
		return
	}
	for _, text := range prints {
		im.inst.PeerFingerprints = append(im.inst.PeerFingerprints, strings.ToUpper(text))
	}
	im.say(line, Kept, "")
}

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
		im.say(line, Refused, "is a block with one remote")
		return
	}
	c := connection{line: line}
	p, r, remotes := "", uint16(0), 0
	for _, l := range inner {
		l.Number += line.Number
		if l.Err != nil {
			im.report.add(l.Number, "", Refused, "%v", l.Err)
			continue
		}
		rule, ok := im.rules()[l.Name()]
		known := l.Name() == "remote" || l.Name() == "proto" || l.Name() == "rport" || l.Name() == "port"
		if !known {
			c.options = append(c.options, l)
			continue
		}
		if err := (OptionInfo{Params: rule.params}).checkArgs(l.Args()); err != nil || !ok || l.Inline {
			im.say(l, Refused, "%v", err)
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
		im.say(l, Kept, "")
	}
	if remotes != 1 {
		im.say(line, Refused, "has %d remotes, wants one", remotes)
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
	same := func(a, b ovpn.Line) bool { return !a.Inline && slices.Equal(a.Words, b.Words) }
	for n, c := range im.blocks {
		for _, option := range c.options {
			everywhere := len(im.blocks) == len(im.inst.Remotes)
			for _, other := range im.blocks {
				everywhere = everywhere && slices.ContainsFunc(other.options, func(o ovpn.Line) bool { return same(o, option) })
			}
			switch {
			case !everywhere:
				im.say(option, Dropped, "not all connections have it, and it counts for all here")
			case n == 0:
				im.line(option)
			default:
				im.say(option, Kept, "")
			}
		}
	}
}

// role finds out which end the file is of.
func (im *importer) role() error {
	i, seen := &im.inst, im.seen
	switch {
	case i.Server != "", i.ServerIPv6 != "", i.ServerBridge != nil, seen.modeServer:
		i.Role = RoleServer
	case seen.client, seen.pull, i.Login:
		i.Role = RoleClient
	case len(i.Remotes) == 0 && i.Ifconfig == nil && i.IfconfigIPv6 == nil:
		return &ImportError{Reason: "the file has neither a remote nor a server: it is no OVPN file, or not all of one"}
	default:
		i.Role = RolePeer
		if i.Files[FileSecret] == "" {
			i.TLSRole = TLSClient
			if seen.tlsServer {
				i.TLSRole = TLSServer
			}
		}
	}
	if i.Role == RoleClient && len(i.Remotes) == 0 {
		return &ImportError{Reason: "the file is of a client and has no remote that can be called"}
	}
	return nil
}

// ports fills in what openvpn takes when nothing is said.
func (im *importer) ports() {
	i, seen := &im.inst, im.seen
	remote := uint16(defaultPort)
	for _, p := range []uint16{seen.port, seen.rport} {
		if p != 0 {
			remote = p
		}
	}
	for n := range i.Remotes {
		if i.Remotes[n].Port == 0 {
			i.Remotes[n].Port = remote
		}
	}
	own := seen.port
	if seen.lportSet {
		own = seen.lport
	}
	switch i.Role {
	case RoleClient:
		i.Port = seen.lport
		i.Nobind = i.Port == 0 && i.Listen.Address == ""
		if i.Nobind && !seen.nobind && !seen.lportSet {
			im.report.add(0, "nobind", Changed, "sends from any free port")
		}
	case RolePeer:
		if seen.nobind && len(i.Remotes) > 0 {
			i.Nobind = true
			break
		}
		fallthrough
	default:
		i.Port = own
		if own == 0 {
			i.Port = defaultPort
		}
	}
}

// leftovers drops what the role has no use for.
func (im *importer) leftovers() {
	i := &im.inst
	drop := func(when bool, option, why string, reset func()) {
		if !when {
			return
		}
		reset()
		for n := range im.report.Lines {
			if l := &im.report.Lines[n]; l.Option == option && (l.Verdict == Kept || l.Verdict == Changed) {
				l.Verdict, l.Reason = Dropped, why
			}
		}
	}
	tls := i.Files[FileSecret] == ""
	drop(i.Role != RolePeer && i.Ifconfig != nil, "ifconfig", "the server gives the addresses", func() { i.Ifconfig = nil })
	drop(i.Role != RolePeer && i.IfconfigIPv6 != nil, "ifconfig-ipv6", "the server gives the addresses", func() { i.IfconfigIPv6 = nil })
	drop(i.Files[FileDH] != "" && i.Role == RoleClient, "dh", "only the server's end uses it", func() { im.forget(FileDH) })
	drop(i.KeyDirection != "" && tls && i.Files[FileTLSAuth] == "", "key-direction", "belongs to tls-auth and secret", func() { i.KeyDirection = "" })
	drop(i.Topology != "" && i.DeviceType == Tap, "topology", "a tap device has none", func() { i.Topology = "" })
	drop(i.Login && i.Role != RoleClient, "auth-user-pass", "only clients log in", func() { i.Login, i.Username, i.Password = false, "", Secret{} })
	drop(len(i.Remotes) > 0 && i.Role == RolePeer && im.seen.listens, "remote", "the end that listens over TCP calls nobody", func() { i.Remotes = nil })
	drop(len(i.Remotes) > 0 && i.Role == RoleServer, "remote", "a server calls nobody", func() { i.Remotes = nil })
	if i.Role == RoleServer && i.DeviceType == Tun && i.Topology == "" {
		i.Topology = TopologyNet30
		im.report.add(0, "topology", Changed, "net30, as openvpn 2.6 does without a word; subnet is better")
	}
	if len(i.Files) == 0 {
		i.Files = nil
	}
	if key := im.files[i.Files[FileKey]]; strings.Contains(string(key), "ENCRYPTED") && i.KeyPassword.IsZero() {
		im.report.add(0, "key_password", Warned, "the private key has a password: enter it")
	}
	if len(im.files) == 0 {
		im.files = nil
	}
}

// String names the file, for logs; never what is in it.
func (i Imported) String() string {
	return fmt.Sprintf("%s %s with %d files", i.Instance.role(), i.Instance.Name, len(i.Files))
}
