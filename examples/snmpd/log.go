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
	path string // of the file that it is written to, if it is one
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
		l.path = o.log.file
		flags := 0
		if !o.log.append {
			flags = os.O_TRUNC
		}
		if err := l.open(flags); err != nil {
			return nil, err
		}
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

// open opens the file, in the place of one that is open.
func (l *logger) open(flags int) error {
	f, err := os.OpenFile(l.path, os.O_CREATE|os.O_WRONLY|os.O_APPEND|flags, 0o640)
	if err != nil {
		return fmt.Errorf("the log cannot be written: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file != nil {
		_ = l.file.Close()
	}
	l.to, l.file = f, f
	return nil
}

// reopen lets go of a file that somebody has moved away, as logrotate does.
func (l *logger) reopen() {
	if l.path == "" {
		return
	}
	if err := l.open(0); err != nil {
		l.line(err.Error())
	}
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
