package snmp

import (
	"context"
	"log/slog"
	"net"
)

// Options is what the program brings.
type Options struct {
	// Logger gets what happens to the agent; nil discards it.
	Logger *slog.Logger
	// Handlers are what the agent serves besides the groups about itself:
	// system, snmp, and those of the SNMPv3 frameworks.
	Handlers []Mount
	// Description is sysDescr, such as "Linux host 6.1.0 ..."; empty:
	// "fieldgate".
	Description string
	// Hostname returns sysName while Config.System.Name is empty; nil: none.
	Hostname func() string
	// SaveSystem stores what a manager has set (sysName, sysLocation,
	// sysContact), durably when it returns; nil makes them read-only.
	SaveSystem func(System) error
	// FixedSystem are those of them that are read-only all the same.
	FixedSystem SystemFields
	// WarmStart lets Start tell of a warmStart in place of a coldStart: the
	// agent runs again, and its configuration is the same (RFC 3418).
	WarmStart bool
	// Store keeps engine ID and boots; required for users. Nil: each start
	// makes a new engine ID unless Config.EngineID gives one.
	Store EngineStore
	// Sender sends notifications; required for destinations. The real one is
	// in package notify.
	Sender Sender
	// ListenPacket opens the sockets, network is "udp", "udp4" or "udp6"; nil:
	// net.ListenConfig.
	ListenPacket func(ctx context.Context, network, addr string) (net.PacketConn, error)
}

// SystemFields are fields of a [System].
type SystemFields struct{ Name, Location, Contact bool }

// Engine is the identity of the agent to SNMPv3 (RFC 3411, section 3.1.1).
type Engine struct {
	ID    []byte // 5 to 32 octets
	Boots uint32 // snmpEngineBoots of this run, 1..2147483647
}

// EngineStore keeps the Engine of the last run. What the one of
// package enginefile keeps survives a power cut.
type EngineStore interface {
	// Load returns what was saved last. At the very first time, and only then,
	// its error wraps fs.ErrNotExist.
	Load() (Engine, error)
	// Save returns once the Engine is stored durably.
	Save(Engine) error
}

// Sender sends notifications. It is safe for concurrent use.
type Sender interface {
	// Send sends one, and with Inform waits for the acknowledgement; it ends
	// with ctx.
	Send(ctx context.Context, m NotificationMessage) error
}

// NotificationMessage is a notification on its way to a destination.
type NotificationMessage struct {
	Notification
	To     Destination
	Uptime uint32 // sysUpTime, 1/100 s
	Agent  OID    // sysObjectID, the enterprise of SNMPv1's generic traps

	// For SNMPv3: who sends, and the engine that is the authority for traps.
	User   User
	Engine Engine
	Time   uint32 // snmpEngineTime, s
}
