package ser2net

import (
	"cmp"
	"net/netip"
	"time"
)

// Limits of [PortConfig].
const (
	MaxClientsLimit = 1024
	minQueue        = 1 << 10  // bytes
	maxQueue        = 16 << 20 // bytes
	maxPacket       = 4096     // bytes
	MaxForceTime    = 65535 * time.Millisecond
)

// The defaults that a zero field of [PortConfig] means.
const (
	defaultQueue       = 64 << 10
	defaultKeepAlive   = Duration(30 * time.Second)
	defaultUserTimeout = Duration(60 * time.Second)
	defaultSignature   = "ser2net"
	defaultRetryMin    = Duration(time.Second)
	defaultRetryMax    = Duration(60 * time.Second)
)

// Config is what an operator stores. The zero value is valid: switched off.
type Config struct {
	// Enabled switches the proxy as a whole. Default and zero: off.
	Enabled bool `yaml:"enabled" json:"enabled"`
	// Ports are the ports, each by its name.
	Ports []PortConfig `yaml:"ports" json:"ports"`
	// Rotators are addresses that stand for several ports. Default: none.
	Rotators []RotatorConfig `yaml:"rotators,omitempty" json:"rotators,omitempty"`
}

// DefaultConfig returns the proxy switched off, without ports.
func DefaultConfig() Config { return Config{} }

// PortConfig is one serial port and its access from the network.
type PortConfig struct {
	// Name tells ports apart: 1 to 64 printable characters, unique. Required.
	Name string `yaml:"name" json:"name"`
	// Enabled switches the port. Default and zero: off.
	Enabled bool `yaml:"enabled" json:"enabled"`
	// Network is tcp or udp. Default and zero: tcp.
	Network Network `yaml:"network,omitempty" json:"network,omitzero"`
	// Listen is the "address:port" that clients connect to, such as ":5000";
	// port 0 takes any free one. Empty is allowed for a port that dials or
	// that a rotator serves.
	Listen string `yaml:"listen,omitempty" json:"listen,omitzero"`
	// ListenRetry is the time after which an address that cannot be listened
	// on is tried again. Default and zero: Start fails.
	ListenRetry Duration `yaml:"listen_retry,omitempty" json:"listen_retry,omitzero"`
	// Connect lets the port dial out, besides or instead of listening.
	Connect Connect `yaml:"connect,omitempty" json:"connect,omitzero"`
	// Protocol is raw, rawlp, telnet or off. Default and zero: raw.
	Protocol Protocol `yaml:"protocol,omitempty" json:"protocol,omitzero"`
	// ReadOnly drops the data that clients send, as rawlp drops what the device
	// sends. Default: off.
	ReadOnly bool `yaml:"read_only,omitempty" json:"read_only,omitzero"`
	// RFC2217 lets clients control the line, with telnet only. Default: off.
	RFC2217 bool `yaml:"rfc2217,omitempty" json:"rfc2217,omitzero"`
	// Signature is what a client of RFC 2217 is told that asks who serves
	// it, up to 128 bytes. Default and zero: "ser2net".
	Signature string `yaml:"signature,omitempty" json:"signature,omitzero"`
	// BreakOnSync sends a break when a telnet client sends a Synch. Default:
	// off.
	BreakOnSync bool `yaml:"break_on_sync,omitempty" json:"break_on_sync,omitzero"`
	// NoBreak ignores the breaks that clients ask for. Default: off.
	NoBreak bool `yaml:"no_break,omitempty" json:"no_break,omitzero"`

	// Device is the serial device, such as /dev/ttyUSB0. Required. A device
	// may serve several ports, one at a time.
	Device string `yaml:"device" json:"device"`
	// Mode is how the line is driven when the device is opened.
	Mode Mode `yaml:"mode" json:"mode"`
	// OnLoss is close or keep. Default and zero: close.
	OnLoss OnLoss `yaml:"on_loss,omitempty" json:"on_loss,omitzero"`
	// OpenString is sent to the device when it has been opened, CloseString
	// before it is closed, with the escapes of Banner. Default: nothing.
	OpenString  string `yaml:"open_string,omitempty" json:"open_string,omitzero"`
	CloseString string `yaml:"close_string,omitempty" json:"close_string,omitzero"`

	// MaxClients is how many clients may be connected at a time, 1 to 1024,
	// those that the port dialled not counted. Default and zero: 1.
	MaxClients int `yaml:"max_clients,omitempty" json:"max_clients,omitzero"`
	// OnBusy is refuse or kick. Default and zero: refuse.
	OnBusy OnBusy `yaml:"on_busy,omitempty" json:"on_busy,omitzero"`
	// Allow are the networks that clients may come from, such as
	// 192.0.2.0/24. Default: any.
	Allow []netip.Prefix `yaml:"allow,omitempty" json:"allow,omitempty"`
	// TLS protects the connections of listen. Default and zero: off.
	TLS TLS `yaml:"tls,omitempty" json:"tls,omitzero"`
	// Banner is sent to a client when the device is open. It may hold the
	// escapes of C and those of C ser2net: \d \o \N \p \B \I and, for the
	// time, \Y \y \M \m \A \D \H \h \i \S \q \P \e \U. Default: nothing.
	Banner string `yaml:"banner,omitempty" json:"banner,omitzero"`
	// NetworkTimeout ends a client that sent and took nothing for so long.
	// Default and zero: never.
	NetworkTimeout Duration `yaml:"network_timeout,omitempty" json:"network_timeout,omitzero"`
	// SerialTimeout ends all clients when the device sent nothing for so
	// long. Default and zero: never.
	SerialTimeout Duration `yaml:"serial_timeout,omitempty" json:"serial_timeout,omitzero"`
	// KeepAlive is the silence after which TCP asks a client whether it is
	// still there, from 1s; after three unanswered questions, each a third
	// of that apart, it is not. Default and zero: 30s.
	KeepAlive Duration `yaml:"keep_alive,omitempty" json:"keep_alive,omitzero"`
	// UserTimeout ends a client that does not take what was sent to it for
	// so long, from 1s (TCP_USER_TIMEOUT, Linux only). Default and zero: 60s.
	UserTimeout Duration `yaml:"user_timeout,omitempty" json:"user_timeout,omitzero"`
	// SlowClient is auto, wait, disconnect or drop_oldest. Default and zero:
	// auto.
	SlowClient SlowClient `yaml:"slow_client,omitempty" json:"slow_client,omitzero"`
	// Queue is how many bytes may wait for a slow client, 1 KiB to 16 MiB,
	// beyond what the kernel holds. Default and zero: 64 KiB.
	Queue int `yaml:"queue,omitempty" json:"queue,omitzero"`

	// Packing gathers what the device sends. Default and zero: it goes out
	// as it comes.
	Packing Packing `yaml:"packing,omitempty" json:"packing,omitzero"`
	// CloseOn ends all clients after the device has sent this text, with the
	// escapes of Banner. Default: never.
	CloseOn string `yaml:"close_on,omitempty" json:"close_on,omitzero"`
	// Traces are files that record the data. Default: none.
	Traces []Trace `yaml:"traces,omitempty" json:"traces,omitempty"`
}

