package hub

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"time"

	modbus "github.com/grid-x/modbus"

	"github.com/fieldgate/fieldgate/api/hubconfig"
)

// The frame of Modbus TCP: transaction (2 bytes), protocol (2), length of
// what follows (2), unit (1), function and data.
const (
	tcpHeader    = 6
	tcpMinLength = 3   // unit, function and one byte
	tcpMaxLength = 254 // unit and a PDU of 253 bytes
)

// tcpTransport is a connection to one device.
type tcpTransport struct {
	dial    func(ctx context.Context, network, address string) (net.Conn, error)
	address string
	timeout time.Duration
	conn    net.Conn // nil: none
	used    bool     // the last request went over a connection that had served before
}

func newTCPAsker(d hubconfig.Device, o Options) *asker {
	address := net.JoinHostPort(d.Host, strconv.Itoa(d.TCPPort()))
	t := &tcpTransport{dial: o.Dial, address: address, timeout: d.Timeout()}
	return newAsker(t, modbus.NewTCPClientHandler(address), d.Slave())
}

func (t *tcpTransport) exchange(ctx context.Context, request []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	t.used = t.conn != nil
	if t.conn == nil {
		conn, err := t.dial(ctx, "tcp", t.address)
		if err != nil {
			return nil, err
		}
		t.conn = conn
	}
	conn := t.conn
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	answer, err := roundTrip(conn, request)
	if !stop() && err == nil {
		err = os.ErrDeadlineExceeded // and the connection has a deadline in the past
	}
	if err != nil {
		t.close()
	}
	return answer, err
}

func roundTrip(conn io.ReadWriter, request []byte) ([]byte, error) {
	if _, err := conn.Write(request); err != nil {
		return nil, err
	}
	frame := make([]byte, tcpHeader+tcpMaxLength)
	if _, err := io.ReadFull(conn, frame[:tcpHeader]); err != nil {
		return nil, err
	}
	length := int(binary.BigEndian.Uint16(frame[4:]))
	if length < tcpMinLength || length > tcpMaxLength {
		return nil, fmt.Errorf("%w: it has the length %d", errMalformed, length)
	}
	if _, err := io.ReadFull(conn, frame[tcpHeader:tcpHeader+length]); err != nil {
		return nil, err
	}
	return frame[:tcpHeader+length], nil
}

// repeat: servers end connections that were idle, which shows at the next
// request only.
func (t *tcpTransport) repeat(err error) bool {
	var silent *noAnswer
	return t.used && errors.As(err, &silent) && !isTimeout(err)
}

func (t *tcpTransport) close() {
	if t.conn != nil {
		_ = t.conn.Close() // there is nothing to lose
		t.conn = nil
	}
}

func isTimeout(err error) bool {
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded)
}
