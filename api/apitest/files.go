package apitest

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/fieldgate/fieldgate/api"
)

// refuseWord begins a file that the fakes refuse.
const refuseWord = "refuse:"

// maxReason bounds that word with its reason, in bytes.
const maxReason = 256

// received is what a fake keeps of a file.
type received struct {
	size int64
	sum  string // SHA-256, in hexadecimal
}

// receive reads a file to its end, in bounded memory. A file that begins with
// "refuse:" is refused for the reason that follows in its first line.
func receive(ctx context.Context, what string, file io.Reader) (received, string, error) {
	hash := sha256.New()
	text := bufio.NewReader(file)
	head, err := text.Peek(maxReason)
	rest, refused := strings.CutPrefix(string(head), refuseWord)
	reason, _, _ := strings.Cut(rest, "\n")
	reason = strings.TrimSpace(reason)
	var size int64
	if err == nil || errors.Is(err, io.EOF) {
		size, err = io.Copy(hash, text)
	}
	switch {
	case ctx.Err() != nil:
		return received{}, "", fmt.Errorf("apitest: %s: %w", what, ctx.Err())
	case err != nil:
		return received{}, "", fmt.Errorf("apitest: %s: %w", what, err)
	case refused:
		return received{}, reason + "\n", fmt.Errorf("apitest: %s: %w: %s", what, api.ErrRefused, reason)
	}
	return received{size, hex.EncodeToString(hash.Sum(nil))}, "", nil
}

// Sync is an [api.Sync] in memory, which keeps the size and the SHA-256 of
// the last configuration that it took. It refuses a file that begins with
// "refuse:"; the rest of the line is its report. The zero value is ready. Its
// methods are safe for concurrent use.
type Sync struct {
	control
	busy sync.Mutex
	got  received
}

// Sync implements [api.Sync].
func (s *Sync) Sync(ctx context.Context, file io.Reader) (report string, err error) {
	if !s.busy.TryLock() {
		return "", fmt.Errorf("apitest: sync: %w", api.ErrBusy)
	}
	defer s.busy.Unlock()
	if err := s.enter(ctx, "sync"); err != nil {
		return "", err
	}
	got, reason, err := receive(ctx, "sync", file)
	if err != nil {
		return reason, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got = got
	return fmt.Sprintf("Took a configuration of %d bytes.\n", got.size), nil
}

// String shows the state: the configuration in force, then the faults.
func (s *Sync) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	if s.got.sum == "" {
		b.WriteString("configuration: none\n")
	} else {
		fmt.Fprintf(&b, "configuration: %d bytes, %s\n", s.got.size, s.got.sum)
	}
	s.faults(&b)
	return b.String()
}

// Upgrade is an [api.Upgrade] in memory, which keeps the size and the SHA-256
// of the last image that was applied. It refuses an image that begins with
// "refuse:". The zero value is ready. Its methods are safe for concurrent
// use.
type Upgrade struct {
	control
	busy     sync.Mutex
	staged   int // counts what was received, so that an older apply is void
	got      received
	applied  int
	applyErr error
}

// errVoid: apply was called a second time, or after another Receive.
var errVoid = errors.New("apitest: upgrade: the image is no longer there")

// FailApply makes every apply fail with err; nil ends that.
func (u *Upgrade) FailApply(err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.applyErr = err
}

// Applied returns how many images were applied.
func (u *Upgrade) Applied() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.applied
}

// Receive implements [api.Upgrade].
func (u *Upgrade) Receive(ctx context.Context, image io.Reader) (apply func() error, err error) {
	if !u.busy.TryLock() {
		return nil, fmt.Errorf("apitest: upgrade: %w", api.ErrBusy)
	}
	defer u.busy.Unlock()
	if err := u.enter(ctx, "upgrade"); err != nil {
		return nil, err
	}
	u.mu.Lock()
	u.staged++
	mine := u.staged
	u.mu.Unlock()
	got, _, err := receive(ctx, "upgrade", image)
	if err != nil {
		return nil, err
	}
	return func() error {
		u.mu.Lock()
		defer u.mu.Unlock()
		if u.staged != mine {
			return errVoid
		}
		u.staged++
		if u.applyErr != nil {
			return u.applyErr
		}
		u.got = got
		u.applied++
		return nil
	}, nil
}

// String shows the state: the firmware in force, then the faults.
func (u *Upgrade) String() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	var b strings.Builder
	if u.got.sum == "" {
		b.WriteString("firmware: as delivered\n")
	} else {
		fmt.Fprintf(&b, "firmware: %d bytes, %s\n", u.got.size, u.got.sum)
	}
	if u.applyErr != nil {
		fmt.Fprintf(&b, "apply fails: %v\n", u.applyErr)
	}
	u.faults(&b)
	return b.String()
}
