package ser2net

import (
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"github.com/fieldgate/fieldgate/internal/config"
)

// Validate returns every fault as a [ConfigError], nil when there is none. It
// looks at disabled ports too, and touches no file and no device.
func (c Config) Validate() error {
	var faults config.Errors
	names := make(taken)
	addresses := make(taken)
	for i, p := range c.Ports {
		path := fmt.Sprintf("ports[%d]", i)
		p.faults(path, &faults)
		names.check(path+".name", p.Name, &faults)
		if p.on() {
			addresses.checkListen(path+".listen", p.normal().Network, p.Listen, &faults)
		}
		if p.Listen == "" && !p.dials() && !c.rotated(p.Name) {
			faults.Addf(path+".listen", "required unless the port dials or a rotator serves it: an address:port, such as :5000")
		}
	}
	names = make(taken)
	for i, r := range c.Rotators {
		path := fmt.Sprintf("rotators[%d]", i)
		c.rotatorFaults(path, r, &faults)
		names.check(path+".name", r.Name, &faults)
		if r.Enabled {
			addresses.checkListen(path+".listen", NetworkTCP, r.Listen, &faults)
		}
	}
	return faults.Err()
}

// Warnings returns what works but is weak or surprising.
func (c Config) Warnings() []Warning {
	var warnings []Warning
	devices := make(map[string]string)
	for i, p := range c.Ports {
		if !p.on() {
			continue
		}
		path := fmt.Sprintf("ports[%d].", i)
		if first, shared := devices[p.Device]; shared {
			warnings = append(warnings, Warning{Path: path + "device", Text: fmt.Sprintf("port %q has the same device: one of the two can be used at a time", first)})
		} else {
			devices[p.Device] = p.Name
		}
		if p.Network == NetworkUDP && p.NetworkTimeout == 0 {
			warnings = append(warnings, Warning{Path: path + "network_timeout", Text: "a sender of UDP keeps its place for ever without one"})
		}
		if p.RFC2217 && len(p.Allow) == 0 && p.TLS.ClientCAFile == "" {
			warnings = append(warnings, Warning{Path: path + "rfc2217", Text: "everyone who reaches the port can change the line; limit it by allow, or by TLS with client_ca_file"})
		}
	}
	return warnings
}

// rotated tells whether a rotator serves the port.
func (c Config) rotated(port string) bool {
	for _, r := range c.Rotators {
		for _, name := range r.Ports {
			if name == port {
				return true
			}
		}
	}
	return false
}

func (c Config) rotatorFaults(path string, r RotatorConfig, faults *config.Errors) {
	if r.Listen == "" {
		faults.Addf(path+".listen", "required: an address:port, such as :5000")
	} else {
		faults.CheckListen(path+".listen", r.Listen)
	}
	if len(r.Ports) == 0 {
		faults.Addf(path+".ports", "required: the name of at least one port")
	}
	networks := make(map[string]Network, len(c.Ports))
	for _, p := range c.Ports {
		networks[p.Name] = p.normal().Network
	}
	for i, name := range r.Ports {
		switch network, known := networks[name]; {
		case !known:
			faults.Addf(fmt.Sprintf("%s.ports[%d]", path, i), "there is no port %q", name)
		case network != NetworkTCP:
			faults.Addf(fmt.Sprintf("%s.ports[%d]", path, i), "port %q is on %s, a rotator serves tcp only", name, network)
		}
	}
}

// taken are the values that may be there once, with the path of the first.
type taken map[string]string

func (t taken) check(path, name string, faults *config.Errors) {
	if first, again := t[name]; again {
		faults.Addf(path, "%q is %s already", name, first)
		return
	}
	t[name] = path
	if len(name) == 0 || len(name) > 64 || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		faults.Addf(path, "%q is no name of 1 to 64 printable characters", name)
	}
}

func (t taken) checkListen(path string, network Network, listen string, faults *config.Errors) {
	if _, port, err := net.SplitHostPort(listen); err != nil || port == "0" {
		return
	}
	key := string(network) + " " + listen
	if first, again := t[key]; again {
		faults.Addf(path, "%q is listened on by %s already", listen, strings.TrimSuffix(first, ".listen"))
		return
	}
	t[key] = path
}

