package telnet_test

import (
	"net"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldgate/fieldgate/ser2net/internal/telnet"
)

// pyserial opens the port given as its argument and uses all it has.
const pyserial = `
import sys, serial
port = serial.serial_for_url("rfc2217://" + sys.argv[1], baudrate=115200, timeout=5)
print("cts", port.cts, "cd", port.cd)
port.baudrate = 65280
port.rtscts = True
port.rtscts = False
port.dtr = False
port.break_condition = True
port.break_condition = False
port.reset_input_buffer()
data = bytes(range(256)) * 16
port.write(data)
print("echo", port.read(len(data)) == data)
try:
    port.bytesize, port.parity, port.stopbits = 7, "E", 2
    port.baudrate = 12000000
except ValueError as refused:
    print("refused", refused)
port.close()
`

// TestIntegrationPyserial serves python3-serial, the commonest client, with
// and without modem lines. Data is echoed.
func TestIntegrationPyserial(t *testing.T) {
	t.Parallel()
	const python = "/usr/bin/python3" // Debian's, which finds Debian's packages
	if err := exec.Command(python, "-c", "import serial").Run(); err != nil {
		if os.Getenv("CI") == "true" {
			require.NoError(t, err, "needs python3-serial")
		}
		t.Skip("skipped: needs python3-serial")
	}
	for _, tc := range []struct {
		name    string
		wired   bool
		refused string
	}{
		{"modem_lines", true, "baudrate"},
		{"no_modem_lines", false, "datasize"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			defer listener.Close()
			s := newServer()
			s.line.wired = tc.wired
			done := make(chan struct{})
			go func() {
				defer close(done)
				serve(listener, s)
			}()
			command := exec.CommandContext(t.Context(), python, "-W", "ignore", "-c", pyserial, listener.Addr().String())
			out, err := command.CombinedOutput()
			require.NoError(t, err, "%s", out)
			<-done
			want := "cts True cd True\necho True\nrefused remote rejected value for option '" + tc.refused + "'\n"
			assert.Equal(t, want, string(out))
			if tc.wired {
				want := telnet.Mode{
					Baud: 65280, DataBits: 7, Parity: telnet.ParityEven, Stop: telnet.Stop2, Flow: telnet.FlowNone,
				}
				assert.Equal(t, want, s.line.Mode())
				lines, _ := s.line.Lines()
				assert.False(t, lines.DTR)
				assert.True(t, lines.RTS)
			}
			assert.Subset(t, s.line.noted(), []string{"break true", "break false", "flush true false", "flush false true"})
		})
	}
}

// serve echoes the data of one connection, to its end.
func serve(listener net.Listener, s *server) {
	conn, err := listener.Accept()
	if err != nil {
		return
	}
	defer conn.Close()
	conn.Write(telnet.New(telnet.Config{ComPort: true}).Start(nil))
	in := make([]byte, 1000)
	for {
		n, err := conn.Read(in)
		if err != nil {
			return
		}
		s.take(in[:n])
		conn.Write(telnet.AppendData(s.out, s.data))
		s.out, s.data = nil, nil
	}
}
