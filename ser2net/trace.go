package ser2net

import (
	"errors"
	"io/fs"
	"os"
	"sync"
	"time"
)

// traceFile is an open [Trace].
type traceFile struct {
	Trace
	fail func(string)

	mu   sync.Mutex
	file *os.File // nil after a failure
	line []byte
}

// openTraces opens the trace files of a session.
func (r *runner) openTraces(remote string) []*traceFile {
	var traces []*traceFile
	for _, t := range r.cfg.Traces {
		path := string(mustExpand(t.File, &facts{port: &r.cfg, remote: remote, time: time.Now(), file: true}))
		file, err := openTrace(path)
		if err != nil {
			r.fail("trace: " + err.Error())
			continue
		}
		traces = append(traces, &traceFile{Trace: t, fail: r.fail, file: file})
	}
	return traces
}

// openTrace opens a file for appending. A pipe is refused: the port would wait
// for its reader.
func openTrace(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND|nonBlock, 0o640)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: path, Err: errors.New("it is no regular file")}
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// trace records data that goes in a direction.
func (s *session) trace(d Direction, data []byte) {
	for _, t := range s.traces {
		if t.Direction == d || t.Direction == DirectionBoth || t.Direction == "" {
			t.write(d, data)
		}
	}
}

func (s *session) closeTraces() {
	for _, t := range s.traces {
		t.mu.Lock()
		if t.file != nil {
			_ = t.file.Close() // its writes have told what is wrong
			t.file = nil
		}
		t.mu.Unlock()
	}
}

// write records a chunk, and gives up at the first error.
func (t *traceFile) write(d Direction, data []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.file == nil {
		return
	}
	t.line = t.append(t.line[:0], d, data)
	if _, err := t.file.Write(t.line); err != nil {
		t.fail("trace: " + err.Error())
		_ = t.file.Close()
		t.file = nil
	}
}

// append appends what a chunk looks like in the file.
func (t *traceFile) append(dst []byte, d Direction, data []byte) []byte {
	head := ""
	if t.Timestamp {
		head = time.Now().Format("2006/01/02 15:04:05.000 ")
	}
	if d == DirectionToDevice {
		head += "tcp  " // what came from there, as C ser2net
	} else {
		head += "term "
	}
	switch {
	case t.HexDump:
		return appendDump(dst, head, data)
	case t.Timestamp:
		dst = append(append(dst, head...), data...)
		return append(dst, '\n')
	}
	return append(dst, data...)
}

// dumpWidth is how many bytes a line of a dump has.
const dumpWidth = 8

// appendDump appends lines as C ser2net does, such as
// "term 48 69 0d 0a              |Hi..|".
func appendDump(dst []byte, head string, data []byte) []byte {
	const digits = "0123456789abcdef"
	for len(data) > 0 {
		line := data[:min(dumpWidth, len(data))]
		data = data[len(line):]
		dst = append(dst, head...)
		for i := range dumpWidth {
			if i < len(line) {
				dst = append(dst, digits[line[i]>>4], digits[line[i]&15], ' ')
			} else {
				dst = append(dst, "   "...)
			}
		}
		dst = append(dst, ' ', '|')
		for _, c := range line {
			if c < ' ' || c > '~' {
				c = '.'
			}
			dst = append(dst, c)
		}
		dst = append(dst, "|\n"...)
	}
	return dst
}
