package openvpn

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/openvpn/internal/ovpn"
)

// smuggles are the ways to hide an option from one who reads a file, openvpn
// executes most of them. Each is a file that connects and has all it needs.
func smuggles(option, argument string) map[string]string {
	filler := strings.Repeat("A", 255)
	base := "client\ndev tun\nremote vpn.example.com 1194\nauth-user-pass\npeer-fingerprint " + strings.Repeat("AB:", 31) + "AB\n"
	line := option + " " + argument
	after := func(text string) string { return base + text + "\nverb 4\n" }
	return map[string]string{
		"direct":                     after(line),
		"first":                      line + "\n" + base,
		"last, no end of line":       base + line,
		"mark of UTF-8":              "\xef\xbb\xbf" + line + "\n" + base,
		"mark of UTF-8 twice":        "\xef\xbb\xbf\xef\xbb\xbf" + line + "\n" + base,
		"CR LF":                      strings.ReplaceAll(after(line), "\n", "\r\n"),
		"lone CR":                    after("nobind\r" + line),
		"lone CR before":             after("\r" + line),
		"tabs":                       after("\t" + option + "\t" + argument),
		"vertical tab":               after("\v" + option + "\v" + argument),
		"form feed":                  after("\f" + option + "\f" + argument),
		"double quotes":              after(`"` + option + `" "` + argument + `"`),
		"single quotes":              after("'" + option + "' '" + argument + "'"),
		"quotes without a blank":     after(`"` + option + `"` + argument),
		"escaped blank before":       after(`\ ` + line),
		"escaped blank behind":       after(line + `\ `),
		"dashes":                     after("--" + line),
		"quoted dashes":              after(`"--` + option + `" ` + argument),
		"more dashes":                after("----" + line),
		"setenv opt":                 after("setenv opt " + line),
		"setenv opt with dashes":     after("setenv opt --" + line),
		"quoted setenv opt":          after(`"setenv" 'opt' ` + line),
		"setenv opt twice":           after("setenv opt setenv opt " + line),
		"setenv-safe opt":            after("setenv-safe opt " + line),
		"forward compatible":         after("setenv FORWARD_COMPATIBLE 1\n" + line),
		"ignored when unknown":       after("ignore-unknown-option " + option + "\n" + line),
		"after a comment":            after("verb 3 # harmless\n" + line),
		"block of its name":          after("<" + option + ">\n" + argument + "\n</" + option + ">"),
		"quoted block":               after("\"<" + option + ">\"\n" + argument + "\n</" + option + ">"),
		"block with dashes":          after("--<" + option + ">\n" + argument + "\n</" + option + ">"),
		"text after a block":         after("<extra-certs>\nx\n</extra-certs>" + line),
		"line after junk":            after("<extra-certs>\nx\n</extra-certs>junk\n" + line),
		"block of 254 bytes":         after("<extra-certs>\n" + filler[:254] + "</extra-certs>\n" + line + "\n</extra-certs>"),
		"block of 255 bytes":         after("<extra-certs>\n" + filler + "</extra-certs>\n" + line + "\n</extra-certs>"),
		"block of 256 bytes":         after("<extra-certs>\n" + filler + "A</extra-certs>\n" + line + "\n</extra-certs>"),
		"block of 510 bytes":         after("<extra-certs>\n" + filler + filler + "</extra-certs>\n" + line + "\n</extra-certs>"),
		"block that does not end":    after("<ca>\n" + line),
		"end of another block":       after("<ca>\nx\n</cert>\n" + line + "\n</ca>"),
		"connection":                 after("<connection>\nremote a.example.com\n" + line + "\n</connection>"),
		"block in a connection":      after("<connection>\nremote a.example.com\n<" + option + ">\n" + argument + "\n</" + option + ">\n</connection>"),
		"setenv opt in a connection": after("<connection>\nremote a.example.com\nsetenv opt " + line + "\n</connection>"),
		"all connections":            "client\nauth-user-pass\nca ca.crt\n" + strings.Repeat("<connection>\nremote a.example.com\n"+line+"\n</connection>\n", 2),
		"overlong comment":           after("#" + strings.Repeat(".", 255) + line),
		"overlong comment by one":    after("#" + strings.Repeat(".", 254) + line),
		"overlong value":             after("setenv X " + strings.Repeat(".", 247) + line),
		"NUL":                        after("nobind\x00" + line),
		"NUL and a full line":        after("#\x00" + strings.Repeat(".", 254) + line),
		"NUL in the name":            after(option[:1] + "\x00" + line),
		"nested file":                after("config " + argument),
		"folder and nested file":     after("cd /\nconfig " + argument),
		"pushed":                     after(`push "` + line + `"`),
		"echoed":                     after(`echo "` + option + `"`),
		"line within quotes":         after("static-challenge \"a\n" + line + "\" 1"),
		"escaped end of line":        after("echo a\\\n" + line),
		"server of its own":          "server 10.8.0.0 255.255.255.0\ndev tun\ncert c.crt\nkey c.key\nca ca.crt\n" + line + "\n",
	}
}

