package openvpntest

import (
	"context"
	"fmt"
	"time"

	"github.com/fieldgate/fieldgate/openvpn"
)

// handle is a process as the program has it.
type handle struct {
	p      *Process
	events <-chan openvpn.Event // kept: the end is read from it
}

func (h *handle) Name() string       { return h.p.launch.Name }
func (h *handle) Digest() string     { return h.p.launch.Digest }
func (h *handle) PID() int           { return h.p.pid }
func (h *handle) Started() time.Time { return h.p.started }

// Events implements [openvpn.Process].
func (h *handle) Events() <-chan openvpn.Event { return h.events }

// command does something with a process that still belongs to h.
func (h *handle) command(ctx context.Context, f func(p *Process) error) error {
	h.p.host.mu.Lock()
	mute := h.p.mute
	h.p.host.mu.Unlock()
	if mute {
		<-ctx.Done()
		return fmt.Errorf("no answer on the management socket: %w", ctx.Err())
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	h.p.host.mu.Lock()
	defer h.p.host.mu.Unlock()
	if h.p.dead || h.p.owner != h {
		return errGone
	}
	return f(h.p)
}

// Signal implements [openvpn.Process]. As with the real one, SIGTERM does not
// need the management socket.
func (h *handle) Signal(ctx context.Context, s openvpn.Signal) error {
	h.p.host.mu.Lock()
	mute := h.p.mute
	h.p.host.mu.Unlock()
	if mute && s == openvpn.SIGTERM {
		return nil // the process is stopped, or does not look
	}
	return h.command(ctx, func(p *Process) error {
		p.signals = append(p.signals, s)
		switch s {
		case openvpn.SIGTERM:
			if !p.script.Deaf {
				p.after(pace, func() {
					p.become("EXITING", "SIGTERM")
					p.exit("exit status 0", "", nil)
				})
			}
		case openvpn.SIGUSR1, openvpn.SIGHUP:
			if p.pending != nil {
				p.exit("exit status 1", "ERROR: could not read Auth username/password from management interface", nil)
				return nil
			}
			p.again(string(s))
		default:
			return fmt.Errorf("signal %q is not known", s)
		}
		return nil
	})
}

// Answer implements [openvpn.Process].
func (h *handle) Answer(ctx context.Context, c openvpn.Credentials) error {
	return h.command(ctx, func(p *Process) error {
		if p.pending == nil || p.pending.What != c.What {
			return fmt.Errorf("no password of type %q is needed now", c.What)
		}
		p.pending = nil
		if p.script.Accept == nil || p.script.Accept(c) {
			p.after(pace, p.next)
			return nil
		}
		p.tell(openvpn.CredentialsRefused{What: c.What})
		p.refuse(c.What)
		return nil
	})
}

// WriteFile implements [openvpn.Process].
func (h *handle) WriteFile(name string, content []byte) error {
	return h.command(context.Background(), func(p *Process) error {
		if _, known := p.files[name]; !known {
			return fmt.Errorf("%s is no file of the launch", name)
		}
		p.files[name] = append([]byte{}, content...)
		return nil
	})
}

// Kill implements [openvpn.Process]. It needs no management socket.
func (h *handle) Kill() error {
	h.p.host.mu.Lock()
	defer h.p.host.mu.Unlock()
	if !h.p.script.Stubborn {
		h.p.exit("signal: killed", "", nil)
	}
	return nil
}

// Release implements [openvpn.Process].
func (h *handle) Release() error {
	h.p.host.mu.Lock()
	defer h.p.host.mu.Unlock()
	if h.p.owner == h {
		h.p.detach()
	}
	return nil
}
