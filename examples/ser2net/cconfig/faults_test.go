package cconfig_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/ser2net/cconfig"
)

// read returns the error of a text, and all warnings in lines when there is
// none.
func read(in cconfig.Input, files cconfig.Files) (warnings string, err error) {
	file, err := cconfig.Parse(in, files)
	if err != nil {
		return "", err
	}
	_, more, err := file.Config(cconfig.Settings{})
	var lines []string
	for _, w := range append(file.Warnings, more...) {
		lines = append(lines, w.String())
	}
	return strings.Join(lines, "\n"), err
}

// connection returns a file with one connection, on line 1, with these
// options; the option is on line 5, its value in column 8 + the length of its
// name.
func connection(accepter, connector, options string) string {
	return "connection: &a\n  accepter: " + accepter + "\n  connector: " + connector + "\n  options:\n    " + options + "\n"
}

const plain = "serialdev,/dev/ttyS0,9600n81,local"

func TestFaultsNameTheirPlace(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"mdns":              {connection("tcp,2000", plain, "mdns: true"), "f:5:11: connection a: mdns is not supported"},
		"pam":               {connection("tcp,2000", plain, "pamauth: login"), "f:5:14: connection a: pamauth is not supported"},
		"one way":           {connection("tcp,2000", plain, "no-acc-to-con: true"), "f:5:20: connection a: no-acc-to-con is not supported"},
		"unknown option":    {connection("tcp,2000", plain, "read_only: true"), "f:5:16: connection a: read_only is no option of ser2net"},
		"range":             {connection("tcp,2000", plain, "max-connections: 2000"), `f:5:22: connection a: max-connections: "2000" is not allowed, want a whole number from 0 to 1024`},
		"word":              {connection("tcp,2000", plain, "kickolduser: maybe"), `f:5:18: connection a: kickolduser: "maybe" is not allowed, want true or false`},
		"address":           {connection("tcp,2000", plain, "remaddr: here"), `f:5:14: connection a: remaddr: "here" is not an IP address`},
		"source port":       {connection("tcp,2000", plain, "remaddr: 192.0.2.1,5"), "f:5:14: connection a: remaddr: 192.0.2.1,5: the port of the client is not looked at, write 0"},
		"mux":               {connection("telnet,mux,certauth,ssl,tcp,2000", plain, "mdns: off"), "f:2:13: connection a: accepter: mux is not supported; supported are tcp, udp, telnet and ssl"},
		"sctp":              {connection("sctp,2000", plain, "mdns: off"), "f:2:13: connection a: accepter: sctp is not supported; supported are tcp, udp, telnet and ssl"},
		"stdio":             {connection("stdio", plain, "mdns: off"), "f:2:13: connection a: accepter: stdio is not supported; supported are tcp, udp, telnet and ssl"},
		"port":              {connection("tcp,telnet", plain, "mdns: off"), `f:2:13: connection a: accepter: "telnet" is not a port, want a number from 0 to 65535`},
		"two addresses":     {connection("tcp,a,1,b,2", plain, "mdns: off"), "f:2:13: connection a: accepter: more than one address is not supported, write a connection for each"},
		"layer option":      {connection("telnet(rfc2218),tcp,2000", plain, "mdns: off"), "f:2:13: connection a: accepter: telnet: rfc2218 is not supported"},
		"comma":             {connection("telnet(rfc2217)tcp,2000", plain, "mdns: off"), "f:2:13: connection a: accepter: a comma is missing after telnet(...)"},
		"parenthesis":       {connection("'ssl(key=a,tcp,2000'", plain, "mdns: off"), "f:2:13: connection a: accepter: a ) is missing"},
		"client auth":       {connection("ssl(clientauth),tcp,2000", plain, "mdns: off"), "f:2:13: connection a: accepter: ssl: clientauth needs CA=FILE, the authorities that sign the clients' certificates; authdir is not supported"},
		"connector":         {connection("tcp,2000", "ipmisol,lan", "mdns: off"), "f:3:14: connection a: connector: ipmisol is not supported, only serialdev is"},
		"device":            {connection("tcp,2000", "serialdev", "mdns: off"), "f:3:14: connection a: connector: the device is missing, want serialdev,/dev/ttyS0,9600n81,local"},
		"setting":           {connection("tcp,2000", "serialdev,/dev/ttyS0,9600x81", "mdns: off"), "f:3:14: connection a: connector: 9600x81 is not supported"},
		"speed":             {connection("tcp,2000", "serialdev,/dev/ttyS0,99999999999", "mdns: off"), "f:3:14: connection a: connector: the speed 99999999999 is out of range, allowed is 1 to 20000000"},
		"rs485":             {connection("tcp,2000", "serialdev,/dev/ttyS0,rs485=1:x", "mdns: off"), `f:3:14: connection a: connector: rs485: the delay "x" is not allowed, want a whole number from 0 to 100 (milliseconds)`},
		"rs485 word":        {connection("tcp,2000", "serialdev,/dev/ttyS0,rs485=1:2:loud", "mdns: off"), `f:3:14: connection a: connector: rs485: unknown word "loud"`},
		"connback":          {connection("telnet,tcp,2000", plain, "connback: tcp,192.0.2.1,4"), "f:5:15: connection a: connback: tcp,192.0.2.1,4 does not match the accepter telnet,tcp,2000: the protocols have to be the same"},
		"connbacks":         {connection("tcp,2000", plain, "connback: tcp,192.0.2.1,4;tcp,192.0.2.1,5"), "f:5:15: connection a: connback: 2 destinations are more than max-connections: 1"},
		"timeouts":          {connection("tcp,2000", plain, "connback: tcp,192.0.2.1,4\n    connback-timeout: 5\n    max-connections: 2"), "f:6:23: connection a: connback-timeout is not supported beside a timeout that differs"},
		"flow":              {connection("tcp,2000", "serialdev,/dev/ttyS0,rtscts,rs485=1:2", "mdns: off"), "f:3:14: connection a: mode.rs485: cannot go with the flow control rtscts, both need the line RTS"},
		"long trace":        {connection("tcp,2000", plain, "trace-both: "+strings.Repeat("x", 5000)), "f:5:17: connection a: traces[0].file: 5000 bytes are too long, allowed are 4096"},
		"udp telnet":        {connection("telnet,udp,2000", plain, "mdns: off"), "f:2:13: connection a: protocol: telnet needs tcp"},
		"no accepter":       {"connection: &a\n  connector: " + plain + "\n", "f:1:1: connection a: the accepter is missing"},
		"key":               {"connection: &a\n  accepter: tcp,1\n  connector: " + plain + "\n  trace-both: x\n", "f:4:3: connection a: trace-both is no key of a connection; most settings stand below options"},
		"twice":             {"connection: &a\n  accepter: tcp,1\n  accepter: tcp,1\n  connector: " + plain + "\n", "f:3:3: connection a: accepter stands here twice"},
		"timeout":           {"connection: &a\n  accepter: tcp,1\n  timeout: -1\n  connector: " + plain + "\n", `f:3:12: connection a: timeout: "-1" is not allowed, want a whole number from 0 to 315360000`},
		"no name":           {"connection:\n  accepter: tcp,1\n", "f:2:3: connection: a name is missing, write connection: &name"},
		"name twice":        {connection("tcp,1", plain, "mdns: off") + connection("tcp,2", plain, "mdns: off"), "f:6:1: connection a: the name is taken already, at f:1:1"},
		"port twice":        {connection("tcp,1", plain, "mdns: off") + strings.Replace(connection("tcp,1", plain, "mdns: off"), "&a", "&b", 1), `f:7:13: connection b: listen: ":1" is listened on by connection a already`},
		"admin":             {"admin:\n  accepter: tcp,2000\n", "f:1:1: admin: the admin port is not supported; the log and SIGHUP replace it"},
		"top key":           {"connektion: &a\n  accepter: tcp,2000\n", "f:1:1: connektion is no key of YAML version 1"},
		"mixed":             {"define: &a b\nconnections:\n  a: {}\n", "f:2:1: connections is a key of YAML version 2, what stands before is YAML version 1: they cannot be mixed"},
		"two documents":     {"define: &a b\n---\ndefine: &c d\n", "f:2:1: a file of YAML version 1 has one document"},
		"second defines":    {"defines: {a: b}\ndefines: {c: d}\n", "f:2:1: defines stands here twice; begin a new document with --- for more"},
		"alias":             {"define: &a b\nconnection: &c\n  accepter: *x\n", `f:3:13: there is no alias 'x'`},
		"alias in text":     {"define: &a \"*(x)\"\n", `f:1:9: define a: there is no alias "x"`},
		"alias unclosed":    {"define: &a \"*(x\"\n", "f:1:9: define a: a ) is missing after *(x"},
		"file":              {"define: &a \"*{none}\"\n", "f:1:9: define a: none: no such file"},
		"include":           {"include: none.yaml\n", "f:1:10: include none.yaml: there is no such file"},
		"include itself":    {"include: f\n", "f:1:10: include f: files include each other too deeply"},
		"no YAML":           {"connection: &a\n\taccepter: tcp\n", "f:2:1: this is no YAML: found character that cannot start any token"},
		"a text":            {"hello\n", "f:1:1: want keys such as connection (YAML version 1) or connections (YAML version 2), or lines such as 2000:raw:0:/dev/ttyS0:9600 (ser2net 3.x)"},
		"default":           {"default:\n  name: loudness\n  value: 3\n", "f:3:10: default loudness is not supported"},
		"default value":     {"default:\n  name: local\n  class: serialdev\n", "f:2:3: default local: the value is missing"},
		"default of class":  {"default:\n  name: loudness\n  value: 3\n  class: ser2net\n", "f:3:10: default loudness of class ser2net is not supported"},
		"delete default":    {"delete_default:\n  name: local\n", "f:2:3: delete_default: name and class are required"},
		"rotator":           {connection("tcp,1", plain, "mdns: off") + "rotator: &r\n  accepter: tcp,2\n  connections: [b]\n", "f:6:1: rotator r: there is no connection b"},
		"rotator protocol":  {connection("tcp,1", plain, "mdns: off") + "rotator: &r\n  accepter: telnet,tcp,2\n  connections: [*a]\n", "f:7:13: rotator r: its accepter telnet,tcp,2 differs from that of connection a in protocol or options, which is not supported"},
		"lines: state":      {"1:raw:0:/dev/ttyS0:9600\n2:loud:0:/dev/ttyS0:9600\n", `f:2:1: port 2: "loud" is no state, want raw, rawlp, telnet or off`},
		"lines: option":     {"1:raw:0:/dev/ttyS0:9600 loud\n", "f:1:1: port 1: loud is neither an option of ser2net 3.x nor a BANNER"},
		"lines: banner":     {"1:raw:0:/dev/ttyS0:9600 banner\n", "f:1:1: port 1: banner is neither an option of ser2net 3.x nor a BANNER"},
		"lines: trace":      {"1:raw:0:/dev/ttyS0:9600 tr=x\n", "f:1:1: port 1: there is no line TRACEFILE:x before this one"},
		"lines: fields":     {"# a\n\n1:raw:0:/dev/ttyS0:9600\n2:raw\n", `f:4:1: "2:raw" is no line of ser2net 3.x: want port:state:timeout:device:options`},
		"lines: timeout":    {"1:raw:soon:/dev/ttyS0:9600\n", `f:1:1: port 1: timeout: "soon" is not allowed, want a whole number from 0 to 315360000`},
		"lines: control":    {"CONTROLPORT:2000\n", "f:1:1: CONTROLPORT is not supported; the log and SIGHUP replace it"},
		"lines: continued":  {"1:raw:0:/dev/ttyS0:\\\n  9600\n\n2:raw:0:\\\n/dev/ttyS1:loud\n", "f:4:1: port 2: loud is neither an option of ser2net 3.x nor a BANNER"},
		"lines: first":      {"2000:run:0:/dev/ttyS0:9600\n", `f:1:1: port 2000: "run" is no state, want raw, rawlp, telnet or off`},
		"lines: layer":      {"mux,2000:raw:0:/dev/ttyS0:9600\n", "f:1:1: connection mux,2000: accepter: mux is not supported; supported are tcp, udp, telnet and ssl"},
		"octal":             {"connection: &a\n  accepter: tcp,1\n  timeout: 08\n  connector: " + plain + "\n", `f:3:12: connection a: timeout: "08" is not allowed, want a whole number from 0 to 315360000`},
		"not as C":          {"connection: &a\n  accepter: tcp,1\n  timeout: 1_0\n  connector: " + plain + "\n", `f:3:12: connection a: timeout: "1_0" is not allowed, want a whole number from 0 to 315360000`},
		"lines: no trigger": {"run 2000:0\n", "f:1:1: want keys such as connection (YAML version 1) or connections (YAML version 2), or lines such as 2000:raw:0:/dev/ttyS0:9600 (ser2net 3.x)"},
	} {
		t.Run(name, func(t *testing.T) {
			self := cconfig.Files{
				Read: func(path string, _ int) ([]byte, error) {
					if path == "f" {
						return []byte(c.text), nil
					}
					return nil, errors.New(path + ": no such file")
				},
				Glob: func(pattern string) ([]string, error) {
					if pattern == "f" {
						return []string{"f"}, nil
					}
					return nil, nil
				},
			}
			_, err := read(cconfig.Input{Name: "f", Text: []byte(c.text)}, self)
			assert.EqualError(t, err, c.want)
		})
	}
}

