package main

import (
	"fmt"
	"io"
	"log/slog"
	"log/syslog"
	"os"
	"sync"
)

// logger writes lines as snmpd does, and what package snmp logs.
type logger struct {
	*slog.Logger
	mu   sync.Mutex
	to   io.Writer
	file io.Closer // nil: not ours to close
}

// openLog opens where the log goes. Without -L that is standard error in the
// foreground, and syslog in the background.
func openLog(o options, out, errOut io.Writer) (*logger, error) {
	l := &logger{}
	kind := o.log.kind
	switch {
	case kind == 0 && o.foreground:
		kind = 'e'
	case kind == 0:
		kind = 's'
	}
	switch kind {
	case 'o':
		l.to = out
	case 'e':
		l.to = errOut
	case 'f':
		flags := os.O_CREATE | os.O_WRONLY | os.O_APPEND
		if !o.log.append {
			flags |= os.O_TRUNC
		}
		f, err := os.OpenFile(o.log.file, flags, 0o640)
		if err != nil {
			return nil, fmt.Errorf("the log cannot be written: %w", err)
		}
		l.to, l.file = f, f
	case 's':
		l.to = io.Discard // where there is no syslog, as snmpd
		if w, err := syslog.New(syslog.LOG_DAEMON|syslog.LOG_NOTICE, "snmpd"); err == nil {
			l.to, l.file = w, w
		}
	default:
		l.to = io.Discard
	}
	level := slog.LevelInfo
	if o.verbose {
		level = slog.LevelDebug
	}
	l.Logger = slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: level}))
	return l, nil
}

// Write implements io.Writer, a line at a time.
func (l *logger) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.to.Write(b)
}

// line writes a line of snmpd's own.
func (l *logger) line(text string) { _, _ = io.WriteString(l, text+"\n") }

func (l *logger) close() {
	if l.file != nil {
		_ = l.file.Close()
	}
}
