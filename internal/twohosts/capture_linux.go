package twohosts

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/fieldgate/fieldgate/internal/syncbuf"
)

// Capture is a look at the cable between the hosts.
type Capture struct {
	host  *Host
	cmd   *exec.Cmd
	path  string
	said  *syncbuf.Buffer
	ended chan struct{}
}

// Capture begins to take down what the host sends. Only that direction: the
// kernel shows a packet that came by ESP twice, the second time in clear.
func (h *Host) Capture() (*Capture, error) {
	f, err := os.CreateTemp(h.folder, "*.pcap")
	if err != nil {
		return nil, fmt.Errorf("twohosts: %w", err)
	}
	c := &Capture{host: h, path: f.Name(), said: new(syncbuf.Buffer), ended: make(chan struct{})}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("twohosts: %w", err)
	}
	// Without --immediate-mode the last second is lost; without -Z root it
	// could not write into the folder.
	c.cmd = h.NS.Command(context.Background(), "tcpdump",
		"-Z", "root", "--immediate-mode", "-Q", "out", "-n", "-i", wan, "-U", "-w", c.path)
	c.cmd.Stderr = c.said
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("twohosts: %w", err)
	}
	go func() {
		_ = c.cmd.Wait()
		close(c.ended)
	}()
	deadline := time.After(startTime)
	for !strings.Contains(c.said.String(), "listening on") {
		select {
		case <-c.ended:
			return nil, fmt.Errorf("twohosts: tcpdump: %s", c.said)
		case <-deadline:
			return nil, errors.Join(fmt.Errorf("twohosts: tcpdump does not begin: %s", c.said), c.end())
		case <-time.After(5 * time.Millisecond):
		}
	}
	return c, nil
}

// The last packet of a capture, to everybody on the cable.
const (
	markTo = "192.0.2.255"
	mark   = "the last packet of this capture"
)

// Stop ends the capture and returns what tcpdump says of each packet, a line
// each. Lines of ESP hold "ESP(spi=", of IKE "isakmp", of a ping "ICMP echo".
func (c *Capture) Stop(ctx context.Context) ([]string, error) {
	if err := errors.Join(c.drain(ctx), c.end()); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, commandTime)
	defer cancel()
	out, err := exec.CommandContext(ctx, "tcpdump", "-n", "-t", "-r", c.path).Output()
	if err != nil {
		return nil, fmt.Errorf("twohosts: tcpdump -r: %w", err)
	}
	lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	return slices.DeleteFunc(lines, func(line string) bool { return strings.Contains(line, "> "+markTo) }), nil
}

// drain waits until tcpdump has taken down all that was sent so far: what it
// has not read from the kernel when it is told to end, it leaves out.
func (c *Capture) drain(ctx context.Context) error {
	conn, err := c.host.NS.Dial(ctx, "udp4", markTo+":9")
	if err != nil {
		return fmt.Errorf("twohosts: %w", err)
	}
	_, err = conn.Write([]byte(mark))
	if err = errors.Join(err, conn.Close()); err != nil {
		return fmt.Errorf("twohosts: %w", err)
	}
	for deadline := time.Now().Add(startTime); ; time.Sleep(5 * time.Millisecond) {
		taken, err := os.ReadFile(c.path)
		switch {
		case err != nil:
			return fmt.Errorf("twohosts: %w", err)
		case bytes.Contains(taken, []byte(mark)):
			return nil
		case time.Now().After(deadline):
			return fmt.Errorf("twohosts: tcpdump does not keep up: %s", c.said)
		}
	}
}

func (c *Capture) end() error {
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("twohosts: tcpdump: %w", err)
	}
	select {
	case <-c.ended:
		return nil
	case <-time.After(startTime):
		return errors.New("twohosts: tcpdump does not end")
	}
}

// Count counts the lines that hold word.
func Count(lines []string, word string) (n int) {
	for _, line := range lines {
		if strings.Contains(line, word) {
			n++
		}
	}
	return n
}