func TestAllFaultsAreFoundUpToALimit(t *testing.T) {
	_, err := read(cconfig.Input{Name: "f", Text: []byte(connection("sctp,1", "echo", "mdns: true\n    pamauth: x"))}, cconfig.Files{})
	require.EqualError(t, err, `f:3:14: connection a: connector: echo is not supported, only serialdev is
f:2:13: connection a: accepter: sctp is not supported; supported are tcp, udp, telnet and ssl
f:5:11: connection a: mdns is not supported
f:6:14: connection a: pamauth is not supported`)

	var many strings.Builder
	for i := range 200 {
		fmt.Fprintf(&many, "%d:raw:x:/dev/ttyS0:9600\n", i+1)
	}
	_, err = read(cconfig.Input{Name: "f", Text: []byte(many.String())}, cconfig.Files{})
	var faults cconfig.Faults
	require.ErrorAs(t, err, &faults)
	assert.Len(t, faults, 50)
}

func TestWhatHasNoEffectIsSaid(t *testing.T) {
	for option, want := range map[string]string{
		"led-tx: x":                  "f:5:13: connection a: led-tx has no effect: LEDs are not supported",
		"mdns-name: x":               "f:5:16: connection a: mdns-name has no effect: mdns is not supported",
		"dev-to-net-bufsize: 64":     "f:5:25: connection a: dev-to-net-bufsize has no effect: buffers size themselves",
		"timeout-on-os-queue: false": "f:5:26: connection a: timeout-on-os-queue has no effect: what the kernel still sends counts always",
		"timeout-on-os-queue: true":  "",
		"allowed-users: x":           "f:1:1: connection a: allowed-users has no effect without ssl(clientauth,CA=FILE)",
		`banner: 'a\z\x41\101\\'`:    `f:5:13: connection a: banner has no effect: the backslash of \z is no escape`,
		`banner: 'a\xg'`:             `f:5:13: connection a: banner has no effect: \x without a digit stands for nothing`,
		`trace-read: 'a\'`:           `f:5:17: connection a: trace-read has no effect: a backslash at the end stands for nothing`,
		"mdns: false":                "",
		"no-acc-to-con: false":       "",
	} {
		t.Run(option, func(t *testing.T) {
			warnings, err := read(cconfig.Input{Name: "f", Text: []byte(connection("tcp,1", plain, option))}, cconfig.Files{})
			require.NoError(t, err)
			assert.Equal(t, want, warnings)
		})
	}
	warnings, err := read(cconfig.Input{Name: "f", Text: []byte("led: &x\n  driver: sysfs\ndefault:\n  name: speed\n  value: 3\n  class: ipmisol\n")}, cconfig.Files{})
	require.NoError(t, err)
	assert.Equal(t, "f:1:1: led has no effect: LEDs are not supported\nf:5:10: default speed of class ipmisol has no effect: the class is not supported", warnings)
}

