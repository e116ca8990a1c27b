package cconfig_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/examples/ser2net/cconfig"
	"github.com/fieldgate/fieldgate/ser2net"
)

// config returns what a text comes to.
func config(t *testing.T, in cconfig.Input) ser2net.Config {
	t.Helper()
	file, err := cconfig.Parse(in, cconfig.Files{})
	require.NoError(t, err)
	cfg, _, err := file.Config(cconfig.Settings{})
	require.NoError(t, err)
	return cfg
}

// port returns the only port of a text.
func port(t *testing.T, text string) ser2net.PortConfig {
	t.Helper()
	cfg := config(t, cconfig.Input{Name: "f", Text: []byte(text)})
	require.Len(t, cfg.Ports, 1)
	return cfg.Ports[0]
}

// C takes the words of 3.x in the connector of YAML as well.
func TestWordsOfOldInAConnector(t *testing.T) {
	for settings, want := range map[string]string{
		"9600n81,LOCAL":                               "9600n81,local",
		"115200N81 LOCAL XONXOFF -RTSCTS":             "115200n81,local,xonxoff",
		"9600,8DATABITS,EVEN,2STOPBITS,RTSCTS":        "9600e82,rtscts",
		"9600,local,-local,rtscts,-XONXOFF":           "9600n81,rtscts",
		"9600 HANGUP_WHEN_DONE NOBREAK local":         "9600n81,local,hangup-when-done",
		"9600 HANGUP_WHEN_DONE -HANGUP_WHEN_DONE":     "9600n81",
		"speed=19200o72,local=true,rtscts,rtscts=off": "19200o72,local",
	} {
		t.Run(settings, func(t *testing.T) {
			assert.Equal(t, want, port(t, connection("tcp,1", "serialdev,/dev/x,"+settings, "mdns: off")).Mode.String())
		})
	}
}

// The network port of a line of 3.x may be a stack of its own.
func TestStacksInLines(t *testing.T) {
	type access struct {
		protocol ser2net.Protocol
		rfc2217  bool
		network  ser2net.Network
		listen   string
		cert     string
	}
	for accepter, want := range map[string]access{
		"2000":                         {network: "tcp", listen: ":2000"},
		"h,2000":                       {network: "tcp", listen: "h:2000"},
		"tcp,2000":                     {network: "tcp", listen: ":2000"},
		"udp,h,2000":                   {network: "udp", listen: "h:2000"},
		"ipv4,2000":                    {network: "tcp", listen: "0.0.0.0:2000"},
		"telnet,2000":                  {protocol: "telnet", network: "tcp", listen: ":2000"},
		"telnet(rfc2217),tcp,h,2000":   {protocol: "telnet", rfc2217: true, network: "tcp", listen: "h:2000"},
		"telnet(rfc2217=false),2000":   {protocol: "telnet", network: "tcp", listen: ":2000"},
		"ssl(key=/k,cert=/c),2000":     {network: "tcp", listen: ":2000", cert: "/c"},
		"ssl(key=/k, cert=/c),tcp,200": {network: "tcp", listen: ":200", cert: "/c"},
	} {
		t.Run(accepter, func(t *testing.T) {
			p := port(t, accepter+":raw:0:/dev/x:9600\n")
			assert.Equal(t, want, access{p.Protocol, p.RFC2217, p.Network, p.Listen, p.TLS.CertFile})
		})
	}
}

func TestLinesOfTheCommandLine(t *testing.T) {
	names := func(in cconfig.Input) (names []string) {
		for _, p := range config(t, in).Ports {
			names = append(names, p.Name)
		}
		return names
	}
	lines := []string{"BANNER:b:hi", "2000:raw:0:/dev/x:9600 b"}
	assert.Equal(t, []string{"2000"}, names(cconfig.Input{Lines: lines}))
	assert.Equal(t, []string{"2000", "2001"}, names(cconfig.Input{Lines: lines, Name: "f", Text: []byte("2001:raw:0:/dev/x:\n")}))
	assert.Equal(t, []string{"2000", "a"}, names(cconfig.Input{Lines: lines, Name: "f", Text: []byte(connection("tcp,1", plain, "mdns: off"))}))

	_, err := cconfig.Parse(cconfig.Input{Lines: []string{"2000:raw:0:/dev/x:9600", "2001:loud:0:/dev/x:"}}, cconfig.Files{})
	assert.EqualError(t, err, `-C:2:1: port 2001: "loud" is no state, want raw, rawlp, telnet or off`)
}

