package openvpn

import (
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
		im.say(line, VerdictRefused, "is for single clients: enter it under clients")
	case "ifconfig-ipv6-pool":
		im.say(line, VerdictRefused, "server-ipv6 gives the addresses")
	case "client-config-dir":
		im.say(line, VerdictDropped, "the folder is not read: enter settings of single clients under clients")
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
	r, ok := im.rules[line.Name()]
	if !ok || line.Inline {
		im.say(line, VerdictRefused, "cannot stand here")
		return
	}
	args := line.Args()
	if err := (OptionInfo{Params: r.params}).checkArgs(args); err != nil {
		im.say(line, VerdictRefused, "%v", err)
		return
	}
	if note := r.set(args); note != "" {
		im.say(line, VerdictChanged, "%s", note)
		return
	}
	im.say(line, VerdictKept, "")
}

func (im *importer) makeRules() map[string]rule {
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
	for _, kind := range []DeviceType{DeviceTun, DeviceTap} {
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

// fingerprints takes them from a line or a block.
func (im *importer) fingerprints(line ovpn.Line) {
	prints := line.Args()
	if line.Inline {
		prints = strings.Fields(line.Block)
	}
	for _, text := range prints {
		text = strings.ToUpper(text)
		if !isFingerprint(text) || len(text) != 95 {
			im.say(line, VerdictRefused, "%q is no SHA-256 fingerprint", show(text))
			return
		}
	}
	if len(prints) == 0 || !line.Inline && len(prints) > 1 {
		im.say(line, VerdictRefused, "names no fingerprint, or more than one")
		return
	}
	for _, text := range prints {
		im.inst.PeerFingerprints = append(im.inst.PeerFingerprints, strings.ToUpper(text))
	}
	im.say(line, VerdictKept, "")
}
