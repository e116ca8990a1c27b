package redispoints_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fieldgate/fieldgate/api/redispoints"
	"github.com/fieldgate/fieldgate/internal/memnet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const busAddress = "bus:6379"

// config is a small plant on the bus.
func config() redispoints.Config {
	return redispoints.Config{
		Address: busAddress,
		Devices: []redispoints.Device{
			{Alias: "INV1", Name: "Inverter 1", Protocol: "modbus rtu", Tags: []redispoints.Tag{
				{Alias: "P", Name: "Active power"}, {Alias: "U"},
			}},
			{Alias: "COPY", Tags: []redispoints.Tag{{Alias: "P", Name: "Copied power", SourceDeviceAlias: "INV1"}}},
		},
	}
}

// bus is a server in memory that speaks as much of RESP as a tag bus needs.
type bus struct {
	memnet.Network

	mu       sync.Mutex
	password string     // wanted, empty = none
	mute     bool       // takes everything, answers nothing
	answers  string     // sent in place of the answer to PSUBSCRIBE
	commands []string   // all that came
	clients  []net.Conn // subscribed ones
}

// serve accepts connections until the end of the test.
func (b *bus) serve(t *testing.T) net.Listener {
	l, err := b.Listen(context.Background(), "tcp", busAddress)
	require.NoError(t, err)
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { b.handle(conn) })
		}
	})
	t.Cleanup(func() {
		assert.NoError(t, l.Close())
		b.cut()
		serving.Wait()
	})
	return l
}

// cut ends all sessions.
func (b *bus) cut() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, conn := range b.clients {
		_ = conn.Close()
	}
	b.clients = nil
}

func (b *bus) set(change func(*bus)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(b)
}

func (b *bus) handle(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for {
		command, err := readCommand(in)
		if err != nil {
			return
		}
		if _, err := io.WriteString(conn, b.answer(conn, command)); err != nil {
			return
		}
	}
}

func (b *bus) answer(conn net.Conn, command []string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.commands = append(b.commands, strings.Join(command, " "))
	switch {
	case b.mute:
		return ""
	case command[0] == "AUTH":
		if command[len(command)-1] != b.password {
			return "-WRONGPASS invalid username-password pair or user is disabled.\r\n"
		}
		b.password = ""
		return "+OK\r\n"
	case b.password != "":
		return "-NOAUTH Authentication required.\r\n"
	case command[0] == "PSUBSCRIBE" && b.answers != "":
		return b.answers
	case command[0] == "PSUBSCRIBE":
		b.clients = append(b.clients, conn)
		return fmt.Sprintf("*3\r\n$10\r\npsubscribe\r\n$%d\r\n%s\r\n:1\r\n", len(command[1]), command[1])
	case command[0] == "PING":
		return "*2\r\n$4\r\npong\r\n$0\r\n\r\n"
	}
	return "-ERR unknown command\r\n"
}

// publish sends a message to all subscribers.
func (b *bus) publish(topic, message string) {
	b.mu.Lock()
	clients := append([]net.Conn(nil), b.clients...)
	b.mu.Unlock()
	const pattern = "tag/*/*/rin"
	for _, conn := range clients {
		_, _ = fmt.Fprintf(conn, "*4\r\n$8\r\npmessage\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n",
			len(pattern), pattern, len(topic), topic, len(message), message)
	}
}

// sent returns the commands that came so far.
func (b *bus) sent() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.commands...)
}

// readCommand reads an array of strings.
func readCommand(in *bufio.Reader) ([]string, error) {
	number := func(kind byte) (int, error) {
		line, err := in.ReadString('\n')
		if err != nil || line[0] != kind {
			return 0, fmt.Errorf("%q: %w", line, err)
		}
		return strconv.Atoi(strings.TrimSpace(line[1:]))
	}
	n, err := number('*')
	var words []string
	for ; err == nil && n > 0; n-- {
		var length int
		if length, err = number('$'); err != nil {
			break
		}
		word := make([]byte, length+2)
		_, err = io.ReadFull(in, word)
		words = append(words, string(word[:length]))
	}
	return words, err
}
