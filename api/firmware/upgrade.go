package firmware

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"

	"aead.dev/minisign"

	"github.com/fieldgate/fieldgate/api"
)

// Guard: it is a provider.
var _ api.Upgrade = (*Upgrade)(nil)

// settleTime is how long apply waits for the command to fail, in order to
// tell. A command that still runs then is certain to go on.
const settleTime = 5 * time.Second

// Options is what the program brings.
type Options struct {
	// RunningVersion is that of the firmware that runs now. It is required
	// when [Config].OldestVersion is "running".
	RunningVersion string
	// Logger gets a line for each image that was refused, received or
	// applied. Nil = discard.
	Logger *slog.Logger
}

// Upgrade takes signed images and starts the upgrade with them. Make it with
// [New]. Its methods are safe for concurrent use.
type Upgrade struct {
	config Config
	keys   []minisign.PublicKey
	oldest *version // nil = any
	log    *slog.Logger
	folder folder
	settle time.Duration

	busy      sync.Mutex // held while a Receive or an apply is under way
	staged    *staged    // what may be applied; guarded by busy
	appliedAt time.Time  // guarded by busy

	mu     sync.Mutex
	status Status
}

// staged is an image that was received.
type staged struct{ info fs.FileInfo }

// New returns a provider; it touches nothing. It returns a [ConfigError] with
// every fault of the configuration, and one for a missing RunningVersion that
// is needed.
func New(c Config, o Options) (*Upgrade, error) {
	c = c.withDefaults()
	faults := c.faults()
	if c.OldestVersion == VersionRunning {
		if _, err := parseVersion(o.RunningVersion); err != nil {
			faults.Addf("oldest_version", "%q needs to know what runs: %v", VersionRunning, err)
		}
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	oldest, err := c.oldest(o.RunningVersion)
	if err != nil {
		return nil, err // unreachable after faults
	}
	u := &Upgrade{
		config: c, oldest: oldest, log: o.Logger, folder: newFolder(c.Folder), settle: settleTime,
		status: Status{Stage: StageIdle},
	}
	for _, text := range c.TrustedKeys {
		key, err := parseKey(text)
		if err != nil {
			return nil, err // unreachable after faults
		}
		u.keys = append(u.keys, key)
	}
	if u.log == nil {
		u.log = slog.New(slog.DiscardHandler)
	}
	return u, nil
}

// Clean removes what an earlier life of the program left in the folder, such
// as half an image after a power cut. A program calls it at its start, or
// leaves it to the next Receive. It returns [api.ErrBusy] while an image is
// received or applied.
func (u *Upgrade) Clean() error {
	lock, err := u.take()
	if err != nil {
		return fmt.Errorf("firmware: clean: %w", err)
	}
	defer u.give(lock)
	u.staged = nil
	if err := u.folder.clean(); err != nil {
		return fmt.Errorf("firmware: clean: %w", err)
	}
	return nil
}

// Receive implements [api.Upgrade]: it stores and checks an image and runs
// the test command on it. Everything that is wrong with the file wraps
// [api.ErrRefused]; so does a lack of room for it.
func (u *Upgrade) Receive(ctx context.Context, image io.Reader) (apply func() error, err error) {
	lock, err := u.take()
	if err != nil {
		return nil, fmt.Errorf("firmware: %w", err)
	}
	defer u.give(lock)
	u.staged = nil
	u.note(func(s *Status) { *s = Status{Stage: StageReceiving} })
	ctx, cancel := context.WithTimeout(ctx, u.config.ReceiveTimeout.Std())
	defer cancel()
	img, err := u.receive(ctx, image)
	if err != nil {
		u.failed(err)
		u.log.Warn("firmware not taken", "error", err)
		return nil, fmt.Errorf("firmware: %w", errors.Join(err, u.folder.clean()))
	}
	u.staged = img
	u.stage(StageReady)
	return func() error { return u.apply(img) }, nil
}

// take claims the right to receive or to apply, in this program and among
// others. What it returns is for give.
func (u *Upgrade) take() (*os.File, error) {
	if !u.busy.TryLock() {
		return nil, api.ErrBusy
	}
	lock, err := u.folder.lock()
	if err == nil && !u.appliedAt.IsZero() && time.Since(u.appliedAt) < u.config.RestartTime.Std() {
		err = errors.Join(fmt.Errorf("%w: the device is about to restart", api.ErrBusy), lock.Close())
	}
	if err != nil {
		u.busy.Unlock()
		return nil, err
	}
	return lock, nil
}

func (u *Upgrade) give(lock *os.File) {
	_ = lock.Close() // holds nothing that could get lost
	u.busy.Unlock()
}

func (u *Upgrade) receive(ctx context.Context, r io.Reader) (*staged, error) {
	if err := u.folder.clean(); err != nil {
		return nil, err
	}
	c := newContainer(ctx, r)
	text, err := c.signature()
	if err != nil {
		return nil, err
	}
	sig, err := readSignature(text, u.keys)
	if err != nil {
		return nil, err
	}
	if err := u.wanted(sig.manifest); err != nil {
		return nil, err
	}
	u.note(func(s *Status) {
		s.Board, s.Version, s.Size = sig.manifest.board, sig.manifest.version, sig.manifest.size
	})
	image, err := c.image(sig.manifest.size)
	if err != nil {
		return nil, err
	}
	if err := u.folder.room(sig.manifest.size); err != nil {
		return nil, err
	}
	info, err := u.store(c, image, sig)
	if err != nil {
		return nil, err
	}
	u.stage(StageTesting)
	if err := u.test(ctx); err != nil {
		return nil, err
	}
	u.log.Info("firmware received", "board", sig.manifest.board, "version", sig.manifest.version,
		"size", sig.manifest.size, "key", keyID(sig.key.ID()))
	return &staged{info}, nil
}

// wanted judges what the image says about itself.
func (u *Upgrade) wanted(m manifest) error {
	limit := int64(u.config.MaxSizeMiB) << 20
	switch {
	case !slices.Contains(u.config.Boards, m.board):
		return refused("the image is for board %q, this one takes %q", m.board, u.config.Boards)
	case u.oldest != nil && m.parsed.compare(*u.oldest) < 0:
		return refused("version %s is older than %s, the oldest that is allowed", m.version, u.oldest.text)
	case m.size > limit:
		return refused("the image has %d bytes, allowed are %d", m.size, limit)
	}
	return nil
}

// store writes the image while it checks it, and keeps it when it is whole
// and its signature good.
func (u *Upgrade) store(c *container, image io.Reader, sig signature) (fs.FileInfo, error) {
	p, err := u.folder.create(u.folder.path)
	if err != nil {
		return nil, err
	}
	defer p.Close() // a kept one is closed already, any other is removed
	hashed := minisign.NewReader(image)
	buf := make([]byte, 32<<10)
	for {
		n, err := hashed.Read(buf)
		if n > 0 {
			if _, err := p.Write(buf[:n]); err != nil {
				return nil, err
			}
			u.note(func(s *Status) { s.Received += int64(n) })
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, c.fault(err)
		}
	}
	if err := c.end(); err != nil {
		return nil, err
	}
	if !hashed.Verify(sig.key, sig.text) {
		return nil, refused("the image is forged or damaged: it is not what key %s signed", keyID(sig.key.ID()))
	}
	return u.folder.keep(p)
}

// apply starts the upgrade with img. It returns nil once the command has
// ended well, or has run for settleTime; what then comes is in the status and
// the log.
func (u *Upgrade) apply(img *staged) error {
	lock, err := u.take()
	if err != nil {
		return fmt.Errorf("firmware: apply: %w", err)
	}
	running, err := u.begin(img, lock)
	if err != nil {
		u.give(lock)
		return fmt.Errorf("firmware: apply: %w", err)
	}
	ended := make(chan error, 1)
	go func() {
		output, err := running.wait()
		u.finish(output, err)
		u.give(lock)
		ended <- err
	}()
	settled := time.NewTimer(u.settle)
	defer settled.Stop()
	select {
	case err := <-ended:
		if err != nil {
			return fmt.Errorf("firmware: apply: %w", err)
		}
	case <-settled.C:
	}
	return nil
}

// begin starts the apply command on img, once.
func (u *Upgrade) begin(img *staged, lock *os.File) (*applying, error) {
	if u.staged != img {
		return nil, errGone
	}
	u.staged = nil
	if !u.folder.holds(img.info) {
		u.failed(errGone)
		return nil, errGone
	}
	u.log.Info("firmware upgrade starts", "version", u.Status().Version, "command", u.config.ApplyCommand)
	u.note(func(s *Status) { s.Stage, s.Output = StageApplying, "" })
	running, err := u.startApply(lock)
	if err != nil {
		u.failed(err)
		return nil, errors.Join(err, u.folder.clean())
	}
	return running, nil
}

// finish notes how the apply command has ended.
func (u *Upgrade) finish(output string, err error) {
	u.note(func(s *Status) { s.Output = output })
	if err != nil {
		u.failed(err)
		u.log.Error("firmware upgrade failed", "error", err)
		if err := u.folder.clean(); err != nil {
			u.log.Warn("image not removed", "error", err)
		}
		return
	}
	u.appliedAt = time.Now()
	u.stage(StageApplied)
	u.log.Info("firmware upgrade done, the device is to restart")
}
