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

// answerTime is how long xl2tpd may take for a command. It is single-threaded,
// and looks up nothing here.
const answerTime = 5 * time.Second

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

// do sends a command and waits for its result.
func (c *control) do(ctx context.Context, words ...string) (err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	// Another name each time: xl2tpd removes the pipe after its answer, in its
	// own time.
	c.n++
	answers := filepath.Join(filepath.Dir(c.path), fmt.Sprintf("answer%d", c.n))
	if err := syscall.Mkfifo(answers, 0o600); err != nil {
		return fmt.Errorf("%s: %w", answers, err)
	}
	defer func() { err = errors.Join(err, remove(answers)) }()
	// For writing too, so that the end of the writer is no end of file.
	in, err := os.OpenFile(answers, os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // only read
	out, err := c.open()
	for errors.Is(err, syscall.ENXIO) && ctx.Err() == nil { // xl2tpd opens it anew after each command
		time.Sleep(5 * time.Millisecond)
		out, err = c.open()
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "@%s %s", answers, strings.Join(words, " "))
	if err = errors.Join(err, out.Close()); err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = in.SetReadDeadline(time.Now()) })()
	text, err := readLine(in)
	if err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return fmt.Errorf("xl2tpd does not answer to %q: %w", words[0], err)
	}
	if code, rest, _ := strings.Cut(text, " "); code != "00" {
		return fmt.Errorf("xl2tpd: %s", strings.TrimSpace(rest))
	}
	return nil
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