// faults adds the faults of the port at path, but for those that need the
// whole Config.
func (c PortConfig) faults(path string, faults *config.Errors) {
	f := fieldFaults{path, faults}
	c.wordFaults(f)
	c = c.normal()
	if c.Listen != "" {
		faults.CheckListen(path+".listen", c.Listen)
	}
	for i, to := range c.Connect.Destinations {
		f.destination(fmt.Sprintf("connect.destinations[%d]", i), to)
	}
	if c.Device == "" {
		f.add("device", "required: a serial device, such as /dev/ttyUSB0")
	}
	c.Mode.faults(path+".mode", faults)
	if c.ReadOnly && c.Protocol == ProtocolRawLP {
		f.add("read_only", "cannot go with rawlp, nothing would be left to pass")
	}
	if c.RFC2217 && c.Protocol != ProtocolTelnet {
		f.add("rfc2217", "goes with protocol telnet only")
	}
	if len(c.Signature) > 128 {
		f.add("signature", "%d bytes are too long, allowed are 128", len(c.Signature))
	}
	if c.Network == NetworkUDP && c.Protocol == ProtocolTelnet {
		f.add("protocol", "telnet needs tcp")
	}
	f.number("max_clients", c.MaxClients, 1, MaxClientsLimit)
	f.number("queue", c.Queue, minQueue, maxQueue)
	f.time("listen_retry", c.ListenRetry, 0, 0)
	f.time("network_timeout", c.NetworkTimeout, 0, 0)
	f.time("serial_timeout", c.SerialTimeout, 0, 0)
	f.time("keep_alive", c.KeepAlive, time.Second, 24*time.Hour)
	f.time("user_timeout", c.UserTimeout, time.Second, 24*time.Hour)
	f.time("connect.retry_min", c.Connect.RetryMin, 100*time.Millisecond, 24*time.Hour)
	f.time("connect.retry_max", c.Connect.RetryMax, c.Connect.RetryMin.Std(), 24*time.Hour)
	for i, prefix := range c.Allow {
		switch at := fmt.Sprintf("allow[%d]", i); {
		case !prefix.IsValid():
			f.add(at, "required: a network, such as 192.0.2.0/24")
		case prefix.Addr().Is4In6():
			f.add(at, "%v is an IPv4 network in the form of IPv6, write it as IPv4", prefix)
		}
	}
	c.tlsFaults(f)
	f.text("banner", c.Banner, 4096)
	f.text("open_string", c.OpenString, 4096)
	f.text("close_string", c.CloseString, 4096)
	f.text("close_on", c.CloseOn, 256)
	f.number("packing.length", c.Packing.Length, 0, maxPacket)
	f.text("packing.delimiter", c.Packing.Delimiter, 16)
	f.text("packing.send_on", c.Packing.SendOn, 256)
	f.time("packing.force_time", c.Packing.ForceTime, 0, MaxForceTime)
	f.time("packing.max_time", c.Packing.MaxTime, 0, MaxForceTime)
	for i, trace := range c.Traces {
		at := fmt.Sprintf("traces[%d].file", i)
		if trace.File == "" || strings.HasSuffix(trace.File, string(filepath.Separator)) {
			f.add(at, "required: the path of a file")
		}
		f.text(at, trace.File, 4096)
	}
}

// wordFaults adds the words that are none.
func (c PortConfig) wordFaults(f fieldFaults) {
	f.word("network", new(Network), string(c.Network))
	f.word("connect.when", new(When), string(c.Connect.When))
	f.word("protocol", new(Protocol), string(c.Protocol))
	f.word("on_loss", new(OnLoss), string(c.OnLoss))
	f.word("on_busy", new(OnBusy), string(c.OnBusy))
	f.word("slow_client", new(SlowClient), string(c.SlowClient))
	f.word("packing.delimiter_process", new(DelimiterProcess), string(c.Packing.DelimiterProcess))
	for i, trace := range c.Traces {
		f.word(fmt.Sprintf("traces[%d].direction", i), new(Direction), string(trace.Direction))
	}
}

func (c PortConfig) tlsFaults(f fieldFaults) {
	switch {
	case c.TLS.CertFile != "" && c.TLS.KeyFile == "":
		f.add("tls.key_file", "required with cert_file")
	case c.TLS.CertFile == "" && c.TLS.KeyFile != "":
		f.add("tls.cert_file", "required with key_file")
	case c.TLS.CertFile == "" && c.TLS.ClientCAFile != "":
		f.add("tls.cert_file", "required with client_ca_file")
	}
	if len(c.TLS.ClientNames) > 0 && c.TLS.ClientCAFile == "" {
		f.add("tls.client_names", "needs client_ca_file: without one no client has a certificate")
	}
	if c.TLS.on() && c.Network == NetworkUDP {
		f.add("tls", "needs tcp")
	}
}
