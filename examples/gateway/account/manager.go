package account

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// Options is what the gateway brings.
type Options struct {
	// Folder is the state folder.
	Folder string
	// Log gets what goes wrong; nil: nothing is logged.
	Log *slog.Logger
	// Cost of bcrypt for new passwords, 4 to 31; 0: 10, which is about 50 ms
	// of a server's processor and a second of a small device's.
	Cost int
}

// Manager keeps the users and says who asks. Make it with [Open]. It has no
// goroutine, and nothing to close.
type Manager struct {
	path     string
	log      *slog.Logger
	cost     int
	sessions *sessions
	audit    audit
	// Known browsers have a mill of their own, so that strangers cannot keep
	// their owners from logging in.
	strangers, known *mill
	byAddress        *pace
	byName           *pace // for browsers that nobody knows
	byBrowser        *pace // for known ones, instead of both

	changing sync.Mutex // one change of the users at a time; held before mu

	mu      sync.Mutex
	table   *table
	stamp   stamp
	streams map[string]stream // by user
	looked  time.Time         // when the file was last looked at
	trouble string            // what was wrong with it then; it is logged once
}

// Open reads the users of a folder. It is an error if there are none: [Ensure]
// makes the first.
func Open(o Options) (*Manager, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Cost == 0 {
		o.Cost = bcrypt.DefaultCost
	}
	m := &Manager{
		path: filepath.Join(o.Folder, usersFile), log: o.Log, cost: o.Cost,
		sessions: newSessions(), audit: openAudit(o.Folder, o.Log),
		strangers: newMill(), known: newMill(),
		byAddress: newPace(5, 15*time.Minute), byName: newPace(20, 5*time.Minute), byBrowser: newPace(10, 15*time.Minute),
		streams: make(map[string]stream),
	}
	stamp := stampOf(m.path)
	table, err := readTable(m.path)
	m.table, m.stamp = table, stamp
	return m, err
}

// Reload reads the users again if their file has changed. A wrong file changes
// nothing.
func (m *Manager) Reload() error {
	m.changing.Lock()
	defer m.changing.Unlock()
	return m.reload()
}

// look reloads the users if somebody has changed their file, such as
// [NewPassword]. It costs a look at the file's time.
func (m *Manager) look() {
	err := m.Reload()
	trouble := ""
	if err != nil {
		trouble = err.Error()
	}
	m.mu.Lock()
	said := m.trouble == trouble
	m.looked, m.trouble = time.Now(), trouble
	m.mu.Unlock()
	if err != nil && !said {
		m.log.Error("the users are not read again, those before stay", "error", err)
	}
}

// lookSometimes does so once a second, for every request.
func (m *Manager) lookSometimes() {
	m.mu.Lock()
	due := time.Since(m.looked) >= time.Second
	m.mu.Unlock()
	if due {
		m.look()
	}
}

// reload is called with changing held.
func (m *Manager) reload() error {
	now := stampOf(m.path)
	m.mu.Lock()
	same := now == m.stamp
	m.mu.Unlock()
	if same {
		return nil
	}
	next, err := readTable(m.path)
	if err != nil {
		return err
	}
	m.swap(next, now, "")
	return nil
}

// swap brings the users into force, and ends what they may not do any more.
// The session of the token keep goes on.
func (m *Manager) swap(next *table, now stamp, keep string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	before := m.table
	m.table, m.stamp = next, now
	for _, old := range before.Users {
		is := next.find(old.Name)
		if is != nil && *is == old {
			continue
		}
		if is == nil || is.Password != old.Password {
			m.sessions.store.end(old.Name, keep)
		}
		if s, open := m.streams[old.Name]; open {
			s.end()
			delete(m.streams, old.Name)
		}
	}
}

// stream is a context that ends when a user changes.
type stream struct {
	context.Context
	end context.CancelFunc
}

// streaming returns the one of a user, which has ended if the user is not the
// same any more.
func (m *Manager) streaming(user User) context.Context {
	m.mu.Lock()
	defer m.mu.Unlock()
	if is := m.table.find(user.Name); is == nil || is.Role != user.Role {
		ctx, end := context.WithCancel(context.Background())
		end()
		return ctx
	}
	if _, open := m.streams[user.Name]; !open {
		ctx, end := context.WithCancel(context.Background())
		m.streams[user.Name] = stream{ctx, end}
	}
	return m.streams[user.Name]
}

// user returns what is known of a user.
func (m *Manager) user(name string) (record, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if known := m.table.find(name); known != nil {
		return *known, true
	}
	return record{}, false
}

