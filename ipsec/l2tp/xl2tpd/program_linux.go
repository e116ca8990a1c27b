package xl2tpd

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
)

// pppFolder is where pppd looks for its options, secrets and scripts; it is
// compiled into pppd.
const pppFolder = "/etc/ppp"

// program is a running xl2tpd.
type program struct {
	pid  int
	done chan struct{} // closed when it has ended
	err  error         // how; read after done
	log  *lines

	in      *os.File // what it and its children write
	reading sync.WaitGroup
}

// launch starts a program in a mount namespace of its own, in which folder lies
// over /etc/ppp. The program and its children hold the lock too.
func launch(path string, args []string, folder string, lock *os.File) (*program, error) {
	in, out, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	p := &program{done: make(chan struct{}), log: new(lines), in: in}
	started := make(chan error)
	go func() {
		// A thread of its own, that ends with the goroutine: it is in the
		// other namespace, and its end would be the end of the program
		// (Pdeathsig), which must not outlive us.
		runtime.LockOSThread()
		cmd := exec.Command(path, args...)
		cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"}
		cmd.Dir = "/"
		cmd.Stdout, cmd.Stderr = out, out
		cmd.ExtraFiles = []*os.File{lock}
		// A session of its own: signals of a terminal are for us, and the
		// programs end in order.
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGTERM}
		err := cover(folder)
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			started <- err
			return
		}
		p.pid = cmd.Process.Pid
		started <- nil
		p.err = cmd.Wait()
		close(p.done)
	}()
	err = errors.Join(<-started, out.Close())
	if err != nil {
		return nil, errors.Join(err, p.in.Close())
	}
	p.reading.Go(func() { _, _ = io.Copy(p.log, p.in) }) // until the last program has ended, or release
	return p, nil
}

// release gives back what the program left. It and its children have ended.
func (p *program) release() error {
	err := p.in.Close()
	p.reading.Wait()
	return err
}

// cover gives the calling thread a mount namespace in which folder lies over
// /etc/ppp.
func cover(folder string) error {
	if err := syscall.Unshare(syscall.CLONE_NEWNS); err != nil {
		return fmt.Errorf("mount namespace (the right CAP_SYS_ADMIN is needed): %w", err)
	}
	// What is mounted here must not show outside; the other way round is fine.
	if err := syscall.Mount("none", "/", "", syscall.MS_REC|syscall.MS_SLAVE, ""); err != nil {
		return fmt.Errorf("mount namespace: %w", err)
	}
	if err := syscall.Mount(folder, pppFolder, "", syscall.MS_BIND, ""); err != nil {
		return fmt.Errorf("mount over %s: %w", pppFolder, err)
	}
	// It has a script in it, and /run, where folder may be, takes none.
	if err := syscall.Mount("", pppFolder, "", syscall.MS_REMOUNT|syscall.MS_BIND|syscall.MS_NOSUID|syscall.MS_NODEV, ""); err != nil {
		return fmt.Errorf("mount over %s, for programs: %w", pppFolder, err)
	}
	return nil
}

// ended returns why the program ended, with its last words.
func (p *program) ended() error {
	reason := "it ended"
	if p.err != nil {
		reason = p.err.Error()
	}
	return fmt.Errorf("xl2tpd: %s: %s", reason, strings.Join(tail(p.log.all(), 3), "; "))
}

// kill ends the program at once.
func (p *program) kill() {
	select {
	case <-p.done:
	default:
		_ = syscall.Kill(p.pid, syscall.SIGKILL) // it may end at this moment
		<-p.done
	}
}

// keptLines is how many lines of a program are kept.
const keptLines = 200

// lines keeps the last lines that a program wrote.
type lines struct {
	mu   sync.Mutex
	part []byte
	last []string
	n    int // how many there have been
}

// Write implements [io.Writer].
func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	written := len(b)
	for {
		head, rest, ok := bytes.Cut(b, []byte("\n"))
		l.part = append(l.part, head[:min(len(head), 1024-min(len(l.part), 1024))]...)
		if !ok {
			return written, nil
		}
		l.last = append(l.last, string(l.part))
		l.n++
		if len(l.last) > keptLines {
			l.last = append(l.last[:0], l.last[1:]...)
		}
		l.part, b = l.part[:0], rest
	}
}

// all returns the kept lines.
func (l *lines) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.last...)
}

// count returns how many lines there have been.
func (l *lines) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.n
}

// since returns what came after the first n lines, as far as it is kept.
func (l *lines) since(n int) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), tail(l.last, min(l.n-n, len(l.last)))...)
}

// readLog returns the last lines of a file that pppd writes.
func readLog(path string) []string {
	const limit = 16 << 10
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }() // only read
	if info, err := f.Stat(); err == nil && info.Size() > limit {
		if _, err := f.Seek(-limit, 2); err != nil {
			return nil
		}
	}
	b := make([]byte, limit)
	n, _ := f.Read(b)
	return strings.Split(strings.TrimRight(string(b[:n]), "\n"), "\n")
}
