package xl2tpd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// How commands are given.
const (
	answerTime = 2 * time.Second // xl2tpd is single-threaded, but looks nothing up here
	settleTime = 20 * time.Millisecond
	tries      = 3
)

// control is the control pipe of xl2tpd: one line per command, answered through
// a second pipe that the command names. xl2tpd takes what it reads at once for
// one command, so there is one at a time.
type control struct {
	path string // of the pipe that xl2tpd made

	mu sync.Mutex
	n  int // commands so far
}

// ready tells whether xl2tpd reads its pipe.
func (c *control) ready() bool {
	f, err := c.open()
	if err != nil {
		return false
	}
	return f.Close() == nil
}

// open opens the pipe; without a reader, or without the pipe, it fails.
func (c *control) open() (*os.File, error) {
	return os.OpenFile(c.path, os.O_WRONLY|syscall.O_NONBLOCK, 0)
}

// Commands of xl2tpd's control pipe.
const (
	commandAdd        = "a" // name settings
	commandConnect    = "c" // name
	commandDisconnect = "d" // name
	commandRemove     = "r" // name
)

// do sends a command and waits for its result. A command can get lost: after
// each one xl2tpd closes its pipe and opens it again, and what came between its
// answer and that is gone. So the next one waits a little, and one without an
// answer is sent again; all of them may be done twice.
func (c *control) do(ctx context.Context, words ...string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for try := 1; ; try++ {
		time.Sleep(settleTime)
		answer, err := c.send(ctx, strings.Join(words, " "))
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("xl2tpd: command %q: %w", words[0], ctx.Err())
		case errors.Is(err, os.ErrDeadlineExceeded) && try < tries:
			continue
		case err != nil:
			return fmt.Errorf("xl2tpd: command %q: %w", words[0], err)
		}
		code, rest, _ := strings.Cut(answer, " ")
		if code == "00" || try > 1 && words[0] == commandConnect && strings.Contains(rest, "already active") {
			return nil
		}
		return fmt.Errorf("xl2tpd: %s", strings.TrimSpace(rest))
	}
}

// send sends a command once and returns its answer.
func (c *control) send(ctx context.Context, command string) (_ string, err error) {
	// Another name each time: xl2tpd removes the pipe after its answer, in its
	// own time.
	c.n++
	answers := filepath.Join(filepath.Dir(c.path), fmt.Sprintf("answer%d", c.n))
	if err := syscall.Mkfifo(answers, 0o600); err != nil {
		return "", fmt.Errorf("%s: %w", answers, err)
	}
	// For writing too, so that the end of the writer is no end of file.
	in, err := os.OpenFile(answers, os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		return "", errors.Join(err, remove(answers))
	}
	// Removed before it is closed: xl2tpd must never open it without a reader,
	// and wait for one.
	defer func() { err = errors.Join(err, remove(answers), in.Close()) }()
	deadline := time.Now().Add(answerTime)
	if err := in.SetReadDeadline(deadline); err != nil {
		return "", err
	}
	defer context.AfterFunc(ctx, func() { _ = in.SetReadDeadline(time.Now()) })()
	out, err := c.open()
	for errors.Is(err, syscall.ENXIO) && ctx.Err() == nil && time.Now().Before(deadline) {
		time.Sleep(settleTime) // it is about to open its pipe again
		out, err = c.open()
	}
	if err != nil {
		return "", err
	}
	_, err = fmt.Fprintf(out, "@%s %s", answers, command)
	if err = errors.Join(err, out.Close()); err != nil {
		return "", err
	}
	return readLine(in)
}

// readLine reads up to the first line end.
func readLine(f *os.File) (string, error) {
	var line []byte
	buffer := make([]byte, 256)
	for len(line) < 4096 {
		n, err := f.Read(buffer)
		line = append(line, buffer[:n]...)
		if text, _, ok := strings.Cut(string(line), "\n"); ok {
			return text, nil
		}
		if err != nil {
			return "", err
		}
	}
	return "", errors.New("the answer has no end")
}
