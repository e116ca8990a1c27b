package snmp

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"time"

	"github.com/fieldgate/fieldgate/internal/backoff"
	"github.com/fieldgate/fieldgate/snmp/internal/usm"
)

// maxBoots is the snmpEngineBoots at which an engine takes no authenticated
// message any more (RFC 3414, section 2.2.2).
const maxBoots = math.MaxInt32

// The pauses before a store that failed is tried again.
const (
	firstStorePause = time.Second
	lastStorePause  = 5 * time.Minute
)

// rollOver is when snmpEngineTime begins again, with one boot more; that is
// stored so long ahead. It happens once: a second time is 136 years away.
const (
	rollOver   = (1 << 31) * time.Second
	storeAhead = 24 * time.Hour
)

// openEngine finds out who the agent is to SNMPv3, stores that it has started
// once more, and makes the keys of its users. When the store fails SNMPv3 is
// off.
func (s *Service) openEngine(ctx context.Context) (*v3State, error) {
	state := new(v3State)
	state.identity, state.fault = s.nextBoot()
	var err error
	if state.users, err = usmUserList(state.identity.ID, s.cfg.Users); err != nil || state.fault != nil {
		return state, err
	}
	users := make([]*usm.User, len(s.cfg.Users))
	for i := range s.cfg.Users {
		u, err := usm.NewUser(s.cfg.Users[i].credentials(), state.identity.ID)
		if err = errors.Join(err, ctx.Err()); err != nil {
			return nil, fmt.Errorf("user %q: %w", s.cfg.Users[i].Name, err)
		}
		users[i] = u
	}
	state.engine = usm.New(usm.Config{ID: state.identity.ID, Boots: state.identity.Boots, MaxSize: s.maxMessage, Users: users})
	return state, nil
}

// show makes a state that of the run, and logs what is new about it.
func (s *Service) show(r *run, state *v3State) {
	before := r.v3.Swap(state)
	s.usmUsers.list.Store(state.users)
	switch {
	case state.fault == nil:
		s.log.Info("snmp: engine", "id", hex.EncodeToString(state.identity.ID), "boots", state.identity.Boots)
		if state.identity.Boots == maxBoots {
			s.log.Error("snmp: the engine has started too often and takes no authenticated messages: give it a new engine_id")
		}
	case before == nil || before.fault.Error() != state.fault.Error():
		s.log.Error("snmp: SNMPv3 is off, the store is tried again", "error", state.fault)
	}
}

// keepEngine tries a store that failed again until it works. Then it sees to
// it that the boots that come with the roll-over of snmpEngineTime are stored
// before they are used.
func (s *Service) keepEngine(ctx context.Context, r *run) {
	tries := backoff.Backoff{Min: firstStorePause, Max: lastStorePause}
	for r.v3.Load().fault != nil {
		if !pause(ctx, tries.Next()) {
			return
		}
		state, err := s.openEngine(ctx)
		if err != nil {
			return // ctx has ended: the users are those of Start
		}
		s.show(r, state)
	}
	next := r.v3.Load().identity
	if s.opts.Store == nil || next.Boots == maxBoots || !pause(ctx, rollOver-storeAhead) {
		return
	}
	next.Boots++
	tries.Reset()
	for err := s.opts.Store.Save(next); err != nil; err = s.opts.Store.Save(next) {
		s.log.Error("snmp: the next snmpEngineBoots cannot be stored, which is tried again", "error", err)
		if !pause(ctx, tries.Next()) {
			return
		}
	}
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
