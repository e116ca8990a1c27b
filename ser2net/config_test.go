package ser2net_test

import (
	"encoding/json"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ser2net"
)

func TestDefaultsAreValid(t *testing.T) {
	require.NoError(t, ser2net.DefaultConfig().Validate())
	require.NoError(t, ser2net.Config{}.Validate())
	p := ser2net.DefaultPort()
	p.Name = "a"
	require.NoError(t, config(p).Validate())
	assert.False(t, p.Enabled)
	assert.Equal(t, ":5000", p.Listen)
	assert.Equal(t, "9600n81,local", p.Mode.String())
	assert.Equal(t, 1, p.MaxClients)
	assert.Equal(t, 30*time.Second, p.KeepAlive.Std())
}

func TestConfigFaults(t *testing.T) {
	for want, change := range map[string]func(*ser2net.PortConfig){
		`ports[0].name: "" is no name of 1 to 64 printable characters`: func(p *ser2net.PortConfig) { p.Name = "" },
		`ports[0].name: "a\n" is no name of 1 to 64 printable characters`: func(p *ser2net.PortConfig) {
			p.Name = "a\n"
		},
		`ports[0].network: unknown word "sctp", want tcp, udp`: func(p *ser2net.PortConfig) { p.Network = "sctp" },
		`ports[0].listen: required unless the port dials or a rotator serves it: an address:port, such as :5000`: func(p *ser2net.PortConfig) {
			p.Listen = ""
		},
		`ports[0].listen: "5000" is not of the form address:port, such as 127.0.0.1:8080`: func(p *ser2net.PortConfig) {
			p.Listen = "5000"
		},
		`ports[0].listen_retry: -1s is negative`: func(p *ser2net.PortConfig) { p.ListenRetry = -seconds(1) },
		`ports[0].connect.destinations[0]: ":1" is not of the form host:port, such as 192.0.2.1:4001`: func(p *ser2net.PortConfig) {
			p.Connect.Destinations = []string{":1"}
		},
		`ports[0].connect.destinations[0]: "a:0" is not of the form host:port, such as 192.0.2.1:4001`: func(p *ser2net.PortConfig) {
			p.Connect.Destinations = []string{"a:0"}
		},
		`ports[0].connect.destinations[0]: port "70000" is out of range, allowed is 0 to 65535`: func(p *ser2net.PortConfig) {
			p.Connect.Destinations = []string{"a:70000"}
		},
		`ports[0].connect.when: unknown word "never", want always, on_data`: func(p *ser2net.PortConfig) {
			p.Connect.When = "never"
		},
		`ports[0].connect.retry_min: 1ms is out of range, allowed is 100ms to 24h0m0s`: func(p *ser2net.PortConfig) {
			p.Connect.RetryMin = ms(1)
		},
		`ports[0].connect.retry_max: 1s is out of range, allowed is 2s to 24h0m0s`: func(p *ser2net.PortConfig) {
			p.Connect.RetryMin, p.Connect.RetryMax = seconds(2), seconds(1)
		},
		`ports[0].protocol: unknown word "ssh", want raw, rawlp, telnet, off`: func(p *ser2net.PortConfig) { p.Protocol = "ssh" },
		`ports[0].protocol: telnet needs tcp`: func(p *ser2net.PortConfig) {
			p.Protocol, p.Network = ser2net.ProtocolTelnet, ser2net.NetworkUDP
		},
		`ports[0].rfc2217: goes with protocol telnet only`:                                    func(p *ser2net.PortConfig) { p.RFC2217 = true },
		`ports[0].signature: 129 bytes are too long, allowed are 128`:                         func(p *ser2net.PortConfig) { p.Signature = strings.Repeat("x", 129) },
		`ports[0].device: required: a serial device, such as /dev/ttyUSB0`:                    func(p *ser2net.PortConfig) { p.Device = "" },
		`ports[0].mode.data_bits: 9 is out of range, allowed is 5 to 8`:                       func(p *ser2net.PortConfig) { p.Mode.DataBits = 9 },
		`ports[0].on_loss: unknown word "wait", want close, keep`:                             func(p *ser2net.PortConfig) { p.OnLoss = "wait" },
		`ports[0].on_busy: unknown word "wait", want refuse, kick`:                            func(p *ser2net.PortConfig) { p.OnBusy = "wait" },
		`ports[0].slow_client: unknown word "kill", want auto, wait, disconnect, drop_oldest`: func(p *ser2net.PortConfig) { p.SlowClient = "kill" },
		`ports[0].max_clients: 1025 is out of range, allowed is 1 to 1024`:                    func(p *ser2net.PortConfig) { p.MaxClients = 1025 },
		`ports[0].queue: 1023 is out of range, allowed is 1024 to 16777216`:                   func(p *ser2net.PortConfig) { p.Queue = 1023 },
		`ports[0].network_timeout: -1s is negative`:                                           func(p *ser2net.PortConfig) { p.NetworkTimeout = -seconds(1) },
		`ports[0].serial_timeout: -1s is negative`:                                            func(p *ser2net.PortConfig) { p.SerialTimeout = -seconds(1) },
		`ports[0].keep_alive: 1ms is out of range, allowed is 1s to 24h0m0s`:                  func(p *ser2net.PortConfig) { p.KeepAlive = ms(1) },
		`ports[0].user_timeout: 48h0m0s is out of range, allowed is 1s to 24h0m0s`: func(p *ser2net.PortConfig) {
			p.UserTimeout = seconds(48 * 3600)
		},
		`ports[0].allow[0]: required: a network, such as 192.0.2.0/24`: func(p *ser2net.PortConfig) {
			p.Allow = []netip.Prefix{{}}
		},
		`ports[0].allow[0]: ::ffff:127.0.0.0/104 is an IPv4 network in the form of IPv6, write it as IPv4`: func(p *ser2net.PortConfig) {
			p.Allow = []netip.Prefix{netip.MustParsePrefix("::ffff:127.0.0.0/104")}
		},
		`ports[0].tls.key_file: required with cert_file`:       func(p *ser2net.PortConfig) { p.TLS.CertFile = "x" },
		`ports[0].tls.cert_file: required with key_file`:       func(p *ser2net.PortConfig) { p.TLS.KeyFile = "x" },
		`ports[0].tls.cert_file: required with client_ca_file`: func(p *ser2net.PortConfig) { p.TLS.ClientCAFile = "x" },
		`ports[0].tls.client_names: needs client_ca_file: without one no client has a certificate`: func(p *ser2net.PortConfig) {
			p.TLS.ClientNames = []string{"x"}
		},
		`ports[0].tls: needs tcp`: func(p *ser2net.PortConfig) {
			p.TLS.CertFile, p.TLS.KeyFile, p.Network = "x", "x", ser2net.NetworkUDP
		},
		`ports[0].banner: a backslash at the end stands for nothing, write \\`: func(p *ser2net.PortConfig) { p.Banner = `x\` },
		`ports[0].open_string: unknown escape \z at byte 1`:                    func(p *ser2net.PortConfig) { p.OpenString = `x\z` },
		`ports[0].close_string: unknown escape \x at byte 0`:                   func(p *ser2net.PortConfig) { p.CloseString = `\xg` },
		`ports[0].close_on: 257 bytes are too long, allowed are 256`:           func(p *ser2net.PortConfig) { p.CloseOn = strings.Repeat(`\0`, 257) },
		`ports[0].packing.length: 4097 is out of range, allowed is 0 to 4096`:  func(p *ser2net.PortConfig) { p.Packing.Length = 4097 },
		`ports[0].packing.delimiter: 17 bytes are too long, allowed are 16`: func(p *ser2net.PortConfig) {
			p.Packing.Delimiter = strings.Repeat("x", 17)
		},
		`ports[0].packing.delimiter_process: unknown word "cut", want keep, plus_1, plus_2, strip`: func(p *ser2net.PortConfig) {
			p.Packing.DelimiterProcess = "cut"
		},
		`ports[0].packing.send_on: unknown escape \z at byte 0`: func(p *ser2net.PortConfig) { p.Packing.SendOn = `\z` },
		`ports[0].packing.force_time: 1m6s is out of range, allowed is 0s to 1m5.535s`: func(p *ser2net.PortConfig) {
			p.Packing.ForceTime = seconds(66)
		},
		`ports[0].packing.max_time: 1m6s is out of range, allowed is 0s to 1m5.535s`: func(p *ser2net.PortConfig) {
			p.Packing.MaxTime = seconds(66)
		},
		`ports[0].traces[0].file: required: the path of a file`: func(p *ser2net.PortConfig) { p.Traces = []ser2net.Trace{{}} },
		`ports[0].traces[0].direction: unknown word "in", want both, to_device, to_network`: func(p *ser2net.PortConfig) {
			p.Traces = []ser2net.Trace{{File: "x", Direction: "in"}}
		},
	} {
		t.Run(want, func(t *testing.T) {
			require.EqualError(t, config(port(change)).Validate(), want)
		})
	}
}

func TestConfigFaultsBetweenPorts(t *testing.T) {
	c := config(port(), port(), second(udp, func(p *ser2net.PortConfig) { p.Listen = "127.0.0.1:1" }),
		second(func(p *ser2net.PortConfig) { p.Name, p.Enabled = "c", false }))
	c.Rotators = []ser2net.RotatorConfig{
		{Name: "r", Enabled: true, Listen: "127.0.0.1:1", Ports: []string{"a", "b", "x"}},
		{Name: "r"},
		{Name: "s", Enabled: true, Listen: ":0", Ports: []string{"a"}},
		{Name: "u", Enabled: true, Listen: ":0", Ports: []string{"a"}},
	}
	require.EqualError(t, c.Validate(), strings.Join([]string{
		`ports[1].name: "a" is ports[0].name already`,
		`ports[1].listen: "127.0.0.1:1" is listened on by ports[0] already`,
		`rotators[0].ports[1]: port "b" is on udp, a rotator serves tcp only`,
		`rotators[0].ports[2]: there is no port "x"`,
		`rotators[0].listen: "127.0.0.1:1" is listened on by ports[0] already`,
		`rotators[1].listen: required: an address:port, such as :5000`,
		`rotators[1].ports: required: the name of at least one port`,
		`rotators[1].name: "r" is rotators[0].name already`,
	}, "\n"))
}

func TestWarnings(t *testing.T) {
	c := config(port(rfc2217), second(udp, func(p *ser2net.PortConfig) { p.Device = device }))
	var got []string
	for _, w := range c.Warnings() {
		got = append(got, w.String())
	}
	assert.Equal(t, []string{
		"ports[0].rfc2217: everyone who reaches the port can change the line; limit it by allow, or by TLS with client_ca_file",
		`ports[1].device: port "a" has the same device: one of the two can be used at a time`,
		"ports[1].network_timeout: a sender of UDP keeps its place for ever without one",
	}, got)
	assert.Empty(t, config(port(), second()).Warnings())
}

func TestConfigInJSON(t *testing.T) {
	const text = `{
		"enabled": true,
		"ports": [{
			"name": "plc", "enabled": true, "listen": ":5000", "protocol": "telnet", "rfc2217": true,
			"device": "/dev/ttyS0", "mode": {"baud": 19200, "parity": "even", "carrier": true},
			"on_loss": "keep", "max_clients": 2, "on_busy": "kick", "allow": ["192.0.2.0/24", "2001:db8::/32"],
			"network_timeout": "5m", "slow_client": "drop_oldest",
			"packing": {"delimiter": "\\r\\n", "delimiter_process": "plus_1", "force_time": "5ms"},
			"traces": [{"file": "/tmp/t", "direction": "to_device", "hex_dump": true}],
			"connect": {"destinations": ["192.0.2.1:9"], "when": "on_data"}
		}],
		"rotators": [{"name": "r", "enabled": true, "listen": ":6000", "ports": ["plc"]}]
	}`
	var c, again ser2net.Config
	require.NoError(t, json.Unmarshal([]byte(text), &c))
	require.NoError(t, c.Validate())
	back, err := json.Marshal(c)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(back, &again))
	assert.Equal(t, c, again)

	back, err = json.Marshal(ser2net.PortConfig{Name: "a", Device: "d"})
	require.NoError(t, err)
	assert.JSONEq(t, `{"name":"a","enabled":false,"device":"d","mode":{}}`, string(back), "what is not set is left out")
}

// Every field has the same name in YAML and in JSON.
func TestTagsAgree(t *testing.T) {
	seen := make(map[reflect.Type]bool)
	var check func(reflect.Type)
	check = func(typ reflect.Type) {
		for typ.Kind() == reflect.Slice || typ.Kind() == reflect.Pointer {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct || seen[typ] || !strings.HasPrefix(typ.PkgPath(), "github.com/fieldgate") {
			return
		}
		seen[typ] = true
		for i := range typ.NumField() {
			field := typ.Field(i)
			yaml, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
			json, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			assert.NotEmpty(t, yaml, "%v.%s", typ, field.Name)
			assert.Equal(t, yaml, json, "%v.%s", typ, field.Name)
			check(field.Type)
		}
	}
	check(reflect.TypeFor[ser2net.Config]())
	assert.Greater(t, len(seen), 6)
}

// Whatever text is configured, it is refused with a reason or can be used.
func FuzzTexts(f *testing.F) {
	for _, seed := range []string{`\`, `\o\d\N\p\B\I`, `\Y\y\M\m\A\D\H\h\i\S\q\P\e\U`, `\0\377\400\x\x1\xfff`, "\\\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_ = config(port(func(p *ser2net.PortConfig) { p.Banner, p.CloseOn, p.Packing.Delimiter = text, text, text })).Validate()
	})
}
