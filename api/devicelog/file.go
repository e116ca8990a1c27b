package devicelog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"github.com/fieldgate/fieldgate/api"
)

// Guards: all of these are providers.
var (
	_ api.Syslog = File{}
	_ api.Syslog = Journal{}
	_ api.Syslog = Logread{}
	_ api.Syslog = (*Ring)(nil)
)

// File is a log that some daemon writes to a file.
type File struct {
	// Path is the file, such as "/var/log/messages".
	Path string
	// Rotated is where Path is moved when it has become long, such as
	// "/var/log/messages.1" (busybox syslogd: ".0"). When it exists it is
	// written first. Empty = none.
	Rotated string
}

// WriteLog implements [api.Syslog]. A file that does not exist (yet) is
// [api.ErrNotReady]; one that becomes shorter while it is read is an error.
func (f File) WriteLog(ctx context.Context, w io.Writer) error {
	parts, err := f.open()
	if err != nil {
		return fmt.Errorf("devicelog: %w", err)
	}
	defer closeAll(parts)
	for _, p := range parts {
		if err := p.copyTo(ctx, w); err != nil {
			return fmt.Errorf("devicelog: %s: %w", p.file.Name(), err)
		}
	}
	return ctx.Err()
}

// part is an open file and its length at that time: what is written later
// is not waited for.
type part struct {
	file *os.File
	info fs.FileInfo
}

// open returns the files to write, the older one first. When the log is
// rotated between the two openings, both are the same file and the newest
// lines are in a third: then it opens again.
func (f File) open() ([]part, error) {
	for range 3 {
		current, err := openPart(f.Path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("%w: %w", api.ErrNotReady, err)
		case err != nil:
			return nil, err
		case f.Rotated == "":
			return []part{current}, nil
		}
		older, err := openPart(f.Rotated)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return []part{current}, nil
		case err != nil:
			closeAll([]part{current})
			return nil, err
		case !os.SameFile(older.info, current.info):
			return []part{older, current}, nil
		}
		closeAll([]part{older, current})
	}
	return nil, fmt.Errorf("%w: %s and %s are the same file", api.ErrNotReady, f.Path, f.Rotated)
}

// openPart opens a regular file; the flag keeps it from waiting for the other
// end of a pipe.
func openPart(path string) (part, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return part{}, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no regular file", path)
	}
	if err != nil {
		_ = file.Close()
		return part{}, err
	}
	return part{file, info}, nil
}

func closeAll(parts []part) {
	for _, p := range parts {
		_ = p.file.Close() // was only read
	}
}

func (p part) copyTo(ctx context.Context, w io.Writer) error {
	buf := make([]byte, 32<<10)
	last := byte('\n')
	for left := p.info.Size(); left > 0; {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := p.file.Read(buf[:min(int64(len(buf)), left)])
		if n > 0 {
			if _, err := w.Write(buf[:n]); err != nil {
				return err
			}
			left -= int64(n)
			last = buf[n-1]
		}
		switch {
		case err == io.EOF && left > 0:
			return errors.New("the file was cut while it was read")
		case err != nil && err != io.EOF:
			return err
		}
	}
	if last != '\n' { // its daemon was in the middle of a line
		_, err := w.Write([]byte{'\n'})
		return err
	}
	return nil
}