// C has no limit for names, and for lines the stack is the name.
func TestLongNames(t *testing.T) {
	long := "ssl(key=/etc/ser2net/certificates/key.pem,cert=/etc/ser2net/certificates/cert.pem),2000"
	cfg := config(t, cconfig.Input{Name: "f", Text: []byte("\n" + long + ":raw:0:/dev/x:max-connections=0\nROTATOR:2010:" + long + "\n")})
	assert.Equal(t, "ssl(key=/etc/ser2net/certificates/key.pe... (line 2)", cfg.Ports[0].Name)
	assert.Equal(t, []string{cfg.Ports[0].Name}, cfg.Rotators[0].Ports)
	assert.Equal(t, 1, cfg.Ports[0].MaxClients)
}

// Options of 4.x stand in lines as well; their texts may be given in place of
// a name.
func TestOptionsInLines(t *testing.T) {
	p := port(t, "OPENSTR:o:AT\\r\n2000:telnet:0:/dev/x:9600 openstr=o closestr=bye max-connections=3 kickolduser -chardelay "+
		"trace-both=/t trace-hexdump telnet-brk-on-sync no-con-to-acc=false\n")
	assert.Equal(t, [2]string{`AT\r`, "bye"}, [2]string{p.OpenString, p.CloseString})
	assert.Equal(t, ser2net.OnBusyKick, p.OnBusy)
	assert.Equal(t, []ser2net.Trace{{File: "/t", Direction: ser2net.DirectionBoth, HexDump: true}}, p.Traces)
	assert.True(t, p.BreakOnSync && p.MaxClients == 3 && p.Packing == ser2net.Packing{})
}

// Limits that C has for defaults only do not bind an option.
func TestDelays(t *testing.T) {
	for options, want := range map[string][2]time.Duration{
		"mdns: off": {2083 * time.Microsecond, 20 * time.Millisecond},
		"chardelay-min: 5000000\n    chardelay-max: 5000000": {5 * time.Second, 5 * time.Second},
		"chardelay-scale: 0":                        {time.Millisecond, 20 * time.Millisecond},
		"chardelay-max: 0":                          {},
		"chardelay-scale: 0\n    chardelay-min: 0":  {},
		"chardelay: false":                          {},
		"chardelay-min: 0x1388":                     {5 * time.Millisecond, 20 * time.Millisecond},
		"chardelay-scale: 50\n    sendon: '\\r\\n'": {5208 * time.Microsecond, 20 * time.Millisecond},
	} {
		t.Run(options, func(t *testing.T) {
			p := port(t, connection("tcp,1", plain, options)).Packing
			assert.Equal(t, want, [2]time.Duration{p.ForceTime.Std().Truncate(time.Microsecond), p.MaxTime.Std()})
		})
	}
}

// The backslash of an unknown escape is left out, as in C.
func TestUnknownEscapes(t *testing.T) {
	for banner, want := range map[string]string{
		`a\zb`: `azb`, `a\xzz`: `azz`, `a\`: `a`, `\8`: `8`, `\x4\0`: `\x4\0`, `\\z\Y`: `\\z\Y`,
	} {
		t.Run(banner, func(t *testing.T) {
			assert.Equal(t, want, port(t, connection("tcp,1", plain, "banner: '"+banner+"'")).Banner)
		})
	}
}

// A connection without an address of its own speaks as its rotator does.
func TestConnectionsOfARotator(t *testing.T) {
	text := connection("dummy", plain, "mdns: off") +
		"rotator: &r\n  accepter: telnet(rfc2217),tcp,2020\n  connections: [*a]\n  options:\n    accepter-retry-time: 5\n"
	cfg := config(t, cconfig.Input{Name: "f", Text: []byte(text)})
	p := cfg.Ports[0]
	assert.True(t, p.Enabled && p.Listen == "" && p.Protocol == ser2net.ProtocolTelnet && p.RFC2217)
	assert.Equal(t, []ser2net.RotatorConfig{{Name: "r", Enabled: true, Listen: ":2020", Ports: []string{"a"}}}, cfg.Rotators)

	cfg = config(t, cconfig.Input{Name: "f", Text: []byte(connection("dummy", plain+",wronly", "mdns: off") + "rotator: &r\n  accepter: tcp,2020\n  connections: [*a]\n")})
	assert.Equal(t, ser2net.ProtocolRawLP, cfg.Ports[0].Protocol)

	_, err := read(cconfig.Input{Name: "f", Text: []byte(connection("dummy", plain, "mdns: off"))}, cconfig.Files{})
	assert.ErrorContains(t, err, "f:2:13: connection a: nobody can reach it: its accepter is dummy, and no rotator has it")
}
