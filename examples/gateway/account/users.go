package account

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"go.yaml.in/yaml/v4"
	"golang.org/x/crypto/bcrypt"

	"github.com/fieldgate/fieldgate/internal/atomicfile"
	"github.com/fieldgate/fieldgate/internal/order"
	"github.com/fieldgate/fieldgate/internal/secretfile"
)

const (
	usersFile = "users.yaml"
	// maxUsers bounds the users, maxUsersFile their file.
	maxUsers     = 64
	maxUsersFile = 256 << 10
)

// record is a user as stored.
type record struct {
	Name     string `yaml:"name"`
	Role     Role   `yaml:"role"`
	Password string `yaml:"password"`        // bcrypt
	Token    string `yaml:"token,omitempty"` // SHA-256, hexadecimal; empty: none
}

// table is the users file.
type table struct {
	// Key signs what known browsers keep, hexadecimal.
	Key   string   `yaml:"key"`
	Users []record `yaml:"users"`
}

var goodName = regexp.MustCompile(`^[a-z][a-z0-9._-]{0,31}$`)

// find returns the user of a name; nil: there is none.
func (t *table) find(name string) *record {
	for i := range t.Users {
		if t.Users[i].Name == name {
			return &t.Users[i]
		}
	}
	return nil
}

// check says what is wrong with the users, in an operator's words.
func (t *table) check() error {
	if key, err := hex.DecodeString(t.Key); err != nil || len(key) < 16 {
		return errors.New("key: 32 hexadecimal digits or more are needed here")
	}
	if len(t.Users) > maxUsers {
		return fmt.Errorf("there are %d users, allowed are %d", len(t.Users), maxUsers)
	}
	seen, admins := make(map[string]bool), 0
	for _, u := range t.Users {
		switch _, err := bcrypt.Cost([]byte(u.Password)); {
		case !goodName.MatchString(u.Name):
			return fmt.Errorf("%q is no name for a user: small letters, digits, dots and dashes, 32 at the most, a letter first", u.Name)
		case seen[u.Name]:
			return fmt.Errorf("there is a user %s already", u.Name)
		case rank(u.Role) == 0:
			return fmt.Errorf("user %s: %q is no role: %s, %s or %s", u.Name, u.Role, Admin, Operator, Viewer)
		case err != nil:
			return fmt.Errorf("user %s: the password is no bcrypt hash", u.Name)
		}
		seen[u.Name] = true
		if u.Role == Admin {
			admins++
		}
	}
	if admins == 0 {
		return errors.New("one user at least has to be an admin: nobody could change anything any more")
	}
	return nil
}

// clone returns a table that shares nothing with t.
func (t *table) clone() *table { return &table{t.Key, slices.Clone(t.Users)} }

// stamp tells one state of a file from another.
type stamp struct {
	size, modified int64
}

func stampOf(path string) stamp {
	info, err := os.Stat(path)
	if err != nil {
		return stamp{}
	}
	return stamp{info.Size(), info.ModTime().UnixNano()}
}

func readTable(path string) (*table, error) {
	text, err := secretfile.Read(path, maxUsersFile)
	if err != nil {
		return nil, fmt.Errorf("account: users: %w", err)
	}
	var t table
	if err := yaml.Load([]byte(text), &t, yaml.WithKnownFields()); err != nil {
		return nil, fmt.Errorf("account: %s is damaged", path) // the library's words may show a hash
	}
	if err := t.check(); err != nil {
		return nil, fmt.Errorf("account: %s: %w", path, err)
	}
	return &t, nil
}

func (t *table) write(path string) error {
	order.Sort(t.Users, func(a, b record) int { return cmp.Compare(a.Name, b.Name) })
	var b bytes.Buffer
	b.WriteString("# Users of this gateway. A password is changed on the page Users, or with gateway -new-password NAME.\n")
	text, err := yaml.Marshal(t)
	if err != nil {
		return err
	}
	b.Write(text)
	if err := atomicfile.Write(path, b.Bytes()); err != nil {
		return fmt.Errorf("account: the users are not stored: %w", err)
	}
	return nil
}

// FirstUser is who can log in at first.
const FirstUser = "admin"

// Ensure makes the first user, an admin, unless the folder has users. It
// prints the password before it stores it: who is killed between the two
// leaves no user behind whose password nobody has seen.
func Ensure(folder string, out io.Writer) error {
	_, err := os.Stat(filepath.Join(folder, usersFile))
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return NewPassword(folder, FirstUser, out)
}

// NewPassword gives a user a new password and prints it; a user that does not
// exist becomes an admin. It is for who has the shell of the device and no
// password; a running gateway takes it over by itself.
func NewPassword(folder, name string, out io.Writer) error {
	path := filepath.Join(folder, usersFile)
	t, err := readTable(path)
	if errors.Is(err, fs.ErrNotExist) {
		var key [32]byte
		_, _ = rand.Read(key[:]) // never fails
		t, err = &table{Key: hex.EncodeToString(key[:])}, nil
	}
	if err != nil {
		return err
	}
	password := newPassword()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.DefaultCost)
	if err != nil {
		return err
	}
	if t.find(name) == nil {
		t.Users = append(t.Users, record{Name: name, Role: Admin})
	}
	t.find(name).Password = string(hash)
	if err := t.check(); err != nil {
		return fmt.Errorf("account: %w", err)
	}
	if _, err := fmt.Fprintf(out, "Web page: user %s, password (shown only this once, only its hash is kept): %s\n", name, password); err != nil {
		return fmt.Errorf("the new password cannot be shown: %w", err)
	}
	if err := t.write(path); err != nil {
		return fmt.Errorf("the password above is void: %w", err)
	}
	return nil
}
