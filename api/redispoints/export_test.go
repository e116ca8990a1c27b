package redispoints

import (
	"io"
	"net"

	"github.com/fieldgate/fieldgate/api"
)

// ParseMessage reads a message and shows it as the API does.
func ParseMessage(data []byte) (api.TagValue, error) {
	m, err := parseMessage(data)
	return api.TagValue{Value: m.value, Time: m.time, Flags: m.flags}, err
}

// Guard returns r behind the guard of a connection.
func Guard(r io.Reader) io.Reader { return &guard{Conn: readConn{Reader: r}} }

// readConn is a connection that is only read from.
type readConn struct {
	io.Reader
	net.Conn
}

func (c readConn) Read(p []byte) (int, error) { return c.Reader.Read(p) }
