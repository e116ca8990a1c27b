package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/fieldgate/fieldgate/internal/atomicfile"
	"github.com/fieldgate/fieldgate/openvpn"
	"github.com/fieldgate/fieldgate/openvpn/internal/management"
)

// process is an openvpn that this program started or adopted.
type process struct {
	name     string
	home     *home
	record   record
	patience time.Duration
	seconds  int // between byte counts
	events   *queue

	ctx     context.Context // ends with Release
	release context.CancelFunc
	done    chan struct{} // closed when run has returned

	mu      sync.Mutex
	conn    *management.Connection // nil while there is none
	ended   bool                   // reaped: the pid is nobody's
	status  string                 // how it ended
	secrets []string               // that were given, to keep them out of the log

	// Of the goroutine of run.
	sessions management.Sessions
	held     bool
	logged   int  // bytes of log since the output was last read
	logRead  bool // the log so far was asked for
	last     openvpn.StateChanged
	fatal    string
}

var _ openvpn.Process = (*process)(nil)

// process returns a Process whose run is still to be called.
func (r *Runner) process(name string, h *home, rec record) *process {
	p := &process{
		name: name, home: h, record: rec, patience: r.o.Timeout,
		seconds: int(r.o.ByteCountInterval / time.Second), events: newQueue(), done: make(chan struct{}),
	}
	p.ctx, p.release = context.WithCancel(context.Background())
	return p
}

// Name implements [openvpn.Process].
func (p *process) Name() string { return p.name }

// Digest implements [openvpn.Process].
func (p *process) Digest() string { return p.record.Digest }

// PID implements [openvpn.Process].
func (p *process) PID() int { return p.record.Identity.PID }

// Started implements [openvpn.Process].
func (p *process) Started() time.Time { return p.record.Started }

// Events implements [openvpn.Process].
func (p *process) Events() <-chan openvpn.Event { return p.events.out }

// String names the process.
func (p *process) String() string { return fmt.Sprintf("openvpn %q (process %d)", p.name, p.PID()) }

// connection returns the one there is.
func (p *process) connection() (*management.Connection, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conn == nil {
		return nil, errNoAnswer
	}
	return p.conn, nil
}

// do sends a command and waits for the reply.
func (p *process) do(ctx context.Context, c management.Command) (body []string, err error) {
	conn, err := p.connection()
	if err == nil {
		_, body, err = conn.Do(ctx, c)
	}
	if err != nil {
		return nil, fmt.Errorf("openvpn: %s: %s: %w", p.name, c, err)
	}
	return body, nil
}

// Signal implements [openvpn.Process]. SIGTERM reaches the process without
// the management socket too.
func (p *process) Signal(ctx context.Context, s openvpn.Signal) error {
	c, err := management.Throw(s)
	if err != nil {
		return fmt.Errorf("openvpn: %s: %w", p.name, err)
	}
	if s != openvpn.SIGTERM {
		_, err := p.do(ctx, c)
		return err
	}
	limited, cancel := context.WithTimeout(ctx, p.patience/4)
	defer cancel()
	if _, err := p.do(limited, c); err == nil || ctx.Err() != nil {
		return err
	}
	return p.send(syscall.SIGTERM)
}

// Kill implements [openvpn.Process].
func (p *process) Kill() error { return p.send(syscall.SIGKILL) }

// send sends a signal by the kernel. That the process has ended already is no
// error.
func (p *process) send(s syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return nil
	}
	if err := p.record.Identity.signal(s); err != nil && p.record.Identity.alive() {
		return fmt.Errorf("openvpn: %s: %w", p, err)
	}
	return nil
}

// reap reports whether the process has ended, and keeps how.
func (p *process) reap() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.ended {
		p.ended, p.status = p.record.Identity.reap()
	}
	return p.ended
}

// Answer implements [openvpn.Process].
func (p *process) Answer(ctx context.Context, c openvpn.Credentials) error {
	password, err := management.Password(c.What, c.Password.Reveal())
	if err != nil {
		return fmt.Errorf("openvpn: %s: %w", p.name, err)
	}
	p.mu.Lock()
	p.secrets = keep(p.secrets, c.Password.Reveal())
	p.mu.Unlock()
	if c.Username != "" {
		username, err := management.Username(c.What, c.Username)
		if err != nil {
			return fmt.Errorf("openvpn: %s: %w", p.name, err)
		}
		if _, err := p.do(ctx, username); err != nil {
			return err
		}
	}
	_, err = p.do(ctx, password)
	return err
}

// Bounds of the secrets that are looked for: shorter ones are in every other
// word.
const (
	minSecret  = 4
	maxSecrets = 8
)

// keep adds a secret to those that were given, the oldest of which goes.
func keep(secrets []string, secret string) []string {
	if len(secret) < minSecret {
		return secrets
	}
	if slices.Contains(secrets, secret) {
		return secrets
	}
	secrets = append(secrets, secret)
	return secrets[max(0, len(secrets)-maxSecrets):]
}

// mask takes secrets out of a line.
func (p *process) mask(line string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.secrets {
		line = strings.ReplaceAll(line, s, "[...]")
	}
	return line
}

// Admit implements [openvpn.Process].
func (p *process) Admit(ctx context.Context, cid, kid uint64, options []openvpn.Option) error {
	c, err := management.Admit(cid, kid, options)
	if err != nil {
		return fmt.Errorf("openvpn: %s: %w", p.name, err)
	}
	_, err = p.do(ctx, c)
	return err
}

// Deny implements [openvpn.Process].
func (p *process) Deny(ctx context.Context, cid, kid uint64, reason string) error {
	c, err := management.Deny(cid, kid, reason)
	if err != nil {
		return fmt.Errorf("openvpn: %s: %w", p.name, err)
	}
	_, err = p.do(ctx, c)
	return err
}

// Clients implements [openvpn.Process].
func (p *process) Clients(ctx context.Context) ([]openvpn.ConnectedClient, error) {
	body, err := p.do(ctx, management.Status())
	if err != nil {
		return nil, err
	}
	clients, err := management.ParseClients(body)
	if err != nil {
		return nil, fmt.Errorf("openvpn: %s: %w", p.name, err)
	}
	return clients, nil
}

// Kick implements [openvpn.Process].
func (p *process) Kick(ctx context.Context, cid uint64) error {
	_, err := p.do(ctx, management.Kill(cid))
	var refused *management.Error
	if errors.As(err, &refused) && strings.HasPrefix(refused.Text, "client-kill command failed") {
		return fmt.Errorf("openvpn: %s: there is no client %d", p.name, cid)
	}
	return err
}

// Release implements [openvpn.Process].
func (p *process) Release() error {
	p.release()
	<-p.done
	return nil
}

// WriteFile implements [openvpn.Process].
func (p *process) WriteFile(name string, content []byte) error {
	if !slices.Contains(p.record.Files, name) || checkBase(name) != nil {
		return fmt.Errorf("openvpn: %s: %q is no file of the instance", p.name, name)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended { // another one may have the folder
		return fmt.Errorf("openvpn: %s: %w", p.name, os.ErrProcessDone)
	}
	if err := atomicfile.Write(filepath.Join(p.home.inside(filesName), name), content); err != nil {
		return fmt.Errorf("openvpn: %s: %w", p.name, err)
	}
	return nil
}
