package twohosts

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"time"
)

// startTime bounds the start of a daemon. In User-mode Linux on a busy machine
// it takes 17 s.
const startTime = 90 * time.Second

// settings is the strongswan.conf of the host. The plugins are named one by
// one since the distribution ships kernel-libipsec switched off; the first
// plugin that offers ESP gets it.
func (h *Host) settings(o Options) string {
	esp := "kernel-libipsec "
	if o.Kernel {
		esp = ""
	}
	return fmt.Sprintf(`charon-systemd {
  load = random nonce x509 revocation constraints pubkey pkcs1 pkcs8 pem openssl kdf %skernel-netlink socket-default vici updown resolve
  retransmit_timeout = %.1f
  retransmit_tries = %d
  retransmit_base = 1.0
  # Or it would not answer in aggressive mode with a pre-shared key.
  i_dont_care_about_security_and_use_aggressive_mode_psk = yes
  plugins {
    vici {
      socket = unix://%s
    }
    resolve {
      file = %s
    }
  }
  filelog {
    main {
      path = %s
      default = 1
      ike_name = yes
      flush_line = yes
    }
  }
}
swanctl {
  load = pem pkcs1 x509 pubkey openssl pkcs8 random
}
`, esp, o.Retransmit.Seconds(), o.Tries, h.Socket(), h.Path("dns"), h.Path("log"))
}

// Socket is the path of the daemon's VICI socket.
func (h *Host) Socket() string { return h.Path("vici") }

// DNS is what the daemon of the host wrote about the name servers that its
// peers told it, in the form of resolv.conf.
func (h *Host) DNS() string {
	text, err := os.ReadFile(h.Path("dns"))
	if err != nil {
		return "" // none yet
	}
	return string(text)
}

// Log is what the daemon wrote so far, all its lives together.
func (h *Host) Log() string {
	text, err := os.ReadFile(h.Path("log"))
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// Start starts the daemon, with nothing loaded, and returns once it answers.
func (h *Host) Start() error {
	if err := h.launch(); err != nil {
		return err
	}
	return h.ready()
}

// launch starts the daemon and does not wait for it. It has its own hosts and
// resolv.conf: ip runs it in a mount namespace of its own.
func (h *Host) launch() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.daemon != nil {
		return fmt.Errorf("twohosts: the daemon of %s runs", h)
	}
	out, err := os.OpenFile(h.Path("out"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("twohosts: %w", err)
	}
	defer func() { _ = out.Close() }() // the child has its own
	cmd := h.NS.Command(context.Background(), "sh", "-c",
		`mount --bind "$0" /etc/hosts && mount --bind "$1" /etc/resolv.conf && exec charon-systemd`,
		h.Path("hosts"), h.Path("resolv.conf"))
	cmd.Env = append(os.Environ(), "STRONGSWAN_CONF="+h.Path("strongswan.conf"))
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("twohosts: %w", err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // killed, or its log says why
		close(ended)
	}()
	h.daemon, h.ended = cmd, ended
	return nil
}

// ready waits for the daemon to take connections. The file of the socket alone
// says nothing: it may be that of a daemon that was killed.
func (h *Host) ready() error {
	h.mu.Lock()
	ended := h.ended
	h.mu.Unlock()
	deadline := time.After(startTime)
	for {
		conn, err := net.Dial("unix", h.Socket())
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ended:
		case <-deadline:
		case <-time.After(5 * time.Millisecond):
			continue
		}
		out, _ := os.ReadFile(h.Path("out"))
		return fmt.Errorf("twohosts: the daemon of %s did not start: %w: %s%s", h, err, out, h.Log())
	}
}

// Kill ends the daemon as a crash does: it tells nobody, and leaves the file
// of its socket behind.
func (h *Host) Kill() error { return h.end(syscall.SIGKILL) }

// Stop ends the daemon in order: it says goodbye to its peers.
func (h *Host) Stop() error { return h.end(syscall.SIGTERM) }

// Freeze makes the daemon hang, as a busy loop in it would; Thaw undoes it.
func (h *Host) Freeze() error { return h.signal(syscall.SIGSTOP) }

// Thaw wakes a daemon that Freeze made hang.
func (h *Host) Thaw() error { return h.signal(syscall.SIGCONT) }

func (h *Host) signal(s syscall.Signal) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.daemon == nil {
		return fmt.Errorf("twohosts: no daemon runs on %s", h)
	}
	return h.daemon.Process.Signal(s)
}

func (h *Host) end(s syscall.Signal) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.daemon == nil {
		return nil
	}
	err := h.daemon.Process.Signal(s)
	if errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	select {
	case <-h.ended:
	case <-time.After(startTime):
		return errors.Join(err, fmt.Errorf("twohosts: the daemon of %s does not end", h))
	}
	h.daemon = nil
	return err
}