// byToken returns whose token it is.
func (m *Manager) byToken(token string) (record, bool) {
	sum := []byte(tokenSum(token))
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, u := range m.table.Users {
		if subtle.ConstantTimeCompare([]byte(u.Token), sum) == 1 {
			return u, true
		}
	}
	return record{}, false
}

// Info is a user as others see them.
type Info struct {
	User
	Token    bool // there is one
	Sessions int  // how many are logged in
}

// Users lists the users, by name.
func (m *Manager) Users() []Info {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := make([]Info, 0, len(m.table.Users))
	for _, u := range m.table.Users {
		all = append(all, Info{User{u.Name, u.Role}, u.Token != "", m.sessions.store.count(u.Name)})
	}
	return all
}

// Audit returns who did what, and who was turned away, the newest first.
func (m *Manager) Audit() []Entry { return m.audit.newest() }

// ErrNoUser is the error of names that no user has.
var ErrNoUser = errors.New("there is no user of this name")

// change changes the users and stores them.
func (m *Manager) change(ctx context.Context, what string, change func(t *table) error) error {
	Note(ctx, what)
	m.changing.Lock()
	defer m.changing.Unlock()
	if err := m.reload(); err != nil { // somebody may have changed the file by hand
		return err
	}
	m.mu.Lock()
	next := m.table.clone()
	m.mu.Unlock()
	if err := change(next); err != nil {
		return err
	}
	if err := next.check(); err != nil {
		return err
	}
	if err := next.write(m.path); err != nil {
		return err
	}
	m.swap(next, stampOf(m.path), tokenOf(ctx))
	return nil
}

// changeUser changes one user.
func (m *Manager) changeUser(ctx context.Context, what, name string, change func(u *record) error) error {
	return m.change(ctx, fmt.Sprintf("%s %.32q", what, name), func(t *table) error {
		u := t.find(name)
		if u == nil {
			return ErrNoUser
		}
		return change(u)
	})
}

func (m *Manager) hash(user, password string) (string, error) {
	if err := checkPassword(user, password); err != nil {
		return "", err
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(password), m.cost)
	return string(hash), err
}

// Add adds a user. It takes a while, as all that is about passwords.
func (m *Manager) Add(ctx context.Context, name string, role Role, password string) error {
	what := fmt.Sprintf("add user %.32q as %.16q", name, role)
	Note(ctx, what) // also when the password is refused
	hash, err := m.hash(name, password)
	if err != nil {
		return err
	}
	return m.change(ctx, what, func(t *table) error {
		t.Users = append(t.Users, record{Name: name, Role: role, Password: hash})
		return nil
	})
}

// SetPassword changes the password of a user, whose other sessions end.
func (m *Manager) SetPassword(ctx context.Context, name, password string) error {
	const what = "change the password of user"
	Note(ctx, fmt.Sprintf(what+" %.32q", name)) // also when it is refused
	hash, err := m.hash(name, password)
	if err != nil {
		return err
	}
	return m.changeUser(ctx, what, name, func(u *record) error {
		u.Password = hash
		return nil
	})
}

// SetRole changes what a user may do, at once.
func (m *Manager) SetRole(ctx context.Context, name string, role Role) error {
	return m.changeUser(ctx, fmt.Sprintf("give the role %.16q to user", role), name, func(u *record) error {
		u.Role = role
		return nil
	})
}

// Delete takes a user out, who is logged out everywhere at once. The last
// admin stays.
func (m *Manager) Delete(ctx context.Context, name string) error {
	return m.change(ctx, fmt.Sprintf("delete user %.32q", name), func(t *table) error {
		for i, u := range t.Users {
			if u.Name == name {
				t.Users = append(t.Users[:i], t.Users[i+1:]...)
				return nil
			}
		}
		return ErrNoUser
	})
}

// NewToken gives a user a token for programs, instead of the one before. Only
// its hash is kept.
func (m *Manager) NewToken(ctx context.Context, name string) (string, error) {
	token := newToken()
	err := m.changeUser(ctx, "make a token of user", name, func(u *record) error {
		u.Token = tokenSum(token)
		return nil
	})
	if err != nil {
		return "", err
	}
	return token, nil
}

// RevokeToken takes a user's token away.
func (m *Manager) RevokeToken(ctx context.Context, name string) error {
	return m.changeUser(ctx, "revoke the token of user", name, func(u *record) error {
		u.Token = ""
		return nil
	})
}