func TestStringsFollowTheFile(t *testing.T) {
	file, err := cconfig.Parse(cconfig.Input{
		Name: "f", Text: []byte("define: &b hello # a comment"),
		Strings: []string{`connection: &con01#  accepter: tcp,2013`, `  connector: ` + plain, `  options:#    banner: "### *(b) ###\r\n"`},
	}, cconfig.Files{})
	require.NoError(t, err)
	require.Len(t, file.Connections, 1)
	c := file.Connections[0]
	assert.Equal(t, "con01", c.Name)
	assert.Equal(t, "-Y:1:1", c.At.String())
	assert.Equal(t, []cconfig.Setting{{Name: "banner", Value: "### hello ###\r\n", At: cconfig.Place{File: "-Y", Line: 5, Column: 13}}}, c.Options)

	_, err = cconfig.Parse(cconfig.Input{Strings: []string{"define: &a b", "connection: &c#  timeout: soon"}}, cconfig.Files{})
	assert.ErrorContains(t, err, `-Y:3:12: connection c: timeout: "soon" is not allowed`)
}

func TestIncludedFilesStandInPlace(t *testing.T) {
	tree := map[string]string{
		"etc/a.yaml": "%YAML 1.1\n---\n# one\nconnection: &one\n  accepter: tcp,*(port)\n  connector: *con\n",
		"etc/b.yaml": "connection: &two\n  accepter: tcp,1\n  connector: *con\n  nonsense: 1\n",
	}
	files := cconfig.Files{
		Read: func(path string, _ int) ([]byte, error) { return []byte(tree[path]), nil },
		Glob: func(pattern string) ([]string, error) { return []string{strings.ReplaceAll(pattern, "*", "a")}, nil },
	}
	text := "define: &con 'serialdev,/dev/ttyS0,*(*x'\ndefine: &port 2000\ninclude: '*.yaml'\nrotator: &r\n  accepter: tcp,2001\n  connections: [one]\n"
	file, err := cconfig.Parse(cconfig.Input{Name: "etc/main", Text: []byte(text)}, files)
	require.NoError(t, err)
	require.Len(t, file.Connections, 1)
	assert.Equal(t, "tcp,2000", file.Connections[0].AccepterText)
	assert.Equal(t, "serialdev,/dev/ttyS0,*(x", file.Connections[0].ConnectorText)
	assert.Equal(t, "etc/a.yaml:4:1", file.Connections[0].At.String())

	_, err = cconfig.Parse(cconfig.Input{Name: "etc/main", Text: []byte("define: &con x\ninclude: b.yaml\n")}, files)
	assert.EqualError(t, err, "etc/b.yaml:4:3: connection two: nonsense is no key of a connection; most settings stand below options")
}

func TestUnquote(t *testing.T) {
	for in, want := range map[string]string{
		"":                  "\n",
		"a#b":               "a\nb\n",
		`a: "x # y"#b`:      "a: \"x # y\"\nb\n",
		`a: 'x # y'#b`:      "a: 'x # y'\nb\n",
		`a: "x \" # y"#b`:   "a: \"x \\\" # y\"\nb\n",
		`a: 'it''s # one'#`: "a: 'it''s # one'\n\n",
		`"\`:                "\"\\\n",
	} {
		t.Run(in, func(t *testing.T) { assert.Equal(t, want, cconfig.Unquote(in)) })
	}
}

func TestAliasesDoNotGrowWithoutEnd(t *testing.T) {
	var text strings.Builder
	text.WriteString("define: &a0 xxxxxxxxxx\n")
	for i := range 30 {
		fmt.Fprintf(&text, "define: &a%d \"*(a%d)*(a%d)\"\n", i+1, i, i)
	}
	_, err := read(cconfig.Input{Name: "f", Text: []byte(text.String())}, cconfig.Files{})
	assert.ErrorContains(t, err, "the text is too long")
}
