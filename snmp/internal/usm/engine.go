package usm

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"math"
	"sync/atomic"
	"time"

	"github.com/fieldgate/fieldgate/snmp/internal/message"
)

// latched is the value of snmpEngineBoots with which an engine takes no
// authenticated message any more, and the largest snmpEngineTime.
const latched = math.MaxInt32

// ErrEngineID is the error of CheckEngineID.
var ErrEngineID = errors.New("an engine ID has 5 to 32 octets, which are not all 0 or all 255")

// CheckEngineID tells whether an engine may have the ID (RFC 3411,
// SnmpEngineID).
func CheckEngineID(id []byte) error {
	if len(id) < 5 || len(id) > 32 || len(bytes.Trim(id, "\x00")) == 0 || len(bytes.Trim(id, "\xff")) == 0 {
		return ErrEngineID
	}
	return nil
}

// Config is what an Engine is made of.
type Config struct {
	ID      []byte // see CheckEngineID
	Boots   uint32 // snmpEngineBoots of this run, 0..2147483647
	MaxSize int    // snmpEngineMaxMessageSize, octets
	Users   []*User
}

// Engine is an authoritative engine. It is safe for concurrent use.
type Engine struct {
	id      []byte
	boots   uint32
	start   time.Time
	maxSize int
	users   map[string]*User
	salt    atomic.Uint64
	stats   [DecryptionErrors + 1]atomic.Uint32
}

// New returns an Engine whose snmpEngineTime is 0 now.
func New(c Config) *Engine {
	e := &Engine{id: c.ID, boots: c.Boots, start: time.Now(), maxSize: c.MaxSize, users: make(map[string]*User, len(c.Users))}
	for _, u := range c.Users {
		e.users[u.name] = u
	}
	var salt [8]byte
	rand.Read(salt[:]) // never fails
	e.salt.Store(binary.BigEndian.Uint64(salt[:]))
	return e
}

// ID returns the engine ID, not to be changed.
func (e *Engine) ID() []byte { return e.id }

// Clock returns snmpEngineBoots and snmpEngineTime. The time is that of a
// monotonic clock; after 2147483647 s it begins again with one boot more (RFC
// 3414, section 2.2.2). Boots stay at 2147483647.
func (e *Engine) Clock() (boots, seconds uint32) {
	elapsed := uint64(time.Since(e.start) / time.Second)
	return uint32(min(uint64(e.boots)+elapsed>>31, latched)), uint32(elapsed & latched)
}

// Count returns the counter of a Failure.
func (e *Engine) Count(f Failure) uint32 { return e.stats[f].Load() }

// Envelope returns what an answer to m has around its PDU: the context is that
// of m, and so is the user name, which need not be known. The user may be nil
// at NoAuthNoPriv.
func (e *Engine) Envelope(m *message.Message, u *User, l Level) message.Envelope {
	boots, seconds := e.Clock()
	out := message.Envelope{
		Version:         message.V3,
		Header:          message.Header{ID: m.Header.ID, MaxSize: e.maxSize, Flags: l.Flags()},
		Security:        message.Security{EngineID: e.id, Boots: boots, Time: seconds, User: m.Security.User},
		ContextEngineID: m.ContextEngineID,
		ContextName:     m.ContextName,
	}
	if l >= AuthNoPriv {
		out.MACSize = u.digest.macSize
	}
	if l == AuthPriv {
		out.SaltSize = saltSize
		if u.priv == DES {
			out.BlockSize = u.block.BlockSize()
		}
	}
	return out
}