// assertHarmless asserts that a rendered file has offered options only, that
// no word of it is a path, and that the mark of an attack is not in it.
func assertHarmless(t testing.TB, text []byte, mark string) {
	t.Helper()
	lines, err := ovpn.Lex(text)
	require.NoError(t, err)
	offered := newCatalogue()
	if mark != "" {
		assert.NotContains(t, string(text), mark)
	}
	for _, l := range lines {
		require.NoError(t, l.Err)
		require.False(t, l.Inline)
		name := l.Name()
		info, ok := offered[name]
		assert.True(t, ok, "%s is rendered", name)
		assert.NotContains(t, supervised(), name)
		assert.NotContains(t, withheld(), name)
		for n, arg := range l.Args() {
			kind := Kind("")
			if len(info.Params) > 0 {
				kind = info.Params[min(n, len(info.Params)-1)].Kind
			}
			assert.False(t, strings.HasPrefix(arg, "/") || strings.Contains(arg, "../"), "%s %q", name, arg)
			switch {
			case kind == KindText, kind == KindPushed, kind == KindPrefix6:
			case name == "ifconfig-ipv6", name == "server-ipv6": // prefixes
			default:
				assert.NotContains(t, arg, "/", name)
			}
		}
	}
}

// canary is where attacks of the tests want to read, write or run something.
const canary = "/tmp/fieldgate-canary"

func TestAttacksLeaveNothing(t *testing.T) {
	names := slices.Concat(slices.Collect(maps.Keys(supervised())), slices.Collect(maps.Keys(withheld())))
	slices.Sort(names)
	require.Greater(t, len(names), 100)
	imported, harmless := 0, make(map[string]bool)
	for _, name := range names {
		for form, text := range smuggles(name, canary) {
			im, err := Import("demo", []byte(text))
			if err != nil {
				continue // refused as a whole
			}
			conf, err := Render(im.Instance)
			if !assert.NoError(t, err, "%s, %s", name, form) {
				continue
			}
			imported++
			if harmless[string(conf)] {
				continue // most attacks leave the same
			}
			harmless[string(conf)] = true
			if !t.Run(name+" "+form, func(t *testing.T) { assertHarmless(t, conf, canary) }) {
				t.Log(text)
			}
		}
	}
	assert.Greater(t, imported, len(names)*20)
}

// Path arguments of options that stand in the instance: only base names are
// left of them, and what only reads or writes a path leaves nothing.
func TestPathsStayInTheStore(t *testing.T) {
	reads := map[string]string{
		"ca": "", "cert": "", "key": "", "pkcs12": "", "extra-certs": "", "dh": "", "crl-verify": "", "tls-auth": "", "tls-crypt": "",
		"tls-crypt-v2": "", "secret": "", "auth-gen-token-secret": "", "askpass": "", "auth-user-pass": "", "client-config-dir": "",
		"http-proxy-user-pass": "", "http-proxy": "192.0.2.1 8080 ", "socks-proxy": "192.0.2.1 1080 ", "ifconfig-pool-persist": "",
		"port-share": "192.0.2.1 443 ", "dev": "", "bind-dev": "", "lladdr": "", "local": "", "remote": "", "management": "",
		"verify-x509-name": "", "push": "", "echo": "", "http-proxy-option": "AGENT ", "x509-track": "", "x509-username-field": "",
	}
	rendered, harmless := 0, make(map[string]bool)
	for name, before := range reads {
		for n, path := range []string{"/etc/passwd", "../../etc/passwd", "/proc/self/mem", "..", ".", "/", "a/../b", `..\..\x`, "./ca.crt", "-", "stdin", "[[INLINE]]"} {
			for form, text := range smuggles(name, before+path) {
				if n > 0 && form != "direct" && form != "server of its own" {
					continue // the forms were tried with the first path
				}
				im, err := Import("demo", []byte(text))
				if err != nil {
					continue
				}
				for kind, file := range im.Instance.Files {
					assert.True(t, validBase(file), "%s: %q", kind, file)
				}
				conf, err := Render(im.Instance)
				if err != nil {
					continue // the faults name the field; nothing is run
				}
				rendered++
				if harmless[string(conf)] {
					continue
				}
				harmless[string(conf)] = true
				t.Run(fmt.Sprintf("%s %s %s", name, path, form), func(t *testing.T) {
					assertHarmless(t, conf, "")
					for _, l := range lexed(t, conf) {
						if newCatalogue()[l.Name()].Field != "files" {
							continue
						}
						for _, arg := range l.Args() {
							assert.NotContains(t, []string{"stdin", ".", "..", "-"}, arg, l.Name())
						}
					}
				})
			}
		}
	}
	assert.Greater(t, rendered, 500)
}

