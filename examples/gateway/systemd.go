package main

import (
	"context"
	"log/slog"
	"net"
	"os"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
	"github.com/coreos/go-systemd/v22/daemon"
)

// Without systemd, such as under procd, none of this does anything.

// activatedSocket returns the socket that systemd has opened for the pages;
// nil: none. Further ones are closed.
func activatedSocket() *os.File {
	files := activation.Files(true)
	if len(files) == 0 {
		return nil
	}
	for _, f := range files[1:] {
		_ = f.Close() // it is not used
	}
	return files[0]
}

// addressOf returns where a socket listens; "": nowhere.
func addressOf(socket *os.File) string {
	if socket == nil {
		return ""
	}
	listener, err := net.FileListener(socket) // a copy
	if err != nil {
		return "" // whoever serves it says so
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// tell tells systemd about the gateway.
func tell(state string, log *slog.Logger) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		log.Warn("systemd cannot be told", "state", state, "error", err)
	}
}

// feedWatchdog tells systemd that the gateway lives, twice in the time that it
// waits for that, as long as alive returns, until ctx ends.
func feedWatchdog(ctx context.Context, log *slog.Logger, alive func()) {
	wait, err := daemon.SdWatchdogEnabled(false)
	if err != nil || wait <= 0 {
		return
	}
	ticker := time.NewTicker(wait / 2)
	defer ticker.Stop()
	for {
		alive()
		tell(daemon.SdNotifyWatchdog, log)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
