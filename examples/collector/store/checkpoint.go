package store

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/fieldgate/fieldgate/examples/collector/latest"
)

// The file checkpoint: magic, then frames: a place in the log (segment and
// offset, 8 bytes each, little-endian), one per device, and the number of
// devices (8 bytes).
const checkpointMagic = "FGTCKP1\n"

// Checkpoint writes the last states, so that the next Open need not read the
// log from before. It replaces the one before atomically; when ctx ends first,
// that one stays. It happens every Options.Checkpoint and at Close by itself.
func (s *Store) Checkpoint(ctx context.Context) error {
	s.checkpointing.Lock()
	defer s.checkpointing.Unlock()
	began := time.Now()
	name := filepath.Join(s.options.Dir, "checkpoint")
	err := s.writeCheckpoint(ctx, name+".tmp")
	if err == nil {
		err = os.Rename(name+".tmp", name)
	}
	if err == nil {
		err = s.syncDir()
	}
	if err != nil {
		_ = os.Remove(name + ".tmp")
		err = fmt.Errorf("store: checkpoint: %w", err)
	}
	s.state.checkpoint(s.log, began, err)
	return err
}

func (s *Store) writeCheckpoint(ctx context.Context, name string) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(f, 1<<20)
	_, err = out.WriteString(checkpointMagic)
	if err == nil {
		err = s.writeStates(ctx, out)
	}
	if err == nil {
		err = out.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// writeStates writes the frames. The place comes first: what is written to the
// log later may or may not be in the states, and is applied again at Open.
func (s *Store) writeStates(ctx context.Context, out io.Writer) error {
	s.mu.Lock()
	from := s.segments.synced
	s.mu.Unlock()
	var b []byte
	write := func(body func([]byte) []byte) error {
		b = body(openFrame(b[:0]))
		if len(b)-frameHead > maxBody {
			return fmt.Errorf("a state of %d bytes, allowed are %d", len(b)-frameHead, maxBody)
		}
		closeFrame(b, 0)
		_, err := out.Write(b)
		return err
	}
	err := write(func(b []byte) []byte {
		return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(b, from.segment), uint64(from.offset))
	})
	if err != nil {
		return err
	}
	devices := uint64(0)
	for state := range s.table.Encode {
		if devices++; devices%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := write(func(b []byte) []byte { return append(b, state...) }); err != nil {
			return err
		}
	}
	return write(func(b []byte) []byte { return binary.LittleEndian.AppendUint64(b, devices) })
}

// readCheckpoint restores the last states and returns the place in the log
// that they are as of; the beginning when there is no checkpoint.
func (s *Store) readCheckpoint() (place, error) {
	f, err := os.Open(filepath.Join(s.options.Dir, "checkpoint"))
	if errors.Is(err, fs.ErrNotExist) {
		return place{}, nil
	}
	if err != nil {
		return place{}, err
	}
	defer func() { _ = f.Close() }()
	magic := make([]byte, len(checkpointMagic))
	if _, err := io.ReadFull(f, magic); err != nil || string(magic) != checkpointMagic {
		return place{}, errDamaged
	}
	in := newFrames(f, int64(len(magic)))
	body, _, err := in.next()
	if err != nil || len(body) != 16 || in.hole.from < in.hole.to {
		return place{}, errDamaged
	}
	from := place{binary.LittleEndian.Uint64(body), int64(binary.LittleEndian.Uint64(body[8:]))}
	for devices := uint64(0); ; devices++ {
		body, at, err := in.next()
		if err != nil || in.hole.from < in.hole.to {
			return place{}, fmt.Errorf("byte %d: %w", at, errDamaged)
		}
		if len(body) == 8 {
			if binary.LittleEndian.Uint64(body) != devices {
				return place{}, errDamaged
			}
			return from, nil
		}
		if err := s.table.Restore(body); err != nil && !errors.Is(err, latest.ErrFull) {
			return place{}, fmt.Errorf("byte %d: %w", at, err)
		}
	}
}