func lexed(t testing.TB, text []byte) []ovpn.Line {
	t.Helper()
	lines, err := ovpn.Lex(text)
	require.NoError(t, err)
	return lines
}

// An instance that was not imported cannot smuggle either: any option with any
// values is refused, or is rendered as that one line.
func TestOptionsCannotSmuggle(t *testing.T) {
	base := Instance{Name: "demo", Role: RoleClient, Remotes: []Remote{{Host: "192.0.2.1"}}, Username: "u", Password: NewSecret("p"), Files: map[FileKind]string{FileCA: "ca.crt"}}
	plain, err := Render(base)
	require.NoError(t, err)
	values := []string{"", " ", "a\nup /x", "a\r\nup", "a\x00up", `a" "b`, `a\`, `'`, `"`, "#", ";", "</ca>", "<up>", "--up", strings.Repeat("x", 300), "/etc/passwd", "../x", "a b"}
	for _, o := range Catalogue() {
		for _, v := range values {
			i := base
			args := []string{v, v, v}
			for n := range 3 {
				i.Options = []Option{{o.Name, args[:n]}}
				conf, err := Render(i)
				if err != nil {
					continue
				}
				lines := lexed(t, conf)
				require.Len(t, lines, len(lexed(t, plain))+1)
				assert.Equal(t, append([]string{o.Name}, args[:n]...), lines[len(lines)-1].Words)
				assertHarmless(t, conf, "")
			}
		}
	}
	for _, name := range slices.Concat(slices.Collect(maps.Keys(supervised())), slices.Collect(maps.Keys(withheld())), []string{"", "--verb", "<ca>", "verb 3\nup"}) {
		for _, place := range []place{inMain, inClient} {
			require.Error(t, checkOption(Option{name, nil}, place), name)
			require.Error(t, checkOption(Option{name, []string{"x"}}, place), name)
		}
	}
}

// Whatever is imported and can run is harmless, and means the same when it
// comes again.
func FuzzImport(f *testing.F) {
	for _, text := range smuggles("up", canary) {
		f.Add([]byte(text))
	}
	for _, text := range []string{
		"dev tap\nserver-bridge 192.168.1.1 255.255.255.0 192.168.1.128 192.168.1.254\nca a\ncert b\nkey c\nproto tcp-server\nport-share h 443\n",
		"tls-server\ndev tun\nifconfig 10.0.0.1 10.0.0.2\nca a\ncert b\nkey c\nlocal 192.0.2.1\nroute 10.1.0.0 255.255.0.0\n",
		"client\nremote 2001:db8::1 443 tcp6-client\nhttp-proxy p 1 /x basic\npeer-fingerprint AB\nca a\npkcs12 b\nlocal ::1\n",
		"client\nremote h\nauth-user-pass\n<connection>\nremote i\nproto tcp\nfloat\n</connection>\nca ../x\nverify-x509-name \"C=DE, CN=x\"\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		im, err := Import("demo", text)
		if err != nil {
			require.Empty(t, im.Instance.Name)
			return
		}
		for name := range im.Files {
			require.True(t, validBase(name))
		}
		conf, err := Render(im.Instance)
		if err != nil {
			return
		}
		assertHarmless(t, conf, "")
		again, err := Import("demo", conf)
		require.NoError(t, err, "%s", conf)
		want := im.Instance
		want.Username, want.Password = "", Secret{}
		if want.Proxy != nil {
			p := *want.Proxy
			p.Username, p.Password = "", Secret{}
			want.Proxy = &p
		}
		require.Equal(t, want, again.Instance, "%s", conf)
	})
}
