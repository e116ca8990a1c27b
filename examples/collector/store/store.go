package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/fieldgate/fieldgate/examples/collector/latest"
	"github.com/fieldgate/fieldgate/telemetry/receiver"
)

// Options are the settings of a Store.
type Options struct {
	// Dir is the folder, made if it does not exist. Required.
	Dir string
	// SegmentBytes is the size from which on a new segment is begun. Zero:
	// 64 MiB. At most 2 GiB.
	SegmentBytes int64
	// RetainBytes and RetainAge are how much of the log is kept, in whole
	// segments; the last states stay. Zero: all. When the clock jumps
	// ahead, or nothing was received for long, records age by the time that
	// passes, for RetainAge: a clock that is wrong for a while costs none.
	RetainBytes int64
	RetainAge   time.Duration
	// Checkpoint is the time from one checkpoint to the next. Zero: 5 min.
	Checkpoint time.Duration
	// MaxDevices is how many devices have a last state. Zero: 2,000,000.
	MaxDevices int
	// Now returns the time. Nil: time.Now.
	Now func() time.Time
	// Logger gets changes of state and damage. Nil: nothing is logged.
	Logger *slog.Logger
}

// Defaults and limits of [Options].
const (
	defaultSegment    = 64 << 20
	maxSegment        = 2 << 30
	defaultCheckpoint = 5 * time.Minute
	minuteCheck       = time.Minute // between two looks for what is too old
)

// Store is an open folder. Make it with [Open]. Its methods are safe for
// concurrent use.
type Store struct {
	options Options
	log     *slog.Logger
	lock    *os.File
	table   *latest.Table
	end     context.CancelFunc
	ended   chan struct{} // closed when housekeeping has ended

	checkpointing sync.Mutex
	indexing      sync.Mutex
	writer        writer

	mu       sync.Mutex // never held during I/O of the log
	segments segments
	least    uint64 // number of the next segment at least
	age      ageClock

	state state
}

var _ receiver.Sink = (*Store)(nil)

// Open opens a folder, makes good what a crash has left there, and reads the
// last states. It fails when another process has the folder, or when nothing
// can be written to it.
func Open(ctx context.Context, o Options) (*Store, error) {
	if err := o.setDefaults(); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("store: the folder cannot be made: %w", err)
	}
	lock, err := lockDir(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	s := &Store{options: o, log: o.Logger, lock: lock, table: latest.New(o.MaxDevices), ended: make(chan struct{})}
	if err := s.recover(ctx); err != nil {
		s.table.Close()
		return nil, errors.Join(fmt.Errorf("store: open %s: %w", o.Dir, err), s.closeFiles())
	}
	s.retain() // also what fills the disk
	ctx, s.end = context.WithCancel(context.Background())
	go s.housekeep(ctx)
	return s, nil
}

func (o *Options) setDefaults() error {
	if o.SegmentBytes == 0 {
		o.SegmentBytes = defaultSegment
	}
	if o.Checkpoint == 0 {
		o.Checkpoint = defaultCheckpoint
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	switch {
	case o.Dir == "":
		return errors.New("a folder is required")
	case o.SegmentBytes < 0 || o.SegmentBytes > maxSegment:
		return fmt.Errorf("a segment of %d bytes is out of range, allowed is up to %d", o.SegmentBytes, int64(maxSegment))
	case o.RetainBytes < 0 || o.RetainAge < 0 || o.Checkpoint < 0 || o.MaxDevices < 0:
		return errors.New("a negative setting")
	}
	return nil
}

// lockDir takes the folder for this process. The kernel gives it back when
// the process ends, however it does.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(dir+"/lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the folder cannot be written to: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("%s is in use by another process", dir)
		}
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	return f, nil
}

// Table returns the last states.
func (s *Store) Table() *latest.Table { return s.table }

// Close writes a checkpoint, as far as ctx lets it, and gives the folder back.
// The last states are gone from memory then. A second Close does nothing.
func (s *Store) Close(ctx context.Context) error {
	if !s.writer.close() {
		return nil
	}
	s.end()
	<-s.ended
	err := s.Checkpoint(ctx)
	s.table.Close()
	return errors.Join(err, s.closeFiles())
}

func (s *Store) closeFiles() error { return errors.Join(s.writer.closeFile(), s.lock.Close()) }

// housekeep writes checkpoints and drops what is too old.
func (s *Store) housekeep(ctx context.Context) {
	defer close(s.ended)
	checkpoint := time.NewTicker(s.options.Checkpoint)
	defer checkpoint.Stop()
	retain := time.NewTicker(minuteCheck)
	defer retain.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-checkpoint.C:
			_ = s.Checkpoint(ctx) // logged and counted there
		case <-retain.C:
			s.retain()
		}
	}
}

// syncDir makes new and removed names in the folder safe.
func (s *Store) syncDir() error {
	d, err := os.Open(s.options.Dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
