package atmodemtest

import (
	"io"
	"slices"
	"strings"
	"time"
)

// Serve speaks on a line until reading or writing fails, and returns why. It
// is done with the line when it returns, if that is closed then.
func (m *Modem) Serve(line io.ReadWriter) error {
	m.mu.Lock()
	m.lines[line] = true
	m.mu.Unlock()
	defer func() {
		m.mu.Lock()
		delete(m.lines, line)
		m.mu.Unlock()
	}()
	const uart = 4096 // what comes on top of that is lost
	in := make(chan byte, uart)
	failed := make(chan error, 1)
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		defer close(in)
		b := make([]byte, 256)
		for {
			n, err := line.Read(b)
			for _, c := range b[:n] {
				select {
				case in <- c:
				default:
				}
			}
			if err != nil {
				failed <- err
				return
			}
		}
	}()
	var command []byte
	for c := range in {
		for _, p := range m.take(c, &command) {
			if err := p.send(line, gone); err != nil {
				if c, ok := line.(io.Closer); ok { // ends reading too
					_ = c.Close()
				}
				return err
			}
		}
	}
	return <-failed
}

// piece is a part of what the modem sends.
type piece struct {
	text  string
	after time.Duration
	slow  time.Duration // between its bytes
}

// send sends p, and gives up when the line has gone.
func (p piece) send(line io.Writer, gone <-chan struct{}) error {
	if !wait(p.after, gone) {
		return io.ErrClosedPipe
	}
	if p.slow == 0 {
		_, err := io.WriteString(line, p.text)
		return err
	}
	for i := range len(p.text) {
		if !wait(p.slow, gone) {
			return io.ErrClosedPipe
		}
		if _, err := io.WriteString(line, p.text[i:i+1]); err != nil {
			return err
		}
	}
	return nil
}

// wait waits for d and reports whether the line is still there.
func wait(d time.Duration, gone <-chan struct{}) bool {
	if d == 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-gone:
		return false
	}
}

// take takes a byte and returns what it makes the modem send.
func (m *Modem) take(c byte, command *[]byte) []piece {
	m.mu.Lock()
	defer m.mu.Unlock()
	const esc, maxCommand = 0x1b, 512
	switch {
	case m.faults.Silent:
		*command = (*command)[:0]
		return nil
	case m.prompt && c == esc:
		m.prompt = false
		return m.answer([]string{"OK"})
	case m.prompt && c == '\r':
		return []piece{{text: "\r\n> "}}
	case m.prompt, c == '\n':
		return nil
	}
	var sent []piece
	if m.mode.echo {
		sent = []piece{{text: string(rune(c)), slow: m.faults.Slow}}
	}
	if c != '\r' {
		if len(*command) < maxCommand && c >= ' ' {
			*command = append(*command, c)
		}
		return sent
	}
	text := strings.ToUpper(strings.TrimSpace(string(*command)))
	*command = (*command)[:0]
	if !strings.HasPrefix(text, "AT") {
		return sent
	}
	m.commands = append(m.commands, text)
	m.commands = m.commands[max(0, len(m.commands)-maxCommands):]
	if slices.Contains(m.faults.Mute, text) {
		return sent
	}
	answer := m.answer(m.reply(text))
	if text == m.faults.Late && len(answer) > 0 {
		answer[0].after = m.faults.LateBy
	}
	return append(sent, answer...)
}

// answer puts lines together, with what disturbs them.
func (m *Modem) answer(lines []string) []piece {
	var b strings.Builder
	b.Write(m.faults.Junk)
	news := func() {
		for _, line := range m.faults.News {
			b.WriteString("\r\n" + line + "\r\n")
		}
	}
	news()
	for i, line := range lines {
		if i == len(lines)-1 { // the result
			news()
			if m.mode.quiet {
				break
			}
			if m.mode.terse {
				b.WriteString(map[string]string{"OK": "0\r", "ERROR": "4\r"}[line])
				break
			}
		}
		b.WriteString("\r\n" + line + "\r\n")
	}
	return []piece{{text: b.String(), slow: m.faults.Slow}}
}
