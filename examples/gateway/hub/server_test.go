package hub_test

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// server is a Modbus TCP device with registers, the same for functions 3 and
// 4, and bits, the same for 1 and 2.
type server struct {
	listener net.Listener

	mu        sync.Mutex
	registers [65536]uint16
	bits      [65536]bool
	answer    func(request []byte) []byte // instead of the usual; nil: no answer at all
	requests  [][]byte
	accepted  int
	conns     map[net.Conn]bool
	done      sync.WaitGroup
}

type listen func(ctx context.Context, network, address string) (net.Listener, error)

func newServer(t *testing.T, listen listen, address string) *server {
	l, err := listen(t.Context(), "tcp", address)
	require.NoError(t, err)
	s := &server{listener: l, conns: make(map[net.Conn]bool)}
	s.answer = s.usual
	s.done.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.accepted++
			s.conns[conn] = true
			s.mu.Unlock()
			s.done.Go(func() { s.serve(conn) })
		}
	})
	t.Cleanup(s.close)
	return s
}

func (s *server) close() {
	_ = s.listener.Close()
	s.hangUp()
	s.done.Wait()
}

// hangUp ends all connections.
func (s *server) hangUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.conns {
		_ = conn.Close()
	}
}

func (s *server) serve(conn net.Conn) {
	defer func() {
		_ = conn.Close()
		s.mu.Lock()
		delete(s.conns, conn)
		s.mu.Unlock()
	}()
	request := make([]byte, 12)
	for {
		if _, err := io.ReadFull(conn, request); err != nil {
			return
		}
		s.mu.Lock()
		s.requests = append(s.requests, append([]byte(nil), request...))
		answer := s.answer(request)
		s.mu.Unlock()
		if _, err := conn.Write(answer); err != nil {
			return
		}
	}
}

// do changes the device.
func (s *server) do(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// taken returns the requests since the last call, as job texts.
func (s *server) taken() (jobs [][3]int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.requests {
		jobs = append(jobs, [3]int{int(r[7]), int(binary.BigEndian.Uint16(r[8:])), int(binary.BigEndian.Uint16(r[10:]))})
	}
	s.requests = nil
	return jobs
}

// usual is the right answer.
func (s *server) usual(request []byte) []byte {
	start, count := int(binary.BigEndian.Uint16(request[8:])), int(binary.BigEndian.Uint16(request[10:]))
	var data []byte
	if request[7] <= 2 {
		data = make([]byte, (count+7)/8)
		for i := range count {
			if s.bits[start+i] {
				data[i/8] |= 1 << (i % 8)
			}
		}
	} else {
		for _, r := range s.registers[start : start+count] {
			data = binary.BigEndian.AppendUint16(data, r)
		}
	}
	return frame(request, append([]byte{request[7], byte(len(data))}, data...))
}

// frame answers request with a PDU.
func frame(request, pdu []byte) []byte {
	out := append([]byte(nil), request[:4]...)
	out = binary.BigEndian.AppendUint16(out, uint16(len(pdu)+1))
	return append(append(out, request[6]), pdu...)
}

// exception answers with that code.
func exception(request []byte, code byte) []byte {
	return frame(request, []byte{request[7] | 0x80, code})
}

// eventually waits for a fact on real connections.
func eventually(t *testing.T, fact func() bool, what string) {
	t.Helper()
	require.Eventually(t, fact, 30*time.Second, 2*time.Millisecond, what)
}