// DefaultPort returns a port switched off, for /dev/ttyUSB0 with 9600 8N1 on
// TCP port 5000.
func DefaultPort() PortConfig {
	return PortConfig{Listen: ":5000", Device: "/dev/ttyUSB0", Mode: DefaultMode()}.normal()
}

// normal returns c with the default in place of each zero field.
func (c PortConfig) normal() PortConfig {
	c.Network = cmp.Or(c.Network, NetworkTCP)
	c.Protocol = cmp.Or(c.Protocol, ProtocolRaw)
	c.Signature = cmp.Or(c.Signature, defaultSignature)
	c.Mode = c.Mode.Normal()
	c.OnLoss = cmp.Or(c.OnLoss, OnLossClose)
	c.MaxClients = cmp.Or(c.MaxClients, 1)
	c.OnBusy = cmp.Or(c.OnBusy, OnBusyRefuse)
	c.KeepAlive = cmp.Or(c.KeepAlive, defaultKeepAlive)
	c.UserTimeout = cmp.Or(c.UserTimeout, defaultUserTimeout)
	c.SlowClient = cmp.Or(c.SlowClient, SlowAuto)
	c.Queue = cmp.Or(c.Queue, defaultQueue)
	c.Connect.When = cmp.Or(c.Connect.When, WhenAlways)
	c.Connect.RetryMin = cmp.Or(c.Connect.RetryMin, defaultRetryMin)
	c.Connect.RetryMax = cmp.Or(c.Connect.RetryMax, max(defaultRetryMax, c.Connect.RetryMin))
	c.Packing.DelimiterProcess = cmp.Or(c.Packing.DelimiterProcess, DelimiterKeep)
	c.Allow, c.Traces = orNil(c.Allow), orNil(c.Traces)
	c.Connect.Destinations, c.TLS.ClientNames = orNil(c.Connect.Destinations), orNil(c.TLS.ClientNames)
	return c
}

// orNil returns nil for a list of nothing: there is no difference to an
// operator.
func orNil[T any](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	return list
}

// on tells whether the port is to run.
func (c PortConfig) on() bool { return c.Enabled && c.Protocol != ProtocolOff }

// dials tells whether the port dials out.
func (c PortConfig) dials() bool { return len(c.Connect.Destinations) > 0 }
