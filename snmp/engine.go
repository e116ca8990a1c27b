package snmp

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math"

	"github.com/fieldgate/fieldgate/snmp/internal/usm"
)

// maxBoots is the snmpEngineBoots at which an engine takes no authenticated
// message any more (RFC 3414, section 2.2.2).
const maxBoots = math.MaxInt32

// openEngine finds out who the agent is to SNMPv3, stores that it has started
// once more, and makes the keys of its users. When the store fails SNMPv3 is
// off.
func (s *Service) openEngine(ctx context.Context, r *run) error {
	if r.identity, r.v3Fault = s.nextBoot(); r.v3Fault != nil {
		s.log.Error("snmp: SNMPv3 is off", "error", r.v3Fault)
		return s.showUsers(r)
	}
	users := make([]*usm.User, len(s.cfg.Users))
	for i := range s.cfg.Users {
		u, err := usm.NewUser(s.cfg.Users[i].credentials(), r.identity.ID)
		if err = errors.Join(err, ctx.Err()); err != nil {
			return fmt.Errorf("user %q: %w", s.cfg.Users[i].Name, err)
		}
		users[i] = u
	}
	r.engine = usm.New(usm.Config{ID: r.identity.ID, Boots: r.identity.Boots, MaxSize: s.maxMessage, Users: users})
	s.log.Info("snmp: engine", "id", hex.EncodeToString(r.identity.ID), "boots", r.identity.Boots)
	if r.identity.Boots == maxBoots {
		s.log.Error("snmp: the engine has started too often and takes no authenticated messages: give it a new engine_id")
	}
	return s.showUsers(r)
}

// nextBoot returns the Engine of this run, which the store has now.
func (s *Service) nextBoot() (Engine, error) {
	var configured []byte
	if s.cfg.EngineID != "" {
		configured, _ = parseEngineID(s.cfg.EngineID) // Validate has read it
	}
	if s.opts.Store == nil {
		if configured == nil {
			configured = randomEngineID()
		}
		return Engine{ID: configured, Boots: 1}, nil // there are no users
	}
	last, err := s.opts.Store.Load()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		last = Engine{}
	case err != nil:
		return Engine{ID: configured}, fmt.Errorf("engine ID and boots cannot be read: %w", err)
	}
	next := Engine{ID: configured, Boots: min(last.Boots, maxBoots-1) + 1}
	switch {
	case next.ID == nil && last.ID == nil:
		next.ID = randomEngineID()
	case next.ID == nil:
		next.ID = last.ID
		if err := usm.CheckEngineID(next.ID); err != nil {
			return Engine{}, fmt.Errorf("what is stored is no engine: %w", err)
		}
	case last.Boots >= maxBoots && string(next.ID) != string(last.ID):
		next.Boots = 1 // the way out that RFC 3414 leaves
	}
	// Boots go on when the ID changes: it may change back.
	if err := s.opts.Store.Save(next); err != nil {
		return Engine{ID: next.ID}, fmt.Errorf("engine ID and boots cannot be stored: %w", err)
	}
	return next, nil
}

// showUsers makes usmUserTable.
func (s *Service) showUsers(r *run) error {
	list, err := usmUserList(r.identity.ID, s.cfg.Users)
	if err != nil {
		return err
	}
	s.usmUsers.list.Store(list)
	return nil
}

// makeVACM makes the tables of RFC 3415.
func (s *Service) makeVACM() error {
	contexts := make([]string, 0, len(s.registry.trees))
	for name := range s.registry.trees {
		contexts = append(contexts, name)
	}
	list, err := vacmList(s.access, contexts)
	if err != nil {
		return err
	}
	s.vacm.list.Store(list)
	return nil
}

// credentials are those of a valid User.
func (u *User) credentials() usm.Credentials {
	key := func(text Secret) []byte {
		if text.IsZero() {
			return nil
		}
		b, _ := hex.DecodeString(text.Reveal()) // Validate has read it
		return b
	}
	return usm.Credentials{
		Name: u.Name, Auth: usm.Auth(u.Auth), Priv: usm.Priv(u.Priv),
		AuthPassword: u.AuthPassword.Reveal(), PrivPassword: u.PrivPassword.Reveal(),
		AuthKey: key(u.AuthKey), PrivKey: key(u.PrivKey),
	}
}

// What begins an engine ID that the agent makes (RFC 3411, section 5).
const (
	enterprise   = 8072
	formatOctets = 5
)

// randomEngineID makes an engine ID, see the package comment.
func randomEngineID() []byte {
	id := append([]byte{0x80, 0, enterprise >> 8, enterprise & 0xff, formatOctets}, make([]byte, 12)...)
	_, _ = rand.Read(id[5:]) // never fails
	return id
}
