package openvpn

import (
	"github.com/fieldgate/fieldgate/openvpn/internal/ovpn"
)

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
	if p.Username != "" {
		return "no file is read, the block <http-proxy-user-pass> counts"
	}
	return "no file is read: enter user name and password of the proxy"
}

// credentials takes user names and passwords; files with them are not read.
func (im *importer) credentials(line ovpn.Line) {
	name, password, refused := "", "", ""
	if line.Inline {
		var err error
		if name, password, err = login(line.Block); err != nil {
			refused = err.Error() + "; "
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
	case refused != "":
		im.say(line, VerdictChanged, "%s%s", refused, note)
	case line.Inline, len(line.Args()) == 0 && line.Name() == "auth-user-pass":
		im.say(line, VerdictKept, "")
	default:
		im.say(line, VerdictChanged, "no file is read: %s", note)
	}
}
